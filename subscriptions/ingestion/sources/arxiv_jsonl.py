"""A day of arXiv's listings as JSON Lines: one paper per line.

Keys: id, title, summary, authors [name], categories [term, the primary one first],
comment. A paper may stand there once per category it was announced in.
"""

from __future__ import annotations

from typing import Any

import msgspec

from subscriptions.ingestion import records
from subscriptions.ingestion.reading import Reading, each
from subscriptions.ingestion.records import PaperRecord, Unusable

from .text import json_value, text_of


class _Line(msgspec.Struct):
    id: str
    title: Any = None
    summary: Any = None
    authors: Any = None
    categories: Any = None
    comment: Any = None
    published: Any = None


def _record(numbered: tuple[int, str]) -> PaperRecord:
    number, text = numbered
    value, problem = json_value(text.encode("utf-8", "surrogatepass"))
    if problem:
        raise Unusable(f"Line {number}: {problem[0].lower()}{problem[1:-1]}")
    try:
        row = msgspec.convert(value, _Line)
    except msgspec.ValidationError as error:
        raise Unusable(f"Line {number} is not a paper ({error})") from error
    arxiv_id = records.paper_id(row.id)
    return PaperRecord(
        arxiv_id=arxiv_id,
        source="arxiv",
        title=records.title(row.title, arxiv_id),
        abstract=records.paragraphs(row.summary),
        authors=records.names(row.authors, records.AUTHORS),
        categories=records.categories(
            row.categories if isinstance(row.categories, list) else ()
        ),
        day=records.day(row.published),
        note=records.line(row.comment, records.NOTE),
    )


def read(body: bytes) -> Reading:
    text, problem = text_of(body)
    lines = ((n, row) for n, row in enumerate(text.split("\n"), 1) if row.strip())
    found, rejected = each(lines, _record)
    return Reading("arxiv", found, rejected, problem)
