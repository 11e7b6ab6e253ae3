"""All filters against a batch of documents at once.

A filter is compiled to an expression over bitsets and filed under its rarest term
("anchor"): where no document has that, the filter is never looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, KeysView, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from .atoms import Atoms, Postings
from .documents import Document
from .language import parse_canonical
from .language.tree import (
    And,
    Author,
    Category,
    Leaf,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    asked_for,
)
from .scoring import lot, term_scores, upvotes_score


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that satisfies a filter, and how well (0 and up, higher is better)."""

    listing: int
    paper: int
    source: str
    day: date | None
    score: float


@dataclass(frozen=True, slots=True)
class _All:
    """Documents of every one of `positive`, without those of any of `negative`."""

    positive: tuple[Expression, ...]
    negative: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class _Any:
    branches: tuple[Expression, ...]


Expression: TypeAlias = int | _All | _Any  # an int is an atom


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    expression: Expression
    anchors: frozenset[int]
    asked_for: tuple[int, ...]


class Matcher:
    """Filters by id, compiled and kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._atoms = Atoms()
        self._rarity: list[float] = []  # by atom, a guess: higher is rarer
        self._filters: dict[int, _Compiled] = {}
        self._by_anchor: dict[int, set[int]] = {}
        self._lock = threading.RLock()
        self.discarded = 0

    def __len__(self) -> int:
        return len(self._filters)

    def ids(self) -> KeysView[int]:
        return self._filters.keys()

    def add(self, filter_id: int, text: str) -> None:
        """Compile one filter from its canonical text; replaces one of the same id.

        Raises FilterError. Nothing else is compiled again.
        """
        query = parse_canonical(text)
        with self._lock:
            self.discard(filter_id)
            expression = self._compile(query)
            terms = dict.fromkeys(map(self._atom, asked_for(query)))
            compiled = _Compiled(
                text, expression, frozenset(self._anchors(expression)), tuple(terms)
            )
            self._filters[filter_id] = compiled
            for atom in compiled.anchors:
                self._by_anchor.setdefault(atom, set()).add(filter_id)

    def discard(self, filter_id: int) -> None:
        """Forget a filter, if it is known. Its terms stay numbered."""
        with self._lock:
            compiled = self._filters.pop(filter_id, None)
            if compiled is None:
                return
            self.discarded += 1
            for atom in compiled.anchors:
                self._by_anchor[atom].discard(filter_id)

    def match(self, documents: Iterable[Document]) -> Matches:
        """Every filter against every document, each read once."""
        kept: list[_Kept] = []
        with self._lock:
            postings = self._atoms.find(_keeping(documents, kept))
            candidates: set[int] = set()
            for atom, filters in self._by_anchor.items():
                if postings.bits[atom]:
                    candidates |= filters
            found = {}
            for filter_id in candidates:
                compiled = self._filters[filter_id]
                if bits := _evaluate(compiled.expression, postings.bits):
                    found[filter_id] = (bits, compiled.asked_for)
        return Matches(kept, found, postings)

    def _atom(self, leaf: Leaf) -> int:
        atom = self._atoms.number(leaf)
        if atom == len(self._rarity):
            self._rarity.append(_rarity(leaf))
        return atom

    def _compile(self, query: Query) -> Expression:
        match query:
            case Or(operands):
                return _Any(tuple(map(self._compile, operands)))
            case And(operands):
                positive = [op for op in operands if not isinstance(op, Not)]
                negative = [op.operand for op in operands if isinstance(op, Not)]
                asked = sorted(
                    map(self._compile, positive), key=self._rarest, reverse=True
                )
                return _All(tuple(asked), tuple(map(self._compile, negative)))
            case Not():  # the parser leaves none without something beside it
                raise ValueError("a filter cannot be a NOT alone")
        return self._atom(query)

    def _rarest(self, expression: Expression) -> float:
        match expression:
            case int():
                return self._rarity[expression]
            case _All(positive):
                return max(map(self._rarest, positive))
            case _Any(branches):
                return min(map(self._rarest, branches)) / len(branches)

    def _anchors(self, expression: Expression) -> Iterator[int]:
        """Atoms of which a document must have at least one; of AND the rarest side."""
        match expression:
            case int():
                yield expression
            case _All(positive):
                yield from self._anchors(positive[0])
            case _Any(branches):
                for branch in branches:
                    yield from self._anchors(branch)


def _rarity(leaf: Leaf) -> float:
    """A guess without a corpus: names and phrases are rare, then long words."""
    match leaf:
        case Author():
            return 40.0
        case Phrase(parts):
            return float(max(map(len, parts)) + 10 * (len(parts) - 1))
        case Prefix(start):
            return len(start) / 2
        case Category():
            return 0.5
    return 0.0


def _evaluate(expression: Expression, bits: Sequence[int]) -> int:
    if type(expression) is int:
        return bits[expression]
    if type(expression) is _All:
        found = -1
        for part in expression.positive:
            found &= bits[part] if type(part) is int else _evaluate(part, bits)
            if not found:
                return 0
        for part in expression.negative:
            found &= ~_evaluate(part, bits)
        return found
    assert type(expression) is _Any  # noqa: S101 - for the type checker
    found = 0
    for part in expression.branches:
        found |= bits[part] if type(part) is int else _evaluate(part, bits)
    return found


_RANKED = 1024  # filters whose hits are kept


# --- what came of it ---------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Kept:
    """What of a document a hit needs, so that its text need not be kept."""

    listing: int
    paper: int
    source: str
    day: date | None
    upvotes: float


def _keeping(documents: Iterable[Document], kept: list[_Kept]) -> Iterator[Document]:
    for document in documents:
        score = upvotes_score(document.upvotes)
        kept.append(
            _Kept(
                document.listing, document.paper, document.source, document.day, score
            )
        )
        yield document


class Matches:
    """The documents of each filter that has any. Scores are computed when asked for:
    per term and document once, whatever number of filters shares the term."""

    def __init__(
        self,
        documents: Sequence[_Kept],
        found: dict[int, tuple[int, tuple[int, ...]]],
        postings: Postings,
    ) -> None:
        self._documents = documents
        self._found = found
        self._postings = postings
        self._term_scores: dict[int, dict[int, float]] = {}
        self._ranked: dict[int, Sequence[Hit]] = {}

    def filters(self) -> KeysView[int]:
        """The ids of filters with at least one hit."""
        return self._found.keys()

    def hits(self, filter_id: int) -> Sequence[Hit]:
        """Best first, uncut; empty for a filter without any.

        Those last asked for are kept: popular filters are asked for again and again,
        and the hits of all filters would not fit.
        """
        hits = self._ranked.get(filter_id)
        if hits is None:
            if len(self._ranked) >= _RANKED:
                self._ranked.clear()
            hits = self._ranked[filter_id] = self._rank(filter_id)
        return hits

    def _rank(self, filter_id: int) -> Sequence[Hit]:
        bits, terms = self._found.get(filter_id, (0, ()))
        scores = [self._scores(term) for term in terms]
        hits = []
        for number in numbers(bits):
            document = self._documents[number]
            score = document.upvotes + sum(known.get(number, 0.0) for known in scores)
            hits.append(
                Hit(
                    document.listing,
                    document.paper,
                    document.source,
                    document.day,
                    score,
                )
            )
        return tuple(sorted(hits, key=rank))

    def _scores(self, term: int) -> dict[int, float]:
        scores = self._term_scores.get(term)
        if scores is None:
            frequencies = self._postings.frequencies.get(term, {})
            scores = term_scores(frequencies, self._postings.documents)
            self._term_scores[term] = scores
        return scores


def rank(hit: Hit) -> tuple[float, bytes, str]:
    """The order of hits, best first: by score, then by lot (`rounds` 20)."""
    return -round(hit.score, 9), lot(hit.paper, hit.day), hit.source


def numbers(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest."""
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)
