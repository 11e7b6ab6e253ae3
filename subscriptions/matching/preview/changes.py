"""The filters next to a filter: one term less, or its words as a phrase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from django.conf import settings

from subscriptions.matching.language.tree import (
    And,
    Not,
    Or,
    Phrase,
    Query,
    is_positive,
    join,
)

from .wording import written

# Of a filter of fifty terms only the first ones are left out by way of trial.
TRIED = 8
SAID = 3  # near-misses
# A filter that brings more than this a day needs no advice on how to bring more, and
# advice that brings that much more is none.
FEW_A_DAY, MANY_A_DAY = 1, 5
# An exclusion is worth a line from this share of what the filter brings.
_COST = 0.05
# The words bring much more than the phrase; the phrase is the better guess.
_MUCH, _HALF = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One term less: `text` is the filter without `term` (as written, with its NOT).

    `more`: papers over all days that it would bring besides.
    """

    text: str
    term: str
    excludes: bool
    more: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Bare words as a phrase: `text` is the filter with `phrase` in it.

    `papers` and `as_phrase` over all days. `chosen`: the phrase is under half, so it
    is the suggestion rather than a possibility.
    """

    text: str
    phrase: str
    papers: int
    as_phrase: int
    chosen: bool


# --- one term less -----------------------------------------------------------------
def loosened(query: Query) -> Iterator[tuple[Query, Query]]:
    """(what is left out, the rest), where the rest still asks for something.

    One operand of an AND at a time, at any depth outside of NOT.
    """
    match query:
        case And(operands):
            for at, operand in enumerate(operands):
                rest = [*operands[:at], *operands[at + 1 :]]
                if any(map(is_positive, rest)):
                    yield operand, join(And, rest)
            yield from _within(And, operands)
        case Or(operands):
            yield from _within(Or, operands)


def _within(
    kind: type[And] | type[Or], operands: Sequence[Query]
) -> Iterator[tuple[Query, Query]]:
    for at, operand in enumerate(operands):
        for term, rest in loosened(operand):
            yield term, join(kind, [*operands[:at], rest, *operands[at + 1 :]])


def tried(query: Query, exclusions_only: bool) -> list[tuple[Query, Query]]:
    """The first of `loosened`, exclusions before all others, or alone: who is offered
    something narrower need not hear of what is broader."""
    changes = sorted(loosened(query), key=lambda each: not isinstance(each[0], Not))
    if exclusions_only:
        changes = [each for each in changes if isinstance(each[0], Not)]
    return changes[:TRIED]


def near_misses(
    changes: Sequence[tuple[Query, Query]],
    counts: Sequence[int],
    papers: int,
    days: int,
    minus: str,
) -> tuple[NearMiss, ...]:
    """What is worth saying of `changes`, which bring `counts` papers over `days`
    while the filter brings `papers`. The smallest change first."""
    found = []
    for (term, rest), count in zip(changes, counts, strict=True):
        more, excludes = count - papers, isinstance(term, Not)
        worth = (
            more > _COST * papers
            if excludes
            else papers <= FEW_A_DAY * days and 0 < more <= MANY_A_DAY * days
        )
        text = written(rest, minus)
        if worth and len(text) <= settings.FILTER_LENGTH:
            found.append(NearMiss(text, written(term, minus), excludes, more))
    return tuple(sorted(found, key=lambda each: (not each.excludes, each.more))[:SAID])


# --- words as a phrase -------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Phrased:
    """The filter with some of its words as `phrase`; `whole`: with all of the run."""

    query: Query
    phrase: Phrase
    whole: bool


def phrased(query: Query) -> list[Phrased]:
    """The two or three bare words of the filter, if it has so many, as phrases.

    First all of them; of three also the first and the last two.
    """
    match query:
        case And(operands):
            return _joined(operands)
        case Or(operands):
            for at, operand in enumerate(operands):
                if found := phrased(operand):
                    before, after = operands[:at], operands[at + 1 :]
                    return [
                        Phrased(
                            join(Or, [*before, each.query, *after]),
                            each.phrase,
                            each.whole,
                        )
                        for each in found
                    ]
    return []


def _joined(operands: Sequence[Query]) -> list[Phrased]:
    """Of the operands of an AND; none where other terms stand between the words."""
    places = [at for at, operand in enumerate(operands) if _is_bare(operand)]
    run = [operand for operand in operands if _is_bare(operand)]
    apart = bool(places) and places[-1] - places[0] >= len(places)
    if len(run) not in {2, 3} or apart or len({word.field for word in run}) > 1:
        return []
    cuts = [(0, 2)] if len(run) == 2 else [(0, 3), (0, 2), (1, 3)]
    found = []
    for start, end in cuts:
        some = run[start:end]
        phrase = Phrase(
            tuple(word for each in some for word in each.words),
            some[0].field,
            " ".join(each.written or each.words[0] for each in some),
        )
        before, after = operands[: places[0] + start], operands[places[0] + end :]
        whole = join(And, [*before, phrase, *after])
        found.append(Phrased(whole, phrase, (start, end) == (0, len(run))))
    return found


def _is_bare(query: Query) -> TypeGuard[Phrase]:
    return isinstance(query, Phrase) and len(query.words) == 1


def offer(
    candidates: Sequence[Phrased], counts: Sequence[int], papers: int, minus: str
) -> Offer | None:
    """The phrase worth offering, if the words bring much more than it.

    Where two of three words nearly always stand together ("language model" of
    `language model agent`), they are the phrase already and the third is a word of
    its own: nothing is offered.
    """
    known = list(zip(candidates, counts, strict=True))
    for each, count in known:
        if not each.whole and count > _MUCH * papers:
            return None
    for each, count in known:
        text = written(each.query, minus)
        if 0 < count <= _MUCH * papers and len(text) <= settings.FILTER_LENGTH:
            phrase = written(each.phrase)
            return Offer(text, phrase, papers, count, count < _HALF * papers)
    return None
