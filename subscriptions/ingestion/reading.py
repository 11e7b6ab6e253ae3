"""What one answer or file of a source held: records, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from .records import PaperRecord, Unusable

T = TypeVar("T")
# A hostile list may hold millions of unusable items: a sentence each takes gigabytes.
_TOLD, AND_SO_ON = 1_000, "Another item is unusable too."


@dataclass(frozen=True, slots=True)
class Reading:
    """`rejected`: a sentence per unusable item. `problem`: why the answer is not whole
    ("" if it is). `notes`: what else the operator should know. `day`: the list's own.
    `by_version`: the list is not an announcement; only the age of a paper's first
    version tells whether it is new (rounds.md 2).
    """

    source: str = ""
    records: tuple[PaperRecord, ...] = ()
    rejected: tuple[str, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    day: date | None = None
    by_version: bool = False


def each(
    items: Iterable[T], read: Callable[[T], PaperRecord | None]
) -> tuple[tuple[PaperRecord, ...], tuple[str, ...]]:
    """(records, rejections): one bad item costs that item only."""
    records: list[PaperRecord] = []
    rejected: list[str] = []
    for item in items:
        try:
            record = read(item)
        except Unusable as error:
            rejected.append(f"{error}." if len(rejected) < _TOLD else AND_SO_ON)
        else:
            if record is not None:
                records.append(record)
    return tuple(records), tuple(rejected)
