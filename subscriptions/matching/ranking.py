"""The order of a filter's papers over one or several editions (rounds.md 20).

A paper that several of the editions list is one: it takes the place of its best
listing that matches, and shows the card of the newest one (rule 11).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from sys import byteorder

from .index import Entry, numbers
from .language.tree import Leaf
from .matcher import Matches
from .scoring import SCALE, lot, rarity, term_score, upvotes_score

# A digest holds 40 papers at most; more are kept for readers who had some of them.
_KEPT = 100
# The scores of all documents are added up at once (`_sums`) for a filter whose number
# of terms, times the share of the documents that it finds, is above _MANY. A term that
# more than one in _OFTEN documents have keeps its scores in a row for that.
_MANY = 4
_OFTEN = 8


@dataclass(frozen=True, slots=True)
class Ranked:
    """One filter's papers. `best`: their numbers, best first, cut after a hundred;
    `papers`: all of them as a bitset; `documents`: the listings that match, which are
    more where one paper is listed twice."""

    best: tuple[int, ...]
    papers: int
    documents: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that satisfies a filter, and how well (0 and up, higher is better)."""

    listing: int
    paper: int
    source: str
    day: date | None
    score: float


class Ranking:
    """Editions as one row of documents, numbered through, ranked for any filter.

    A paper's number is that of its first document. Memory: scores of the terms asked
    for, those of frequent terms twice, and at most a hundred numbers for each filter
    asked for.
    """

    def __init__(self, editions: Sequence[Matches]) -> None:
        self._editions = []
        self.entries: list[Entry] = []
        for matches in editions:
            self._editions.append((len(self.entries), matches))
            self.entries += matches.index.entries
        self._scores: dict[Leaf, dict[int, int]] = {}
        self._rows: dict[Leaf, int] = {}
        self._ranked: dict[int, Ranked] = {}

    def of(self, filter_id: int) -> Ranked:
        """Kept: popular filters are asked for again and again."""
        ranked = self._ranked.get(filter_id)
        if ranked is None:
            documents = self._documents(filter_id)
            ranked = self._ranked[filter_id] = Ranked(
                tuple(self._order(filter_id, documents)[:_KEPT]),
                self.papers(documents),
                documents,
            )
        return ranked

    def all_of(self, filter_id: int) -> list[int]:
        """The numbers of all of a filter's papers, best first."""
        ranked = self.of(filter_id)
        if len(ranked.best) < _KEPT:
            return list(ranked.best)
        return self._order(filter_id, ranked.documents)

    def places(self, filter_id: int, papers: Sequence[int]) -> dict[int, int]:
        """Paper -> its place in the filter's order, at least of these papers."""
        places = {paper: at for at, paper in enumerate(self.of(filter_id).best)}
        if all(paper in places for paper in papers):
            return places
        return {paper: at for at, paper in enumerate(self.all_of(filter_id))}

    def hits(self, filter_id: int) -> list[Hit]:
        """All of a filter's papers, best first, each by its card."""
        documents = self._documents(filter_id)
        scores = self._score(filter_id, documents)
        found = []
        for number in self._order(filter_id, documents):
            card = self._card(number, documents)
            entry, score = self.entries[card], scores[card] / SCALE
            found.append(
                Hit(entry.listing, entry.paper, entry.source, entry.day, score)
            )
        return found

    def shown(self, paper: int, documents: int) -> tuple[int, int]:
        """The ids of a paper's listing to show and of the paper itself."""
        entry = self.entries[self._card(paper, documents)]
        return entry.listing, entry.paper

    def _card(self, paper: int, documents: int) -> int:
        """Of a paper's documents, among `documents`, the one to show: the newest, and
        of one day Hugging Face's."""
        if not self._repeated >> paper & 1:
            return paper
        listed = self._copies[self.entries[paper].paper]
        return max((n for n in listed if documents >> n & 1), key=self._newness)

    def _newness(self, number: int) -> tuple[date, bool]:
        entry = self.entries[number]
        return entry.day or date.min, entry.source == "hf"

    def of_papers(self, papers: Iterable[int]) -> int:
        """All documents of these papers (by id), as a bitset."""
        found = 0
        for paper in papers:
            for number in self._by_paper.get(paper, ()):
                found |= 1 << number
        return found

    def muted(self, filters: Iterable[int]) -> int:
        """All documents of the papers that any of these filters finds, as a bitset:
        what one of its listings has makes a paper unwanted on every list."""
        found = 0
        for filter_id in filters:
            found |= self._documents(filter_id)
        for number in numbers(found & self._repeated):
            for copy in self._copies[self.entries[number].paper]:
                found |= 1 << copy
        return found

    # --- what is listed twice --------------------------------------------------------
    @cached_property
    def _by_paper(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for number, entry in enumerate(self.entries):
            found.setdefault(entry.paper, []).append(number)
        return found

    @cached_property
    def _copies(self) -> dict[int, list[int]]:
        return {k: listed for k, listed in self._by_paper.items() if len(listed) > 1}

    @cached_property
    def _repeated(self) -> int:
        """The documents of papers that are listed more than once."""
        return self.of_papers(self._copies)

    def _number(self, document: int) -> int:
        """Of the paper of a document that is repeated."""
        return self._copies[self.entries[document].paper][0]

    def papers(self, documents: int) -> int:
        """The papers of these documents: each by its number, once."""
        repeated = documents & self._repeated
        if not repeated:
            return documents
        papers = documents & ~self._repeated
        for document in numbers(repeated):
            papers |= 1 << self._number(document)
        return papers

    @cached_property
    def _upvotes(self) -> list[int]:
        """What the upvotes known of each document's paper add, whoever counted them."""
        counts = [entry.upvotes for entry in self.entries]
        for listed in self._copies.values():
            most = max(counts[number] for number in listed)
            for number in listed:
                counts[number] = most
        return list(map(upvotes_score, counts))

    # --- order -----------------------------------------------------------------------
    def _documents(self, filter_id: int) -> int:
        found = 0
        for first, matches in self._editions:
            found |= matches.documents(filter_id) << first
        return found

    def _score(self, filter_id: int, documents: int) -> dict[int, int]:
        """Document -> score: the sum over the terms asked for, and its upvotes."""
        upvotes, leaves = self._upvotes, self._leaves(filter_id)
        if len(leaves) * documents.bit_count() > _MANY * len(self.entries):
            scores = self._sums(leaves)
            return {n: scores[n] for n in numbers(documents)}
        terms = [self._term(leaf) for leaf in leaves]
        if len(terms) == 1:
            (only,) = terms
            return {n: upvotes[n] + only.get(n, 0) for n in numbers(documents)}
        return {
            n: upvotes[n] + sum([scores.get(n, 0) for scores in terms])
            for n in numbers(documents)
        }

    def _sums(self, leaves: Sequence[Leaf]) -> list[int]:
        """The score of every document: for many terms that many documents have, about
        ten times as fast as a sum for each."""
        whole, rare = self._upvotes_row, []
        for leaf in leaves:
            scores = self._term(leaf)
            if len(scores) * _OFTEN > len(self.entries):
                whole += self._row(leaf)
            else:
                rare.append(scores)
        sums = array("Q", whole.to_bytes(8 * len(self.entries), byteorder)).tolist()
        for scores in rare:
            for number, score in scores.items():
                sums[number] += score
        return sums

    def _row(self, leaf: Leaf) -> int:
        row = self._rows.get(leaf)
        if row is None:
            scores = self._term(leaf)
            row = _in_a_row([scores.get(n, 0) for n in range(len(self.entries))])
            self._rows[leaf] = row
        return row

    @cached_property
    def _upvotes_row(self) -> int:
        return _in_a_row(self._upvotes)

    def _order(self, filter_id: int, documents: int) -> list[int]:
        """By score, then by lot; a repeated paper by the best of its documents."""
        lots, many = self._lots, len(self.entries)
        keys = sorted(
            [
                lots[n] - score * many
                for n, score in self._score(filter_id, documents).items()
            ]
        )
        found = [self._by_lot[key % many] for key in keys]
        if documents & self._repeated:
            repeated = self._repeated
            paper = [self._number(n) if repeated >> n & 1 else n for n in found]
            return list(dict.fromkeys(paper))
        return found

    @cached_property
    def _by_lot(self) -> list[int]:
        entries = self.entries
        return sorted(
            range(len(entries)),
            key=lambda n: (lot(entries[n].paper, entries[n].day), entries[n].source),
        )

    @cached_property
    def _lots(self) -> list[int]:
        """Each document's place in `_by_lot`."""
        places = [0] * len(self.entries)
        for place, number in enumerate(self._by_lot):
            places[number] = place
        return places

    def _leaves(self, filter_id: int) -> list[Leaf]:
        found: dict[Leaf, None] = {}
        for _, matches in self._editions:
            found |= dict.fromkeys(matches.terms(filter_id))
        return list(found)

    def _term(self, leaf: Leaf) -> dict[int, int]:
        """Document -> score of one term, shared by all filters that ask for it.

        How rare it is, is counted over all of the editions: their scores compare.
        """
        scores = self._scores.get(leaf)
        if scores is None:
            having = [
                (first, matches.index, matches.having(leaf))
                for first, matches in self._editions
            ]
            rare = rarity(sum(b.bit_count() for *_, b in having), len(self.entries))
            scores = self._scores[leaf] = {
                first + number: term_score(rare, frequency)
                for first, index, bits in having
                for number, frequency in index.frequencies(leaf, bits).items()
            }
        return scores


def _in_a_row(scores: Sequence[int]) -> int:
    """All scores as one integer of 64 bits each, so that adding two such adds them all;
    the sum of a filter's terms stays far below 2^64."""
    return int.from_bytes(array("Q", scores).tobytes(), byteorder)
