"""The editions of the last days, indexed, as long as this process lives.

A published edition does not change, so its index is made once. Kept are the newest
days of each source and no more: at most a thousand papers an edition, 5 kB each.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from django.db.models import QuerySet

from subscriptions.matching.documents import Document
from subscriptions.matching.index import Index
from subscriptions.matching.language.tree import Author, Leaf, Prefix, Upvotes
from subscriptions.models import Edition, Listing, Source

DAYS = 10
# Terms of a shelf, half a kilobyte each.
_KEPT = 4096


class _Key(NamedTuple):
    """An edition. More than its id: a restored database may give that anew."""

    id: int
    source: str
    day: date
    papers: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Shelf:
    """An edition's papers. `shared`: those that stand on another shelf too, as a
    bitset, so that only these need be told apart when papers are counted. `bits`: as
    the index's; what was asked lately is kept, because filters and the phrases of one
    paper after another ask for the same."""

    source: str
    day: date
    index: Index
    shared: int
    bits: Callable[[Leaf], int]


_lock = threading.Lock()
_indexes: dict[_Key, Index] = {}
_last: tuple[tuple[_Key, ...], tuple[Shelf, ...]] = ((), ())
# Seconds for which nobody looks again whether an edition was published. Pages are asked
# for by the hundred when mail scanners come, and it is a tenth of each.
FRESH = 1.0
_looked: tuple[float, object, tuple[Shelf, ...]] = (-math.inf, None, ())


def shelves(
    days: int = DAYS, until: date | None = None, at_most: int | None = None
) -> tuple[Shelf, ...]:
    """Of each source the published editions of its newest `days` days up to `until`,
    oldest first; samples only while there is nothing else (rounds.md 7).

    What is not known yet is read from the database, 10,000 papers in some seconds;
    who asks meanwhile waits for it. None at all if more than `at_most` papers would
    have to be read. What is published is seen a second later.
    """
    global _looked
    now, asked = time.monotonic(), (days, until)
    at, known, shelved = _looked
    if known != asked or now >= at + FRESH:
        shelved = _as_published(days, until, at_most)
        if shelved:
            _looked = now, asked, shelved
    return shelved


def _as_published(
    days: int, until: date | None, at_most: int | None
) -> tuple[Shelf, ...]:
    global _last
    editions = _newest(days, until)
    keys = tuple(sorted(editions, key=lambda key: (key.day, key.source)))
    unread = sum(key.papers for key in keys if key not in _indexes)
    if at_most is not None and unread > at_most:
        return ()
    with _lock:
        known, shelved = _last
        if keys == known:
            return shelved
        for key in keys:
            if key not in _indexes:
                _indexes[key] = _indexed(_documents(key))
        shelved = tuple(_placed(keys))
        for key in _indexes.keys() - set(keys):
            del _indexes[key]
        _last = (keys, shelved)
        return shelved


def _newest(days: int, until: date | None) -> Iterator[_Key]:
    published = Edition.objects.published().order_by("-day")
    if until is not None:
        published = published.filter(day__lte=until)
    some = _keys(published.real(), _REAL * days + _GAPS)
    by_source = Counter(key.source for key in some)
    for source in filter(_is_real, Source.values):
        if by_source[source] < days and len(some) == _REAL * days + _GAPS:
            # It lists seldom: its newest editions lie further back than the others'.
            yield from _keys(published.filter(source=source), days)
        else:
            yield from [key for key in some if key.source == source][:days]
    if not some:  # else samples are not shown, and need not be asked for
        yield from _keys(published.shown(), days)


def _keys(editions: QuerySet[Edition], most: int) -> list[_Key]:
    return [_Key(*row) for row in editions.values_list(*_Key._fields)[:most]]


def _is_real(source: str) -> bool:
    return source != Source.SAMPLE


_REAL = len(list(filter(_is_real, Source.values)))
# One query is enough where a source misses fewer of the last days than this.
_GAPS = 8


def _indexed(documents: Iterable[Document]) -> Index:
    """What an index puts off until it is first asked is done before a reader waits."""
    index = Index(documents)
    for leaf in (Prefix("aaa"), Author(("a",)), Upvotes(1)):
        index.bits(leaf)
    return index


def _documents(key: _Key) -> Iterator[Document]:
    edition = Edition(id=key.id, source=key.source, day=key.day)
    listings = Listing.objects.filter(edition=edition).order_by("position", "id")
    needed = listings.only("paper_id", "source", "listed_on", "frozen")
    for listing in needed.iterator(chunk_size=500):
        listing.edition = edition
        yield Document.of_listing(listing)


def _placed(keys: Sequence[_Key]) -> Iterator[Shelf]:
    indexes = [_indexes[key] for key in keys]
    times = Counter(entry.paper for index in indexes for entry in index.entries)
    for key, index in zip(keys, indexes, strict=True):
        shared = 0
        for number, entry in enumerate(index.entries):
            if times[entry.paper] > 1:
                shared |= 1 << number
        bits = lru_cache(_KEPT)(index.bits)
        yield Shelf(key.source, key.day, index, shared, bits)
