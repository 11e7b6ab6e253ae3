"""Filters made from a paper: what brings more like it, and what would leave it out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.conf import settings

from subscriptions.matching.documents import Document
from subscriptions.matching.index import numbers
from subscriptions.matching.language import QUOTES, FilterError, canonical, parse
from subscriptions.matching.language.tree import (
    And,
    Category,
    Everything,
    Not,
    Phrase,
    Query,
    asked_for,
    join,
)

from .counting import Lately, Volume
from .phrases import phrases
from .shelves import DAYS, Shelf, shelves
from .wording import written

AUTHORS, PHRASES, EXCLUSIONS = 3, 3, 2
SHOWN = 3  # titles of what an exclusion would have dropped
# An exclusion that drops more of a filter's papers than this is another filter.
_MOST = 0.5
# Papers of which phrases and offers are kept, and filters with what is said of them.
_KEPT, _FILTERS = 2000, 50
_NO_SIGNS = str.maketrans(dict.fromkeys(QUOTES + ",*", " "))


@dataclass(frozen=True, slots=True)
class Alike:
    """A filter that brings more like a paper. `kind`: author, phrase or category;
    `text` as a reader would write it; `volume`: papers a day lately."""

    kind: str
    text: str
    canonical: str
    volume: Volume


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a filter would be without papers that say `term`: `text` is the filter.

    Of `papers` over the last `days` days it would have dropped `dropped`, of which
    `titles` are the newest.
    """

    term: str
    text: str
    days: int
    papers: int
    dropped: int
    titles: tuple[str, ...] = ()


class _Made(NamedTuple):
    """`phrases`: each with the documents that have it, a bitset per shelf; `less`: what
    was answered for a filter as it is written, and its way of writing NOT."""

    phrases: tuple[tuple[Phrase, dict[tuple[str, date], int]], ...]
    alike: tuple[Alike, ...]
    less: dict[tuple[str, str], list[Exclusion]]


# Every reader of a paper asks the same; what was made is good as long as the shelves.
_kept: tuple[tuple[Shelf, ...], dict[Document, _Made]] = ((), {})


class Tuning:
    """What one paper offers its reader, held against the last edition days."""

    def __init__(self, document: Document) -> None:
        self._shelves = shelves(DAYS)
        self._made = _made(document, self._shelves)

    @property
    def more(self) -> tuple[Alike, ...]:
        """Filters of the first authors, of the rarest phrases, and of the category."""
        return self._made.alike

    def less(self, filters: Iterable[tuple[Query, str]]) -> list[list[Exclusion]]:
        """What each of these filters, which find the paper, could leave out so that it
        does not: at most two of the paper's phrases, none that it asks for itself.

        `filters`: each with how its reader writes NOT, "-" or "NOT ".
        """
        # Equal filters may be written differently, and each reader sees their own.
        return [
            self._less(query, written(query, minus), minus) for query, minus in filters
        ]

    def _less(self, query: Query, text: str, minus: str) -> list[Exclusion]:
        known = self._made.less
        some = known.get((text, minus))
        if some is None:
            some = list(self._left_out(query, minus))
            if len(known) < _FILTERS:
                known[text, minus] = some
        return some

    def _left_out(self, query: Query, minus: str) -> Iterator[Exclusion]:
        lately = Lately(self._shelves, query, DAYS)
        found = lately.documents(query)
        papers = lately.distinct(found)
        asked = {w for leaf in asked_for(query) for w in getattr(leaf, "words", ())}
        places = EXCLUSIONS
        for phrase, having in self._made.phrases:
            bits = [
                some & having[shelf.source, shelf.day]
                for shelf, some in zip(lately.shelves, found, strict=True)
            ]
            dropped = lately.distinct(bits)
            if dropped > _MOST * papers or asked & set(phrase.words):
                continue
            if not (text := without(query, phrase, minus)):
                continue
            term, titles = written(phrase), _newest(lately, bits)
            yield Exclusion(term, text, len(lately.days), papers, dropped, titles)
            places -= 1
            if not places:
                return


def without(query: Query, term: Query, minus: str = "-") -> str:
    """The filter's text with `term` left out; "" if it gets too long or deep."""
    text = written(join(And, [query, Not(term)]), minus)
    try:
        parse(text)
    except FilterError:
        return ""
    return text


def _made(document: Document, shelved: tuple[Shelf, ...]) -> _Made:
    global _kept
    if _kept[0] is not shelved or len(_kept[1]) > _KEPT:
        _kept = (shelved, {})
    known = _kept[1]
    made = known.get(document)
    if made is None:
        best = phrases(document, shelved, PHRASES)
        having = [
            {(s.source, s.day): s.bits(phrase) for s in shelved} for phrase in best
        ]
        pairs = tuple(zip(best, having, strict=True))
        made = known[document] = _Made(
            pairs, tuple(_alike(document, best, shelved)), {}
        )
    return made


def _alike(
    document: Document, best: Sequence[Phrase], shelved: Sequence[Shelf]
) -> list[Alike]:
    wanted = [("author", _by(name)) for name in document.authors[:AUTHORS]]
    wanted += [("phrase", written(each)) for each in best]
    for name in document.categories[:1]:
        wanted.append(("category", written(Category(name.lower(), name))))
    found: dict[str, Alike] = {}
    lately = Lately(shelved, Everything(), DAYS)  # none of them is of one source only
    for kind, text in wanted:
        try:
            query = parse(text)
        except FilterError:
            continue  # a name without a letter, say
        key = canonical(query)
        if key not in found:
            found[key] = Alike(kind, text, key, lately.volume(query))
    return list(found.values())


def _by(name: str) -> str:
    """The filter of an author, as a reader writes it: without the signs that mean
    something in a filter, as in "Sample, Jr." or a list's "Ada Sample*"."""
    plain = " ".join(name.translate(_NO_SIGNS).split())
    return f'author:"{plain[: settings.FILTER_LENGTH // 2]}"'


def _newest(lately: Lately, bits: Sequence[int]) -> tuple[str, ...]:
    """Of the newest of these documents, a bitset per shelf, the titles."""
    titles: dict[int, str] = {}  # by paper
    for shelf, some in reversed(list(zip(lately.shelves, bits, strict=True))):
        for number in numbers(some):
            entry = shelf.index.entries[number]
            titles.setdefault(entry.paper, entry.title)
        if len(titles) >= SHOWN:
            break
    return tuple(titles.values())[:SHOWN]
