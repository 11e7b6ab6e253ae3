"""A stranger's bytes as a message, within bounds; its headers and parts as text.

The standard parser takes nearly anything, but it recurses into what is nested and its
accessors raise many kinds of errors on broken headers. Here each gives "" instead.
"""

from __future__ import annotations

import binascii
import email
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator
from email import policy
from email.message import Message
from itertools import islice

# A report stands before the mail it returns, and ours have at most a quarter of this.
LOOKED_AT = 500_000  # bytes
_CONTAINERS = 200  # "multipart/" and "message/" in all of it
_BOUNDARIES = 1_000  # lines that may begin a part
_COMPARED = 2_000_000  # lines with the boundaries they may lie within
_PARTS = 200
_LINE = 4_000  # characters of a field
_TYPE = 1_000  # of a Content-Type, whose parameters cost their length squared
_BLOCKS = 2_000  # recipients of one report

Fields = dict[str, str]
_CONTAINER = re.compile(rb"(?:multipart|message)/", re.IGNORECASE)
_FIELD = re.compile(r"([!-9;-~]{1,100}):[ \t]*(.*)", re.DOTALL)


def opened(raw: bytes) -> Message | None:
    """The message of the first LOOKED_AT bytes; None if it is nested beyond reason."""
    raw = raw[:LOOKED_AT]
    containers = sum(1 for _ in islice(_CONTAINER.finditer(raw), _CONTAINERS + 1))
    if containers > _CONTAINERS or raw.count(b"\n--") > _BOUNDARIES:
        return None
    if containers * raw.count(b"\n") > _COMPARED:
        return None
    try:
        return email.message_from_bytes(raw, policy=_Bounded())
    except RecursionError:
        return None


class _Bounded(policy.Compat32):
    """The standard policy; of a Content-Type it keeps what is within bounds."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_TYPE] if name.lower() == "content-type" else value


def header(message: Message, name: str) -> str:
    """The header on one line, "" without it; the first where there are several."""
    try:
        return _plain(str(message.get(name, "")))
    except Exception:  # of many kinds, on broken encodings
        return ""


def headers(message: Message, *names: str) -> list[str]:
    """All values of these headers."""
    wanted = {name.lower() for name in names}
    return [
        _plain(str(value))
        for name, value in message._headers  # type: ignore[attr-defined]
        if str(name).lower() in wanted
    ][:_PARTS]


def content_type(part: Message) -> str:
    try:
        return part.get_content_type()
    except Exception:  # of many kinds, on broken parameters
        return "text/plain"


def parameter(part: Message, name: str) -> str:
    """A parameter of the Content-Type, lower case."""
    try:
        return str(part.get_param(name, "")).lower()
    except Exception:  # of many kinds, on broken parameters
        return ""


def parts(message: Message) -> Iterator[Message]:
    """The message and its parts, outermost first, without what is in a part that is a
    message itself: what a returned mail holds, its sender wrote."""
    waiting = [message]
    for _ in range(_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        yield part
        payload = _payload(part)
        if content_type(part).startswith("multipart/") and isinstance(payload, list):
            waiting.extend(reversed([p for p in payload if isinstance(p, Message)]))


def text_of(part: Message) -> str:
    """What a part holds, decoded as well as may be."""
    payload = _payload(part)
    if isinstance(payload, list):
        text = "\n".join(_source(each) for each in payload[:_BLOCKS])
    else:
        text = str(payload)
    octets = text.encode("utf-8", "surrogateescape")
    encoding = header(part, "Content-Transfer-Encoding").lower()
    try:
        if encoding == "base64":
            octets = b64decode(octets)
        elif encoding == "quoted-printable":
            octets = quopri.decodestring(octets)
    except (binascii.Error, ValueError):
        pass  # not what it says it is
    return decoded(octets)


def decoded(octets: bytes) -> str:
    """UTF-8 if it is, else one character a byte: nothing that is looked for is lost."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def blocks(text: str) -> list[Fields]:
    """Groups of header-like fields, separated by blank lines; names in lower case."""
    found: list[Fields] = []
    fields: Fields = {}
    last = ""
    for line in text.splitlines():
        if not line.strip():
            if fields:
                found.append(fields)
            if len(found) >= _BLOCKS:
                return found
            fields, last = {}, ""
        elif line[0] in " \t":
            if last and len(fields[last]) < _LINE:
                fields[last] += " " + line.strip()[:_LINE]
        elif matched := _FIELD.match(line[:_LINE]):
            last = matched[1].lower()
            fields.setdefault(last, matched[2].strip())
    return [*found, fields] if fields else found


def _payload(part: Message) -> object:
    """Its parts, or its text by the charset that it names, as far as there is one."""
    try:
        return part.get_payload()
    except Exception:  # of many kinds, as of a NUL in a charset's name
        return part._payload  # type: ignore[attr-defined]


def _source(part: object) -> str:
    """A nested message as it was written, its headers and its text."""
    if not isinstance(part, Message):
        return str(part)
    lines = [f"{name}: {value}" for name, value in part._headers]  # type: ignore[attr-defined]
    payload = _payload(part)
    rest = payload if isinstance(payload, str) else ""
    return "\n".join([*lines, "", rest])


def _plain(text: str) -> str:
    octets = text.encode("utf-8", "surrogateescape")
    return " ".join(decoded(octets).split())[:_LINE]
