"""Every distinct term of all filters, numbered once ("atom") and shared by all of them.

Most filters' terms are in none of a day's papers, so what is asked is not "where is
this term" for each, but "which of the terms are here" for each word that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .index import Index, numbers
from .language.tree import Leaf, Phrase

# With fewer phrases than this it pays to find out first which documents have all the
# words of one: those of a day's papers that can have any are then few.
_FEW = 100


class _Node:
    """A place in the trie of phrases: what ends here, and which word may follow."""

    __slots__ = ("ends", "following")

    def __init__(self) -> None:
        self.ends: dict[str, int] = {}  # scope -> atom
        self.following: dict[str, _Node] = {}


class Atoms:
    def __init__(self) -> None:
        self._numbers: dict[Leaf, int] = {}
        self._leaves: list[Leaf] = []
        self._words: dict[str, dict[str, int]] = {}  # stem -> scope -> atom
        # Begins with pairs of words: few of a text's words begin no phrase of any
        # filter, but few of its pairs begin one.
        self._phrases: dict[tuple[str, str], _Node] = {}
        self._some_phrases: list[Phrase] = []
        self._others: dict[Leaf, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def leaf(self, atom: int) -> Leaf:
        return self._leaves[atom]

    def known(self, leaf: Leaf) -> int:
        """The atom of a leaf that is filed."""
        return self._numbers[leaf]

    def number(self, leaf: Leaf) -> int:
        """The atom of a leaf; a new one is filed where documents will meet it."""
        atom = self._numbers.get(leaf)
        if atom is None:
            atom = self._numbers[leaf] = len(self._numbers)
            self._leaves.append(leaf)
            self._file(leaf, atom)
        return atom

    def _file(self, leaf: Leaf, atom: int) -> None:
        match leaf:
            case Phrase((word,), scope):
                self._words.setdefault(word, {})[scope] = atom
            case Phrase((first, second, *rest), scope):
                node = self._phrases.setdefault((first, second), _Node())
                for word in rest:
                    node = node.following.setdefault(word, _Node())
                node.ends[scope] = atom
                if len(self._some_phrases) < _FEW:
                    self._some_phrases.append(leaf)
            case _:
                self._others[leaf] = atom

    def find(self, index: Index) -> list[int]:
        """Per atom the documents that have it, as a bitset."""
        found = [0] * len(self._numbers)
        for field in index.fields(""):
            for word in self._words.keys() & field.postings.keys():
                for scope, atom in self._words[word].items():
                    found[atom] = index.word(word, scope)
        self._find_phrases(index, found)
        for leaf, atom in self._others.items():
            found[atom] = index.bits(leaf)
        return found

    def _find_phrases(self, index: Index, found: list[int]) -> None:
        if not self._phrases:
            return
        for scope, field in (("title", index.title), ("abstract", index.abstract)):
            everything = (1 << len(index)) - 1
            if len(self._some_phrases) < _FEW:
                everything = 0
                for phrase in self._some_phrases:
                    everything |= field.bits_of_all(phrase.words)
            for number in numbers(everything):
                ends = self._walk(field.texts[number].split())
                bit = 1 << number
                for node in ends:
                    for wanted, atom in node.ends.items():
                        if wanted in ("", scope):
                            found[atom] |= bit

    def _walk(self, text: Sequence[str]) -> list[_Node]:
        """Where phrases end, of those that begin at any of the words."""
        begin = self._phrases.get
        found = []
        for at, pair in enumerate(pairwise(text), 2):
            node = begin(pair)
            while node is not None:
                if node.ends:
                    found.append(node)
                if not node.following or at >= len(text):
                    break
                node = node.following.get(text[at])
                at += 1
        return found
