"""arXiv's API: an Atom feed of papers, https://info.arxiv.org/help/api/user-manual.html.

It is a search, not an announcement: what is new is told by the first version's date.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from subscriptions.ingestion import records
from subscriptions.ingestion.reading import Reading, each
from subscriptions.ingestion.records import PaperRecord, Unusable

from .text import Elements, child, children, inside

_ENTRY = re.compile(r"https?://(?:export\.)?arxiv\.org/abs/(\S+)", re.I)
_ERROR = "/api/errors"
_SAYS = "arXiv's API says:"


def _record(entry: Element) -> PaperRecord:
    given = inside(entry, "id").strip()
    if _ERROR in given:
        raise Unusable(f"{_SAYS} {records.line(inside(entry, 'summary'), 200)}")
    named = _ENTRY.fullmatch(given)
    arxiv_id = records.paper_id(named[1] if named else given)
    primary = child(entry, "primary_category")
    terms = [each.get("term") for each in children(entry, "category")]
    first = primary.get("term") if primary is not None else None
    people = (inside(author, "name") for author in children(entry, "author"))
    return PaperRecord(
        arxiv_id=arxiv_id,
        source="arxiv",
        title=records.title(inside(entry, "title"), arxiv_id),
        abstract=records.paragraphs(inside(entry, "summary")),
        authors=records.names(people, records.AUTHORS),
        categories=records.categories([first, *terms]),
        day=records.day(inside(entry, "published")),
        note=records.line(inside(entry, "comment"), records.NOTE),
    )


def read(body: bytes) -> Reading:
    entries = Elements(body, "entry")
    found, rejected = each(entries, _record)
    problem = entries.problem
    total = inside(entries.root, "totalResults").strip()
    if (
        not problem
        and not found
        and len(rejected) == 1
        and rejected[0].startswith(_SAYS)
    ):
        problem, rejected = rejected[0], ()
    elif not problem and not found and not rejected and total not in {"", "0"}:
        problem = f"It says {total[:12]} results and holds none."
    return Reading("arxiv", found, rejected, problem, by_version=True)
