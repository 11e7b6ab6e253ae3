"""Every distinct term of all filters, and where a batch of documents has it.

A term is numbered once ("atom") and shared by all filters that use it. One walk over
the words of each document finds all of them; the result per atom is a bitset over the
documents (bit i: document i), held in one of Python's integers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from .authors import place
from .documents import Document
from .language.tree import (
    Author,
    Category,
    Everything,
    HasCode,
    Leaf,
    Listed,
    Phrase,
    Prefix,
    Upvotes,
)
from .scoring import AUTHOR_FREQUENCY, abstract_weight, title_weight
from .tokens import stem, stems, words


class _Ends:
    """Atoms that end at a word: those that count in a title, those in an abstract."""

    __slots__ = ("abstract", "title")

    def __init__(self) -> None:
        self.title: list[int] = []
        self.abstract: list[int] = []

    def add(self, scope: str, atom: int) -> None:
        if scope != "abstract":
            self.title.append(atom)
        if scope != "title":
            self.abstract.append(atom)

    def within(self, scope: str) -> list[int]:
        return self.title if scope == "title" else self.abstract


class _Node:
    """A place in the trie of phrases: what ends here, and which word may follow."""

    __slots__ = ("ends", "following")

    def __init__(self) -> None:
        self.ends: _Ends | None = None
        self.following: dict[str, _Node] = {}


@dataclass(slots=True)
class Postings:
    """What a walk found. `bits[atom]`: bitset over the documents;
    `frequencies[atom]`: document -> weighted frequency, of words and authors only."""

    bits: list[int]
    documents: int = 0
    frequencies: dict[int, dict[int, float]] = field(
        default_factory=lambda: defaultdict(dict)
    )


class Atoms:
    def __init__(self) -> None:
        self._numbers: dict[Leaf, int] = {}
        self._phrases = _Node()
        self._prefixes: dict[str, _Ends] = {}
        self._prefix_lengths: list[int] = []
        # The stem of a prefix -> the prefixes it is the stem of.
        self._prefix_stems: dict[str, set[str]] = defaultdict(set)
        # Last name and, with several names, the initial of the first -> atoms.
        self._authors: dict[tuple[str, str], list[tuple[tuple[str, ...], int]]] = (
            defaultdict(list)
        )
        self._categories: dict[str, int] = {}
        self._sources: dict[str, int] = {}
        self._upvotes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, leaf: Leaf) -> int:
        """The atom of a leaf; a new one is filed where documents will meet it."""
        atom = self._numbers.get(leaf)
        if atom is None:
            atom = self._numbers[leaf] = len(self._numbers)
            self._file(leaf, atom)
        return atom

    def _file(self, leaf: Leaf, atom: int) -> None:
        match leaf:
            case Phrase(parts, scope):
                node = self._phrases
                for part in parts:
                    node = node.following.setdefault(part, _Node())
                node.ends = node.ends or _Ends()
                node.ends.add(scope, atom)
            case Prefix(start, scope):
                self._prefixes.setdefault(start, _Ends()).add(scope, atom)
                lengths = {*self._prefix_lengths, len(start)}
                self._prefix_lengths = sorted(lengths)
                self._prefix_stems[stem(start)].add(start)
            case Author(names):
                initial = names[0][0] if len(names) > 1 else ""
                self._authors[names[-1], initial].append((names, atom))
            case Category(name):
                self._categories[name] = atom
            case Listed(source):
                self._sources[source] = atom
            case Upvotes(least):
                self._upvotes[least] = atom

    def find(self, documents: Iterable[Document]) -> Postings:
        """Walk over the documents once; they may be a generator."""
        found = Postings(bits=[0] * len(self._numbers))
        prefixes = lru_cache(maxsize=None)(self._prefixes_of)
        upvotes: list[int] = []
        for number, document in enumerate(documents):
            bit = 1 << number
            for atom, frequency in self._words_of(document, prefixes).items():
                found.bits[atom] |= bit
                found.frequencies[atom][number] = frequency
            for atom in self._facts_of(document):
                found.bits[atom] |= bit
            upvotes.append(document.upvotes)
        found.documents = len(upvotes)
        self._count_upvotes(upvotes, found.bits)
        if (everything := self._numbers.get(Everything())) is not None:
            found.bits[everything] = (1 << len(upvotes)) - 1
        return found

    def _words_of(
        self, document: Document, prefixes: Callable[[str], list[_Ends]]
    ) -> dict[int, float]:
        """Weighted frequencies of the atoms in title, abstract and authors."""
        found: dict[int, float] = defaultdict(float)
        title, abstract = stems(document.title), stems(document.abstract)
        for scope, field_words, weight in (
            ("title", title, title_weight(len(title))),
            ("abstract", abstract, abstract_weight(len(abstract))),
        ):
            self._walk(scope, field_words, weight, found)
            for word in field_words if self._prefixes else ():
                for ends in prefixes(word):
                    for atom in ends.within(scope):
                        found[atom] += weight
        for atom in self._authors_of(document):
            found[atom] = AUTHOR_FREQUENCY
        return found

    def _walk(
        self,
        scope: str,
        field_words: list[str],
        weight: float,
        frequencies: dict[int, float],
    ) -> None:
        """Count every phrase that begins at any of the words."""
        begin = self._phrases.following.get
        count = len(field_words)
        for at, word in enumerate(field_words):
            node = begin(word)
            while node is not None:
                if node.ends is not None:
                    for atom in node.ends.within(scope):
                        frequencies[atom] += weight
                at += 1
                if at == count or not node.following:
                    break
                node = node.following.get(field_words[at])

    def _prefixes_of(self, word: str) -> list[_Ends]:
        """`word` is a stem."""
        starts = set(self._prefix_stems.get(word, ()))
        for length in self._prefix_lengths:
            if length > len(word):
                break
            starts.add(word[:length])
        return [self._prefixes[start] for start in starts if start in self._prefixes]

    def _authors_of(self, document: Document) -> set[int]:
        found = set()
        for author in document.authors if self._authors else ():
            name = words(author)
            for at, last in enumerate(name):
                initials = {"", *(given[0] for given in name[:at])}
                for initial in initials:
                    for wanted, atom in self._authors.get((last, initial), ()):
                        if atom not in found and place(wanted, name):
                            found.add(atom)
        return found

    def _facts_of(self, document: Document) -> set[int]:
        """Atoms of its categories with their archives, of its source, of its code."""
        names = {name.lower() for name in document.categories}
        names |= {name.partition(".")[0] for name in names}
        found = {self._categories[name] for name in names if name in self._categories}
        if document.source in self._sources:
            found.add(self._sources[document.source])
        code = self._numbers.get(HasCode())
        if document.has_code and code is not None:
            found.add(code)
        return found

    def _count_upvotes(self, upvotes: list[int], bits: list[int]) -> None:
        """From the highest threshold down, each one's documents are the last one's
        and some more: work grows with thresholds plus documents, not their product."""
        best_first = sorted(range(len(upvotes)), key=lambda number: -upvotes[number])
        reached, at = 0, 0
        for least, atom in sorted(self._upvotes.items(), reverse=True):
            while at < len(best_first) and upvotes[best_first[at]] >= least:
                reached |= 1 << best_first[at]
                at += 1
            bits[atom] = reached
