"""The papers that filters all but found: what to show a reader who got nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import islice

from subscriptions.matching.documents import Document
from subscriptions.matching.index import numbers
from subscriptions.matching.language import canonical, could_match
from subscriptions.matching.language.tree import (
    And,
    Author,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    join,
)
from subscriptions.matching.matcher import Matcher
from subscriptions.matching.ranking import Hit, Ranking
from subscriptions.matching.why import why_not
from subscriptions.models import Listing

from .changes import loosened
from .shelves import DAYS, Shelf, shelves

# Of a filter of fifty terms only the first changes are tried.
_TRIED = 12


@dataclass(frozen=True, slots=True)
class Near:
    """A paper that one of the filters (by its place) all but found. `missing`: a
    sentence for each term that it lacks, or has and the filter leaves out."""

    filter: int
    listing: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nearest:
    """`papers` distinct ones on `days` days were held against the filters. `matched`:
    one does satisfy a filter, and nothing has been looked for."""

    papers: int
    days: int
    matched: bool
    found: tuple[Near, ...] = ()


@dataclass(frozen=True, slots=True)
class _Weaker:
    """A filter that asks for less. `without`: the terms it does without."""

    filter: int
    query: Query
    without: tuple[Query, ...]


def nearest(
    queries: Sequence[Query],
    most: int = 3,
    days: int = DAYS,
    muted: Sequence[Query] = (),
) -> Nearest:
    """The `most` papers of the newest `days` edition days that come nearest to any of
    the filters: they lack one term of it, or where too few do, two.

    A phrase is a term that can be lacking while its words are there, and so is a
    field. What has a word that the filter leaves out comes last. Of a filter that names
    words or authors some must be there: that a paper is `in:hf` makes it near to none.
    Papers that have what is `muted` are as if they were not there.
    """
    held = _held(queries, days)
    papers = len({entry.paper for shelf in held for entry in shelf.index.entries})
    dates = len({shelf.day for shelf in held})
    asked = [_Weaker(n, query, ()) for n, query in enumerate(queries)]
    unwanted = _papers_with(muted, days)
    if _best(asked, held, 1, unwanted):
        return Nearest(papers, dates, matched=True)
    once = [each for one in asked for each in islice(_weaker(one), _TRIED)]
    best = _best(once, held, most, unwanted)
    if len(best) < most:
        twice = [each for one in once for each in islice(_weaker(one), _TRIED)]
        best |= _best(twice, held, most - len(best), unwanted | best.keys())
    return Nearest(papers, dates, matched=False, found=_near(best))


def _held(queries: Sequence[Query], days: int) -> list[Shelf]:
    """The editions in which one of the filters could find anything."""
    shelved = shelves(days)
    possible = {
        source
        for source in {shelf.source for shelf in shelved}
        if any(could_match(query, source) for query in queries)
    }
    return [shelf for shelf in shelved if shelf.source in possible]


def _weaker(one: _Weaker) -> Iterator[_Weaker]:
    names = _names_something(one.query)
    for term, rest in (*loosened(one.query), *_softened(one.query)):
        if _names_something(rest) or not names:
            yield _Weaker(one.filter, rest, (*one.without, term))


def _names_something(query: Query) -> bool:
    """Does whatever satisfies it have a word or an author that it asks for?"""
    match query:
        case And(operands):
            return any(map(_names_something, operands))
        case Or(operands):
            return all(map(_names_something, operands))
    return isinstance(query, Phrase | Prefix | Author)


def _softened(query: Query) -> Iterator[tuple[Query, Query]]:
    """(a term, the filter with less of it): a phrase as words apart, a field as
    either; at any depth outside of NOT."""
    match query:
        case And(operands) | Or(operands):
            for at, operand in enumerate(operands):
                for term, less in _softened(operand):
                    others = [*operands[:at], less, *operands[at + 1 :]]
                    yield term, join(type(query), others)
        case Phrase(words, field) if len(words) > 1:
            yield query, join(And, [Phrase((word,), field) for word in words])
        case Phrase() | Prefix() if query.field:
            yield query, replace(query, field="")


def _papers_with(muted: Sequence[Query], days: int) -> set[int]:
    """The papers of which any listing has what one of these asks for."""
    matcher, papers = Matcher(), set[int]()
    for key, query in enumerate(muted):
        matcher.add(key, canonical(query))
    for shelf in shelves(days) if muted else ():
        matches = matcher.match(shelf.index)
        for key in matches.filters():
            some = numbers(matches.documents(key))
            papers.update(shelf.index.entries[number].paper for number in some)
    return papers


def _near(best: Mapping[int, tuple[int, _Weaker]]) -> tuple[Near, ...]:
    rows = Listing.objects.select_related("edition", "paper")
    listings = rows.in_bulk([listing for listing, _ in best.values()])
    return tuple(
        Near(each.filter, listing, _missing(each, listings[listing]))
        for listing, each in best.values()
        if listing in listings
    )


def _best(
    weaker: Sequence[_Weaker], held: Sequence[Shelf], most: int, unwanted: Set[int]
) -> dict[int, tuple[int, _Weaker]]:
    """The best papers of these filters, but for those that are not wanted: of each the
    listing that was found, and the filter that found it."""
    matcher = Matcher()
    for key, each in enumerate(weaker):
        matcher.add(key, canonical(each.query))
    ranking = Ranking([matcher.match(shelf.index) for shelf in held])
    hits = sorted(
        (_leaves_out(each), -hit.score, hit.listing, hit.paper, key)
        for key, each in enumerate(weaker)
        for hit in islice(_wanted(ranking.hits(key), unwanted), most)
    )
    by_paper: dict[int, tuple[int, _Weaker]] = {}
    for *_, listing, paper, key in hits:
        by_paper.setdefault(paper, (listing, weaker[key]))
    return dict(islice(by_paper.items(), most))


def _wanted(hits: Iterable[Hit], unwanted: Set[int]) -> Iterator[Hit]:
    return (hit for hit in hits if hit.paper not in unwanted)


def _leaves_out(weaker: _Weaker) -> int:
    """How many of its terms stand with a NOT."""
    return sum(isinstance(term, Not) for term in weaker.without)


def _missing(weaker: _Weaker, listing: Listing) -> tuple[str, ...]:
    document = Document.of_listing(listing)
    *earlier, last = weaker.without
    # Of a phrase set apart and one of its words, the word says it all.
    terms = [term for term in earlier if not _is_of(last, term)]
    said = (why_not(term, document) for term in (*terms, last))
    return tuple(dict.fromkeys(filter(None, said)))


def _is_of(word: Query, phrase: Query) -> bool:
    return (
        isinstance(word, Phrase)
        and isinstance(phrase, Phrase)
        and set(word.words) < set(phrase.words)
    )
