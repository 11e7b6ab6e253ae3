"""All filters against a batch of documents at once.

A filter is compiled to an expression over bitsets and filed under its rarest term
("anchor"): where no document has that, the filter is never looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from typing import TypeAlias

from .atoms import Atoms
from .documents import Document
from .index import Index
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
)


class _All(tuple["Expression", ...]):
    """Documents of every part. Tuples, since a filter's parts are read far more often
    than anything else here and should lie together in memory."""

    __slots__ = ()


class _Any(tuple["Expression", ...]):
    """Documents of one part or several."""

    __slots__ = ()


class _Without(tuple["Expression", ...]):
    """Documents of the first part that are in none of the others."""

    __slots__ = ()


Expression: TypeAlias = int | _All | _Any | _Without  # an int is an atom


class Matcher:
    """Filters by id, compiled and kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self.atoms = Atoms()
        self._rarity: list[float] = []  # by atom, a guess: higher is rarer
        self._filters: dict[int, Expression] = {}
        self._by_anchor: dict[int, dict[int, Expression]] = {}
        self._lock = threading.RLock()
        self.discarded = 0

    def __len__(self) -> int:
        return len(self._filters)

    def ids(self) -> KeysView[int]:
        return self._filters.keys()

    def expression(self, filter_id: int) -> Expression | None:
        """What a filter was compiled to; None for one that is not known."""
        return self._filters.get(filter_id)

    def add(self, filter_id: int, text: str) -> None:
        """Compile one filter from its canonical text; replaces one of the same id.

        Raises FilterError. Nothing else is compiled again.
        """
        query = parse_canonical(text)
        with self._lock:
            self.discard(filter_id)
            expression = self._filters[filter_id] = self._compile(query)
            for atom in self._anchors(expression):
                self._by_anchor.setdefault(atom, {})[filter_id] = expression

    def discard(self, filter_id: int) -> None:
        """Forget a filter, if it is known. Its terms stay numbered."""
        with self._lock:
            expression = self._filters.pop(filter_id, None)
            if expression is None:
                return
            self.discarded += 1
            for atom in self._anchors(expression):
                self._by_anchor[atom].pop(filter_id, None)

    def match(self, documents: Index | Iterable[Document]) -> Matches:
        """Every filter against every document. An `Index` can be used again and again,
        by this matcher and others."""
        index = documents if isinstance(documents, Index) else Index(documents)
        with self._lock:
            bits = self.atoms.find(index)
            found: dict[int, int] = {}
            expressions: dict[int, Expression] = {}
            for atom, filters in self._by_anchor.items():
                if not bits[atom]:
                    continue
                for filter_id, expression in filters.items():
                    # An OR is filed under each branch.
                    if type(expression) is _Any and filter_id in found:
                        continue
                    if some := evaluate(expression, bits):
                        found[filter_id] = some
                        expressions[filter_id] = expression
        return Matches(index, found, expressions, bits, self.atoms)

    def _atom(self, leaf: Leaf) -> int:
        atom = self.atoms.number(leaf)
        if atom == len(self._rarity):
            self._rarity.append(_rarity(leaf))
        return atom

    def _compile(self, query: Query) -> Expression:
        match query:
            case Or(operands):
                return _Any(map(self._compile, operands))
            case And(operands):
                positive = [op for op in operands if not isinstance(op, Not)]
                negative = [op.operand for op in operands if isinstance(op, Not)]
                asked = list(map(self._compile, positive))
                asked.sort(key=self._rarest, reverse=True)
                wanted = _All(asked) if len(asked) > 1 else asked[0]
                if not negative:
                    return wanted
                return _Without([wanted, *map(self._compile, negative)])
            case Not():  # the parser leaves none without something beside it
                raise ValueError("a filter cannot be a NOT alone")
        return self._atom(query)

    def _rarest(self, expression: Expression) -> float:
        if isinstance(expression, int):
            return self._rarity[expression]
        if isinstance(expression, _Any):
            return min(map(self._rarest, expression)) / len(expression)
        return self._rarest(expression[0])  # of _All the rarest part

    def _anchors(self, expression: Expression) -> Iterator[int]:
        """Atoms of which a document must have at least one; of AND the rarest side."""
        if isinstance(expression, int):
            yield expression
        elif isinstance(expression, _Any):
            for branch in expression:
                yield from self._anchors(branch)
        else:
            yield from self._anchors(expression[0])


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


def evaluate(expression: Expression, bits: Sequence[int] | Mapping[int, int]) -> int:
    """The documents that satisfy a filter, by those that have each atom."""
    if type(expression) is int:
        return bits[expression]
    if type(expression) is _All:
        found = -1
        for part in expression:
            found &= bits[part] if type(part) is int else evaluate(part, bits)
            if not found:
                return 0
        return found
    if type(expression) is _Any:
        found = 0
        for part in expression:
            found |= bits[part] if type(part) is int else evaluate(part, bits)
        return found
    assert type(expression) is _Without  # noqa: S101 - for the type checker
    found = evaluate(expression[0], bits)
    for part in expression[1:]:
        found &= ~evaluate(part, bits)
    return found


def _asked_for(expression: Expression) -> Iterator[int]:
    """The atoms that no NOT leaves out: what a score counts."""
    if isinstance(expression, int):
        yield expression
    elif isinstance(expression, _Without):
        yield from _asked_for(expression[0])
    else:
        for part in expression:
            yield from _asked_for(part)


class Matches:
    """The documents of each filter that has any; of them only bitsets are kept."""

    def __init__(
        self,
        index: Index,
        found: dict[int, int],
        expressions: dict[int, Expression],
        bits: Sequence[int],
        atoms: Atoms,
    ) -> None:
        self.index = index
        self._found = found
        self._expressions = expressions
        self._bits = bits
        self._atoms = atoms

    def filters(self) -> KeysView[int]:
        """The ids of filters with at least one document."""
        return self._found.keys()

    def documents(self, filter_id: int) -> int:
        """The numbers in `index` of a filter's documents, as a bitset."""
        return self._found.get(filter_id, 0)

    def terms(self, filter_id: int) -> list[Leaf]:
        """What a filter asks for."""
        if (expression := self._expressions.get(filter_id)) is None:
            return []
        return list(map(self._atoms.leaf, dict.fromkeys(_asked_for(expression))))

    def having(self, leaf: Leaf) -> int:
        """The documents that have what one leaf asks for, as a bitset."""
        atom = self._atoms.known(leaf)
        return self._bits[atom] if atom < len(self._bits) else self.index.bits(leaf)
