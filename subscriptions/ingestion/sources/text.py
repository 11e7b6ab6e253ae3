"""Bytes from strangers to JSON values and XML elements, without surprises."""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from subscriptions.ingestion.records import line

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HTML = re.compile(r"\s*(<!--.*?-->\s*)?<(!doctype\s+html|html)\b", re.I | re.S)
NOT_UTF8 = "It is not valid UTF-8; unreadable letters were replaced."


def text_of(body: bytes) -> tuple[str, str]:
    """(text, problem): UTF-8 or, by its byte order mark, UTF-16."""
    encoding = "utf-16" if body.startswith(_WIDE) else "utf-8-sig"
    try:
        return body.decode(encoding), ""
    except UnicodeDecodeError:
        return body.decode(encoding, "replace"), NOT_UTF8


def looks_like_html(text: str) -> bool:
    return _HTML.match(text[:2000]) is not None


def json_value(body: bytes) -> tuple[Any, str]:
    """(value, problem). The value is None where there is none or it is `null`."""
    text, problem = text_of(body)
    if not text.strip():
        return None, "It is empty."
    if looks_like_html(text):
        return None, "It is an HTML page where a JSON list of papers belongs."
    try:
        return msgspec.json.decode(text), problem
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass
    try:  # the standard library lets lone surrogates pass: no other one takes them
        value = json.dumps(json.loads(text), ensure_ascii=False)
        return json.loads(value.encode(errors="ignore")), problem
    except (ValueError, RecursionError) as error:
        return None, f"It is not whole JSON ({line(str(error), 120)})."


class Elements:
    """The elements of an XML document called `wanted`, one at a time.

    After the loop `root` is the document's outermost element without what was already
    handed out, and `problem` says why the document ended early, if it did. Entities
    and DTDs are refused; an element handed out is emptied afterwards, so that memory
    does not grow with the document.
    """

    def __init__(self, body: bytes, wanted: str) -> None:
        self.body = body
        self.wanted = wanted
        self.root: Element | None = None
        self.problem = ""

    def __iter__(self) -> Iterator[Element]:
        source = io.BytesIO(self.body.lstrip())
        try:
            for event, element in iterparse(source, ("start", "end"), forbid_dtd=True):
                if event == "start":
                    self.root = element if self.root is None else self.root
                elif local(element) == self.wanted:
                    yield element
                    element.clear()
        except DefusedXmlException:
            self.problem = "It declares a document type or entities, which is refused."
        except (ParseError, ValueError, LookupError) as error:
            self.problem = f"It is not whole XML ({line(str(error), 120)})."


def local(element: Element) -> str:
    """The tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element | None, name: str) -> Element | None:
    return next(children(element, name), None)


def children(element: Element | None, name: str) -> Iterator[Element]:
    return (
        each for each in (element if element is not None else ()) if local(each) == name
    )


def inside(element: Element | None, name: str) -> str:
    """The text of the child called `name`, "" if there is none."""
    found = child(element, name)
    return "".join(found.itertext()) if found is not None else ""
