"""Matches of a batch of documents, for filters one by one as they are asked for.

Editions that only a few readers' digests cover are asked for few filters: holding all
of a large service's against them would take most of a second and 25 MB each.
"""

from __future__ import annotations

from collections.abc import KeysView

from .atoms import Atoms
from .index import Index
from .language.tree import Leaf
from .matcher import Matcher, Matches, evaluate

# One filter takes 50 microseconds, all 300,000 at once half a second.
MANY = 5_000


class _Bits(dict[int, int]):
    """Atom -> the documents that have it, looked up when first asked for."""

    def __init__(self, index: Index, atoms: Atoms) -> None:
        self._index, self._atoms = index, atoms

    def __missing__(self, atom: int) -> int:
        bits = self[atom] = self._index.bits(self._atoms.leaf(atom))
        return bits


class Asked(Matches):
    """What `Matcher.match(index)` gives, filter by filter. Once many were asked for, or
    all that have documents, all filters are matched at once."""

    def __init__(self, matcher: Matcher, index: Index) -> None:
        super().__init__(index, {}, {}, (), matcher.atoms)
        self._matcher = matcher
        self._here = _Bits(index, matcher.atoms)
        self._whole = False

    def filters(self) -> KeysView[int]:
        self._match_all()
        return super().filters()

    def documents(self, filter_id: int) -> int:
        if not self._whole and filter_id not in self._found:
            self._ask(filter_id)
        return super().documents(filter_id)

    def terms(self, filter_id: int) -> list[Leaf]:
        self.documents(filter_id)
        return super().terms(filter_id)

    def having(self, leaf: Leaf) -> int:
        if self._whole:
            return super().having(leaf)
        return self._here[self._atoms.known(leaf)]

    def _ask(self, filter_id: int) -> None:
        if len(self._found) >= MANY:
            self._match_all()
        elif (expression := self._matcher.expression(filter_id)) is not None:
            self._found[filter_id] = evaluate(expression, self._here)
            self._expressions[filter_id] = expression

    def _match_all(self) -> None:
        if not self._whole:
            matches = self._matcher.match(self.index)
            self._found, self._expressions = matches._found, matches._expressions
            self._bits = matches._bits
            self._here.clear()
            self._whole = True
