"""Which format a file is in, told by what it holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from . import records
from .reading import Reading
from .sources import arxiv_atom, arxiv_jsonl, arxiv_oai, arxiv_rss, hf
from .sources.text import looks_like_html, text_of

LARGEST = 200 * 1024 * 1024
# What stands before the root is taken once (?>...): tried in every way, thirty comments
# took minutes.
_ROOT = re.compile(
    r"\s*(?>(?:<\?[^>]*\?>\s*|<!--.*?-->\s*)*)"
    r"<(?:!DOCTYPE\s+)?(?:[\w.-]+:)?([\w.-]+)",
    re.S,
)
_XML: dict[str, Callable[[bytes], Reading]] = {
    "rss": arxiv_rss.read,
    "feed": arxiv_atom.read,
    "OAI-PMH": arxiv_oai.read,
}
_TAKEN = "Hugging Face's JSON, JSON Lines, Atom, RSS and OAI-PMH XML are taken"


def read(body: bytes) -> Reading:
    """Read `body` by its first characters; an unknown format is a problem, no error."""
    head = text_of(body[:4000])[0].lstrip()
    if not head:
        return Reading(problem="It is empty.")
    if looks_like_html(head):
        return Reading(problem=f"It is an HTML page; {_TAKEN}.")
    if head[0] == "<" and (root := _ROOT.match(head)) and root[1] in _XML:
        return _XML[root[1]](body)
    if head[0] == "[":
        return hf.read(body)
    if head[0] == "{":
        return arxiv_jsonl.read(body)
    return Reading(problem=f"It begins with {records.line(head, 30)!r}; {_TAKEN}.")


def read_path(path: Path) -> Reading:
    try:
        if path.stat().st_size > LARGEST:
            return Reading(problem=f"It is larger than {LARGEST >> 20} MB.")
        body = path.read_bytes()
    except OSError as error:
        return Reading(problem=f"It cannot be read: {error.strerror or error}.")
    return read(body)


def day_in_name(path: Path) -> date | None:
    found = re.search(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", path.name)
    return records.day(found[0]) if found else None


def likely_source(path: Path) -> str:
    """The source that a file which cannot be read most likely came from."""
    return (
        "hf" if path.suffix == ".json" and "arxiv" not in path.name.lower() else "arxiv"
    )
