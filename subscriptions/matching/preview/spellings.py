"""Words that papers also write otherwise: `pre-training` and `pretraining`.

A hyphen separates, so each finds only its own. Of 2,159 recorded papers 35 have the one
and 76 the other, none has both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeGuard

from subscriptions.matching.language.tree import (
    And,
    Leaf,
    Not,
    Or,
    Phrase,
    Query,
    asked_for,
    join,
    leaves,
)
from subscriptions.matching.tokens import stem, words

from .common_words import STOP

# Of a filter of fifty terms only the first ones are tried; another spelling is worth a
# line from this share of what the filter brings.
_TRIED, _WORTH = 8, 0.1
_SHORTEST, _LONGEST = 6, 30


def spellings(
    query: Query, papers: Callable[[Query], int], having: Callable[[Leaf], int]
) -> Iterator[str]:
    """A sentence for each word that is spelt otherwise in so many papers more.

    `papers`: how many a filter brings; `having`: how many have a term, roughly.
    """
    known, brings = set(leaves(query)), papers(query)
    single = (leaf for leaf in asked_for(query) if _is_a_word(leaf))
    for leaf in islice(dict.fromkeys(single), _TRIED):
        typed = words(leaf.written or " ".join(leaf.words))
        other = _otherwise(typed, leaf.field, having)
        if other is None or other in known:
            continue
        more = papers(_instead(query, leaf, join(Or, [leaf, other]))) - brings
        if more > _WORTH * brings:
            own, field = "-".join(typed), f"{leaf.field}:" if leaf.field else ""
            said = f"{more:,} papers" if more > 1 else "one paper"
            yield (
                f"`{own}` is also written `{other.written}`: {said} more with "
                f"`{field}({own} OR {other.written})`."
            )


def _is_a_word(leaf: Leaf) -> TypeGuard[Phrase]:
    return isinstance(leaf, Phrase) and " " not in leaf.written


def _otherwise(
    typed: Sequence[str], field: str, having: Callable[[Leaf], int]
) -> Phrase | None:
    """Two words as one, or one as the two that are most often side by side."""
    if len("".join(typed)) > _LONGEST or not all(map(str.isalpha, typed)):
        return None
    if len(typed) == 2:
        return Phrase((stem("".join(typed)),), field, "".join(typed))
    if len(typed) != 1 or len(typed[0]) < _SHORTEST:
        return None
    apart = [
        Phrase((stem(first), stem(last)), field, f"{first}-{last}")
        for first, last in _halves(typed[0])
        if first not in STOP and last not in STOP
    ]
    return max(apart, key=having, default=None)


def _halves(word: str) -> Iterator[tuple[str, str]]:
    for at in range(2, len(word) - 2):
        yield word[:at], word[at:]


def _instead(query: Query, leaf: Leaf, other: Query) -> Query:
    """The filter with `other` where it asks for `leaf`."""
    match query:
        case And(operands) | Or(operands):
            some = [_instead(operand, leaf, other) for operand in operands]
            return join(type(query), some)
        case Not():
            return query
    return other if query == leaf else query
