"""A batch of documents, read once: which of them has which word where.

Sets of documents are bitsets in one of Python's integers (bit i: document i).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

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


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a document whose words were read. `listing` 0 for a paper by
    itself."""

    listing: int
    paper: int
    source: str
    day: date | None
    upvotes: int
    title: str


class Index:
    """Documents by their numbers, 0 and up in the order given; about 5 kB each.

    Never changes once it is made. Safe to use from several threads.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.entries: list[Entry] = []
        self.title, self.abstract = _Field(), _Field()
        self._names: dict[tuple[str, ...], int] = defaultdict(int)
        self._facts: dict[Leaf, int] = defaultdict(int)
        for number, document in enumerate(documents):
            self._read(document, 1 << number)

    def __len__(self) -> int:
        return len(self.entries)

    def _read(self, document: Document, bit: int) -> None:
        self.entries.append(
            Entry(
                document.listing,
                document.paper,
                document.source,
                document.day,
                document.upvotes,
                document.title,
            )
        )
        self.title.read(document.title)
        self.abstract.read(document.abstract)
        for author in document.authors:
            self._names[tuple(words(author))] |= bit
        names = {name.lower() for name in document.categories}
        for name in names | {name.partition(".")[0] for name in names}:
            self._facts[Category(name)] |= bit
        self._facts[Listed(document.source)] |= bit
        if document.has_code:
            self._facts[HasCode()] |= bit

    def bits(self, leaf: Leaf) -> int:
        """The documents that have what one leaf of a filter asks for."""
        match leaf:
            case Phrase((word,), scope):
                return self.word(word, scope)
            case Phrase(parts, scope):
                return self._phrase(parts, scope)
            case Prefix(start, scope):
                return self._any_of(self._beginning_with(start), scope)
            case Author(names):
                return self._author(names)
            case Upvotes(least):
                at = bisect_left(self._by_upvotes[0], least)
                return self._by_upvotes[1][at]
            case Everything():
                return (1 << len(self)) - 1
        return self._facts.get(leaf, 0)

    def word(self, word: str, scope: str) -> int:
        """`word` is a stem; `scope` is title, abstract, or "" for either."""
        found = 0
        for field in self.fields(scope):
            found |= field.bits(word)
        return found

    def fields(self, scope: str) -> tuple[_Field, ...]:
        if scope == "title":
            return (self.title,)
        return (self.abstract,) if scope == "abstract" else (self.title, self.abstract)

    def frequencies(self, leaf: Leaf, bits: int) -> dict[int, float]:
        """Of the documents in `bits`: how often each has a word, phrase or prefix,
        weighted by field and length (`scoring`). Other leaves count for nothing, but
        for an author.
        """
        match leaf:
            case Phrase(parts, scope):
                asked = [parts]
            case Prefix(start, scope):
                asked = [(word,) for word in self._beginning_with(start)]
            case Author():
                return dict.fromkeys(numbers(bits), AUTHOR_FREQUENCY)
            case _:
                return {}
        found = dict.fromkeys(numbers(bits), 0.0)
        for field in self.fields(scope):
            weight = title_weight if field is self.title else abstract_weight
            for number, times in field.times(asked, bits).items():
                found[number] += times * weight(field.lengths[number])
        return found

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every word of any title or abstract, sorted."""
        return sorted(self.title.postings.keys() | self.abstract.postings.keys())

    def _beginning_with(self, start: str) -> list[str]:
        """Words with this beginning, and the stem of `start` itself."""
        first = bisect_left(self.vocabulary, start)
        last = bisect_left(self.vocabulary, start + "\U0010ffff", first)
        own = stem(start)
        return self.vocabulary[first:last] + ([] if own == start else [own])

    def _any_of(self, some: Iterable[str], scope: str) -> int:
        found = 0
        for word in some:
            found |= self.word(word, scope)
        return found

    def _phrase(self, parts: tuple[str, ...], scope: str) -> int:
        found = 0
        for field in self.fields(scope):
            if some := field.bits_of_all(parts):
                text, texts = _spaced(parts), field.texts
                found |= bitset([n for n in numbers(some) if text in texts[n]])
        return found

    def _author(self, names: tuple[str, ...]) -> int:
        found = 0
        for name in self._names_by_key.get(author_key(names), ()):
            if place(names, name):
                found |= self._names[name]
        return found

    @cached_property
    def _names_by_key(self) -> dict[tuple[str, str], list[tuple[str, ...]]]:
        """Names by any of their words, alone and with the initial of one before it."""
        found = defaultdict(list)
        for name in self._names:
            keys = {(word, "") for word in name}
            for at, word in enumerate(name):
                keys |= {(word, before[0]) for before in name[:at]}
            for key in keys:
                found[key].append(name)
        return dict(found)

    @cached_property
    def _by_upvotes(self) -> tuple[list[int], list[int]]:
        """The counts that occur, and per count the documents with at least as many."""
        having: dict[int, int] = defaultdict(int)
        for number, entry in enumerate(self.entries):
            having[entry.upvotes] |= 1 << number
        counts, least, reached = sorted(having), [0], 0
        for count in reversed(counts):
            reached |= having[count]
            least.append(reached)
        return counts, least[::-1]


class _Field:
    """All titles, or all abstracts. A text is kept as " a  b  c ": there " b " is a
    whole word, " b  c " a phrase, and neither shares a space with the next."""

    __slots__ = ("_bits", "lengths", "postings", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.lengths: list[int] = []
        self.postings: dict[str, list[int]] = {}
        self._bits: dict[str, int] = {}

    def read(self, text: str) -> None:
        found, number = stems(text), len(self.texts)
        for word in set(found):
            if numbers := self.postings.get(word):
                numbers.append(number)
            else:
                self.postings[word] = [number]
        self.texts.append(_spaced(found))
        self.lengths.append(len(found))

    def bits(self, word: str) -> int:
        """The documents with a word: put together when first asked for, since most
        words never are."""
        bits = self._bits.get(word)
        if bits is None and (numbers := self.postings.get(word)):
            bits = self._bits[word] = bitset(numbers)
        return bits or 0

    def bits_of_all(self, some: Iterable[str]) -> int:
        found, known = -1, self._bits
        for word in some:
            found &= known.get(word) or self.bits(word)
            if not found:
                break
        return found

    def times(self, asked: Iterable[tuple[str, ...]], bits: int) -> dict[int, int]:
        """How often the documents in `bits` have any of these words or phrases."""
        found: dict[int, int] = defaultdict(int)
        for parts in asked:
            text = _spaced(parts)
            # A prefix stands for hundreds of words, of which a document has a few.
            for number in numbers(self.bits_of_all(parts) & bits):
                found[number] += self.texts[number].count(text)
        return found


def _spaced(some: Iterable[str]) -> str:
    return f" {'  '.join(some)} "


def author_key(names: tuple[str, ...]) -> tuple[str, str]:
    """The last name and, where there are several, the initial of the first."""
    return names[-1], names[0][0] if len(names) > 1 else ""


def bitset(numbers: Iterable[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def numbers(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, from the lowest."""
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)
