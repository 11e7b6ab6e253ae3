"""Records -> papers: one row per work, with the fields of every source that told of it.

Storing the same again changes nothing, in whatever order the sources come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

from django.db import transaction

from subscriptions.models import Card, Paper

from .lock import alone
from .records import PaperRecord

Normalise = Callable[[Card], tuple[str, str, str]]
"""A paper -> (title words, abstract words, facts): the text that search reads."""

# What is of the work itself, and arXiv knows best; what only Hugging Face's list has.
WORK = ("title", "abstract", "authors", "categories", "day", "note")
LIST = (
    "upvotes",
    "comments",
    "code_url",
    "project_url",
    "organisation",
    "submitter",
    "summary",
    "keywords",
)
SHOWN = attrgetter(*WORK, *LIST)
_READ = attrgetter(*WORK, "code_url")  # what search could read
_SEARCH = ("title_words", "abstract_words", "facts")
_WRITTEN = (*WORK, *LIST, "as_of", *_SEARCH, "updated_at")
_UNDATED = date.min  # older than any day: fills what is empty, overwrites nothing


@dataclass(frozen=True, slots=True)
class Stored:
    """`seen` distinct ids, `new` papers created, `updated` papers of which a value
    that is shown changed; `papers`: primary key by arXiv id."""

    seen: int
    new: int
    updated: int
    papers: dict[str, int]


def store(records: Iterable[PaperRecord], normalise: Normalise) -> Stored:
    """Merge `records` into the papers, in one transaction."""
    by_id: dict[str, list[PaperRecord]] = {}
    for record in sorted(records, key=lambda each: each.listed_on or _UNDATED):
        by_id.setdefault(record.arxiv_id, []).append(record)
    changed: list[Paper] = []
    new = updated = 0
    with transaction.atomic():
        alone()
        known = Paper.objects.in_bulk(list(by_id), field_name="arxiv_id")
        for arxiv_id in sorted(by_id):
            paper = known.get(arxiv_id) or Paper(arxiv_id=arxiv_id)
            before, read, as_of = SHOWN(paper), _READ(paper), paper.as_of
            for record in by_id[arxiv_id]:
                _merge(paper, record)
            if _READ(paper) != read:
                paper.title_words, paper.abstract_words, paper.facts = normalise(
                    paper.card()
                )
            if paper.pk is None:
                new += 1
            elif SHOWN(paper) != before:
                updated += 1
            elif paper.as_of == as_of:
                continue
            paper.pk = None  # the arXiv id alone decides whether a row is there
            changed.append(paper)
        Paper.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["arxiv_id"],
            update_fields=_WRITTEN,
            batch_size=500,
        )
        rows = Paper.objects.in_bulk(list(by_id), field_name="arxiv_id")
    papers = {arxiv_id: paper.pk for arxiv_id, paper in rows.items()}
    return Stored(len(by_id), new, updated, papers)


def _merge(paper: Paper, record: PaperRecord) -> None:
    """Take what `record` says better than what is stored.

    Nothing empty overwrites; nothing of an older day does; and of the work itself
    what arXiv said stays, whichever source came first.
    """
    told = (record.listed_on or _UNDATED).isoformat()
    older = told < paper.as_of.get(record.source, "")
    yields = record.source != "arxiv" and "arxiv" in paper.as_of
    for name in (*WORK, *LIST):
        value = getattr(record, name)
        kept = getattr(paper, name)
        if _empty(value) or (not _empty(kept) and (older or (yields and name in WORK))):
            continue
        setattr(paper, name, list(value) if isinstance(value, tuple) else value)
    if not older:
        paper.as_of = paper.as_of | {record.source: told}


def _empty(value: Any) -> bool:
    """No text, no names, no date; a count of 0 is a value."""
    return value is None or (not isinstance(value, int) and not value)
