"""A filter and its neighbours held against the last days, and what is said of it."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_

from subscriptions.matching.documents import Document
from subscriptions.matching.index import numbers
from subscriptions.matching.language import (
    FilterError,
    canonical,
    could_match,
    parse,
    parse_canonical,
    warnings,
)
from subscriptions.matching.language.tree import And, Everything, Leaf, Not, Or, Query
from subscriptions.matching.matcher import Matcher
from subscriptions.matching.ranking import Ranking
from subscriptions.matching.why import Span, explain
from subscriptions.models import Card, Listing

from .changes import NearMiss, Offer, near_misses, offer, phrased, tried
from .shelves import DAYS, Shelf, shelves
from .spellings import spellings

SHOWN = 4
# A paper in five days is nearly nothing; four papers of five are nearly everything.
_NOTHING, _EVERYTHING = 0.2, 0.8
# Volumes, a kilobyte each.
_KEPT = 10_000
_counted: tuple[tuple[Shelf, ...], dict[str, Volume]] = ((), {})


@dataclass(frozen=True, slots=True)
class Volume:
    """Distinct papers on each of the last edition days, oldest first."""

    days: tuple[tuple[date, int], ...]

    @property
    def low(self) -> int:
        return min((papers for _, papers in self.days), default=0)

    @property
    def median(self) -> float:
        return statistics.median([papers for _, papers in self.days] or [0])

    @property
    def high(self) -> int:
        return max((papers for _, papers in self.days), default=0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the papers a filter would have brought, and the places to mark."""

    card: Card
    source: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a filter would have brought over the last edition days.

    `papers`: distinct ones over all days. `newest`: the last day with any, of which
    `samples` are the best and `of_newest` all. `warnings`: sentences.
    """

    volume: Volume
    papers: int
    newest: date | None
    of_newest: int
    samples: tuple[Sample, ...]
    near_misses: tuple[NearMiss, ...]
    offer: Offer | None
    warnings: tuple[str, ...]


def preview(wanted: str | Query, days: int = DAYS) -> Preview:
    """Held against the newest `days` edition days on which it could match anything:
    what Hugging Face has not listed yet counts for no `in:hf`.

    A paper that two sources list on one day counts once. Raises FilterError.
    """
    query = parse(wanted) if isinstance(wanted, str) else wanted
    says_not = isinstance(wanted, str) and re.search(r"\bNOT\b", wanted)
    minus = "NOT " if says_not else "-"
    lately = Lately(shelves(days), query, days)
    volume, papers = lately.volume(query), lately.papers(query)
    newest = max((day for day, count in volume.days if count), default=None)
    phrases = phrased(query)
    as_phrase = [lately.papers(each.query) for each in phrases]
    offered = offer(phrases, as_phrase, papers, minus)
    changes = tried(query, exclusions_only=offered is not None)
    counts = [lately.papers(rest) for _, rest in changes]
    return Preview(
        volume=volume,
        papers=papers,
        newest=newest,
        of_newest=dict(volume.days)[newest] if newest else 0,
        samples=lately.samples(query, newest),
        near_misses=near_misses(changes, counts, papers, len(lately.days), minus),
        offer=offered,
        warnings=(
            *warnings(query),
            *spellings(query, lately.papers, lately.having),
            *_extremes(papers, lately),
        ),
    )


def volumes(
    texts: Iterable[str], until: date | None = None, at_most: int | None = None
) -> list[Volume]:
    """Papers a day of each of these canonical texts, and nothing else, over the days
    up to `until`; with `at_most`, of no days where more papers than that would have to
    be read from the database for it. A text that cannot be read finds nothing."""
    shelved = shelves(DAYS, until, at_most)
    known = _known_of(shelved) if shelved else {}
    found = []
    for text in texts:
        volume = known.get(text)
        if volume is None:
            if len(known) >= _KEPT:
                known.clear()
            volume = known[text] = _volume(shelved, text)
        found.append(volume)
    return found


def _known_of(shelved: tuple[Shelf, ...]) -> dict[str, Volume]:
    """What was counted on these shelves already: readers come back to their filters,
    and the most costly that may be written takes most of a second. What was counted on
    other shelves is forgotten. The pair is read and written as one, so that threads
    need no lock."""
    global _counted
    of, known = _counted
    if of is not shelved:
        known = {}
        _counted = (shelved, known)
    return known


def _volume(shelved: Sequence[Shelf], text: str) -> Volume:
    try:
        query = parse_canonical(text)
    except FilterError:
        return Volume(())
    return Lately(shelved, query, DAYS).volume(query)


def warm_up(days: int = DAYS) -> None:
    """Read what `preview` needs, while its reader still types."""
    shelves(days)


def _extremes(papers: int, lately: Lately) -> list[str]:
    days, everything = len(lately.days), lately.papers(Everything())
    if not everything:
        return []
    if papers <= _NOTHING * days:
        found = f"Nearly nothing: {papers}" if papers else "None"
        return [
            f"{found} of the {everything:,} papers listed then. Fine for a rare name "
            f"or topic; else leave a word out, or add another one with `OR`."
        ]
    if papers >= _EVERYTHING * everything:
        return [
            f"Nearly everything: {papers:,} of {everything:,} papers. A digest shows "
            f"only the best of them; add a word that says what you look for."
        ]
    return []


class Lately:
    """The shelves of the newest days on which a filter could match anything."""

    def __init__(self, shelved: Sequence[Shelf], query: Query, days: int) -> None:
        sources = {shelf.source for shelf in shelved}
        possible = {source for source in sources if could_match(query, source)}
        found = {s.day for s in shelved if s.source in (possible or sources)}
        self.days = sorted(found)[-days:]
        self.shelves = [shelf for shelf in shelved if shelf.day in set(self.days)]

    def papers(self, query: Query) -> int:
        """How many distinct papers there are on all days together."""
        return self.distinct(self.documents(query))

    def distinct(self, documents: Sequence[int]) -> int:
        """How many papers these documents are, a bitset per shelf."""
        return _distinct(zip(self.shelves, documents, strict=True))

    def having(self, leaf: Leaf) -> int:
        """In how many listings what a leaf asks for is. Not kept on the shelves."""
        return sum(shelf.index.bits(leaf).bit_count() for shelf in self.shelves)

    def volume(self, query: Query) -> Volume:
        by_day: dict[date, list[tuple[Shelf, int]]] = {day: [] for day in self.days}
        for shelf, bits in zip(self.shelves, self.documents(query), strict=True):
            by_day[shelf.day].append((shelf, bits))
        return Volume(tuple((day, _distinct(some)) for day, some in by_day.items()))

    def samples(self, query: Query, day: date | None) -> tuple[Sample, ...]:
        """The best of a day as its digest would order and show them, with marks."""
        matcher = Matcher()
        matcher.add(0, canonical(query))
        matches = [matcher.match(s.index) for s in self.shelves if s.day == day]
        wanted = [hit.listing for hit in Ranking(matches).hits(0)[:SHOWN]]
        rows = Listing.objects.select_related("edition").in_bulk(wanted)
        documents = [Document.of_listing(rows[key]) for key in wanted if key in rows]
        return tuple(
            Sample(rows[each.listing].card, each.source, explain(query, each) or ())
            for each in documents
        )

    def documents(self, query: Query) -> list[int]:
        """Per shelf the documents that satisfy the filter, as a bitset."""
        return [_evaluate(query, shelf.bits) for shelf in self.shelves]


def _evaluate(query: Query, bits: Callable[[Leaf], int]) -> int:
    """`bits`: the documents that have what a leaf asks for. A filter always asks for
    something, so what a NOT leaves out is taken from a set and never stands alone."""
    match query:
        case And(operands):
            return reduce(and_, [_evaluate(operand, bits) for operand in operands])
        case Or(operands):
            return reduce(or_, [_evaluate(operand, bits) for operand in operands])
        case Not(operand):
            return ~_evaluate(operand, bits)
    return bits(query)


def _distinct(found: Iterable[tuple[Shelf, int]]) -> int:
    """How many papers these documents are."""
    count, shared = 0, set[int]()
    for shelf, bits in found:
        count += (bits & ~shelf.shared).bit_count()
        entries = shelf.index.entries
        shared.update(entries[number].paper for number in numbers(bits & shelf.shared))
    return count + len(shared)
