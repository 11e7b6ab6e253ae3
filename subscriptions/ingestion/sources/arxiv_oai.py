"""OAI-PMH 2.0 answers (openarchives.org/OAI/openarchivesprotocol.html) of arXiv:
its own formats `arXiv` and `arXivRaw`, and `oai_dc`.

A record's datestamp is its last change, so what is new is told by the first version.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from subscriptions.ingestion import records
from subscriptions.ingestion.reading import Reading, each
from subscriptions.ingestion.records import PaperRecord, Unusable

from .text import Elements, child, children, inside, local

_OWN = re.compile(r"\s*oai:arxiv\.org:(\S+)\s*", re.I)
_AND = re.compile(r",\s*(?:and\s+)?|\s+and\s+")
_AFFILIATION = re.compile(r"\s*\([^()]*\)")


def _texts(metadata: Element, name: str) -> list[str]:
    return ["".join(each.itertext()) for each in children(metadata, name)]


def _called(author: Element) -> str:
    """`forenames keyname suffix`; a collaboration's keyname may be a lone colon."""
    parts = (inside(author, part) for part in ("forenames", "keyname", "suffix"))
    return " ".join(part.strip() for part in parts if part.strip(" :"))


def _turned(creator: str) -> str:
    """Dublin Core's `Sample, Ann B.` as `Ann B. Sample`."""
    family, comma, given = creator.partition(",")
    return f"{given.strip()} {family.strip()}" if comma else creator


def _arxiv(arxiv_id: str, metadata: Element) -> PaperRecord:
    people = children(child(metadata, "authors"), "author")
    return PaperRecord(
        arxiv_id=arxiv_id,
        source="arxiv",
        title=records.title(inside(metadata, "title"), arxiv_id),
        abstract=records.paragraphs(inside(metadata, "abstract")),
        authors=records.names(map(_called, people), records.AUTHORS),
        categories=records.categories(inside(metadata, "categories").split()),
        day=records.day(inside(metadata, "created")),
        note=records.line(inside(metadata, "comments"), records.NOTE),
    )


def _arxiv_raw(arxiv_id: str, metadata: Element) -> PaperRecord:
    # On one line: both patterns take the square of the length of a run of blanks.
    named = " ".join(inside(metadata, "authors").split())
    people = _AND.split(_AFFILIATION.sub("", named))
    dates = [
        records.day(inside(each, "date").strip())
        for each in children(metadata, "version")
    ]
    return PaperRecord(
        arxiv_id=arxiv_id,
        source="arxiv",
        title=records.title(inside(metadata, "title"), arxiv_id),
        abstract=records.paragraphs(inside(metadata, "abstract")),
        authors=records.names(people, records.AUTHORS),
        categories=records.categories(inside(metadata, "categories").split()),
        day=min((each for each in dates if each), default=None),
        note=records.line(inside(metadata, "comments"), records.NOTE),
    )


def _dublin_core(arxiv_id: str, metadata: Element) -> PaperRecord:
    texts = [text.strip() for text in _texts(metadata, "description")]
    notes = [text for text in texts if text.startswith("Comment:")]
    abstracts = [text for text in texts if not text.startswith("Comment:")]
    people = map(_turned, _texts(metadata, "creator"))
    dates = filter(None, map(records.day, _texts(metadata, "date")))
    return PaperRecord(
        arxiv_id=arxiv_id,
        source="arxiv",
        title=records.title(inside(metadata, "title"), arxiv_id),
        abstract=records.paragraphs(abstracts[0] if abstracts else ""),
        authors=records.names(people, records.AUTHORS),
        day=min(dates, default=None),
        note=records.line(
            notes[0].removeprefix("Comment:") if notes else "", records.NOTE
        ),
    )


_FORMATS = {"arXiv": _arxiv, "arXivRaw": _arxiv_raw, "dc": _dublin_core}


def _record(record: Element) -> PaperRecord | None:
    """None for a record marked deleted: there is nothing in it to store."""
    header = child(record, "header")
    if header is not None and header.get("status") == "deleted":
        return None
    given = inside(header, "identifier")
    own = _OWN.fullmatch(given)
    arxiv_id = records.paper_id(own[1] if own else given.strip())
    wrapped = child(record, "metadata")
    for metadata in wrapped if wrapped is not None else ():
        if form := _FORMATS.get(local(metadata)):
            return form(arxiv_id, metadata)
    raise Unusable(f"{arxiv_id} is in none of the formats arXiv, arXivRaw and oai_dc")


def read(body: bytes) -> Reading:
    items = Elements(body, "record")
    deleted = 0

    def counted(record: Element) -> PaperRecord | None:
        nonlocal deleted
        found = _record(record)
        deleted += found is None
        return found

    found, rejected = each(items, counted)
    notes = (
        [f"{deleted} records are marked deleted; nothing was stored."]
        if deleted
        else []
    )
    pages = items.root if items.root is not None else ()
    if any(inside(each, "resumptionToken").strip() for each in pages):
        notes.append(
            "The answer has further pages (resumptionToken), not in this file."
        )
    problem = items.problem or _complaint(
        items.root, bool(found or rejected or deleted)
    )
    return Reading("arxiv", found, rejected, problem, tuple(notes), by_version=True)


def _complaint(root: Element | None, any_records: bool) -> str:
    """What the repository says went wrong; that nothing matched is no error."""
    error = child(root, "error")
    code = error.get("code", "") if error is not None else ""
    if code == "noRecordsMatch" or any_records:
        return ""
    if error is not None:
        said = records.line("".join(error.itertext()), 200)
        return f"The repository answered {code or 'an error'}{said and f': {said}'}."
    if child(root, "ListRecords") is not None or child(root, "GetRecord") is not None:
        return ""
    return "It holds no records; ListRecords with metadataPrefix=arXiv does."
