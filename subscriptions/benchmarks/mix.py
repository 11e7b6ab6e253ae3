"""Invented papers, filters and readers of the sizes and shares that were measured.

Words are made of syllables and drawn by Zipf's law; 30,000 concepts (phrases of two or
three words) stand in papers with a chance of 0.2 / rank ** 0.8, so that the best known
is in every fifth paper and most are in none. The same seed gives the same mix.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import accumulate
from random import Random

from subscriptions.matching import Document

DAY = date(2026, 7, 7)
_COMMON = """
    the of and a to in we for that is on with this by as our are an from be can
    which it or these model method data results show paper propose approach between
    both more than over two new across learning task while large such using based
""".split()
_SYLLABLES = [
    c + v for c in "b c d f g k l m n p r t v z br tr".split() for v in "aeiou"
]
CATEGORIES = """
    cs.lg cs.ai cs.cl cs.cv stat.ml cs.ro cs.ir eess.iv math.oc cs.ne cs.hc cs.se
    cs.cr cs.ma cs.dc math.st physics.comp-ph q-bio.qm cs.sd eess.as cs.gr cs.lo
    quant-ph cs.db cs.si econ.em cs.it math.pr cs.ds cs.gt
""".split()
# Kinds of filters, of a hundred.
_KINDS = {
    "with a word": 22,
    "one of several": 24,
    "without a word": 16,
    "without either": 8,
    "in a category": 8,
    "in the title": 5,
    "with a prefix": 5,
    "words": 7,
    "author": 5,
}
_WORDS, _CONCEPTS, _AUTHORS = 30_000, 30_000, 30_000


class Mix:
    """Draws papers, filters and readers; each kind from its own random numbers."""

    def __init__(self, seed: int = 1) -> None:
        random = Random(seed)
        made = dict.fromkeys(_COMMON)
        while len(made) < _WORDS:
            syllables = 2 + (len(made) > 4000) + (random.random() < 0.3)
            made["".join(random.choices(_SYLLABLES, k=syllables))] = None
        self.words = list(made)
        self._zipf = list(accumulate(1 / (rank + 4) ** 1.27 for rank in range(_WORDS)))
        self.concepts = self._make_concepts(random)
        self._known = list(accumulate(rank**-0.8 for rank in range(1, _CONCEPTS + 1)))
        families = self.words[3000:9000]
        given = self.words[400:1400]
        self.authors = [
            f"{random.choice(given)} {random.choice(families)}" for _ in range(_AUTHORS)
        ]
        self._writing = list(
            accumulate((rank + 20) ** -0.7 for rank in range(_AUTHORS))
        )
        self._wanted = list(accumulate(rank**-0.7 for rank in range(1, _CONCEPTS + 1)))
        self._seed = seed

    def _make_concepts(self, random: Random) -> list[str]:
        found: dict[str, None] = {}
        pool = self.words[len(_COMMON) : 6000]
        weights = list(accumulate(1 / (rank + 30) for rank in range(len(pool))))
        while len(found) < _CONCEPTS:
            length = 2 if random.random() < 0.75 else 3
            words = random.choices(pool, cum_weights=weights, k=length)
            found[" ".join(words)] = None
        return list(found)

    # --- papers --------------------------------------------------------------------
    def papers(
        self, number: int, day: date = DAY, first: int = 1
    ) -> Iterator[Document]:
        """Documents of one arXiv edition: 178 words each, in the mean."""
        random = Random(f"papers {self._seed} {day} {first}")
        for key in range(first, first + number):
            yield self._paper(key, day, random)

    def _paper(self, key: int, day: date, random: Random) -> Document:
        concepts = self._some_concepts(random, round(random.gauss(7, 2)))
        text = random.choices(
            self.words, cum_weights=self._zipf, k=max(40, round(random.gauss(148, 40)))
        )
        for concept in concepts:
            text.insert(random.randrange(len(text)), concept)
        title = random.choices(self.words, cum_weights=self._zipf, k=6)
        title.insert(random.randrange(6), concepts[0])
        writers = random.choices(
            self.authors, cum_weights=self._writing, k=random.randint(1, 8)
        )
        return Document(
            listing=key,
            paper=key,
            source="arxiv",
            day=day,
            title=" ".join(title).capitalize(),
            abstract=" ".join(text).capitalize() + ".",
            note="",
            authors=tuple(name.title() for name in writers),
            categories=tuple(random.sample(CATEGORIES[: random.choice((5, 30))], 2)),
            upvotes=0,
            has_code=random.random() < 0.3,
        )

    def _some_concepts(self, random: Random, number: int) -> list[str]:
        found = random.choices(self.concepts, cum_weights=self._known, k=max(1, number))
        return list(dict.fromkeys(found))

    # --- filters -------------------------------------------------------------------
    def filters(self, number: int) -> list[str]:
        """Distinct filters of the kinds in `_KINDS`, the best known concepts' first,
        roughly."""
        random = Random(f"filters {self._seed}")
        found: dict[str, float] = {}
        while len(found) < number:
            text, rank = self._filter(random)
            found[text] = rank * random.lognormvariate(0, 2)
        return sorted(found, key=found.__getitem__)

    def more_filters(self) -> Iterator[str]:
        """Others, without end."""
        random = Random(f"more filters {self._seed}")
        while True:
            yield self._filter(random)[0]

    def _filter(self, random: Random) -> tuple[str, int]:
        """And the rank of its concept among all of them, 0 the best known."""
        (kind,) = random.choices(list(_KINDS), list(_KINDS.values()))
        rank, word = self._rank(random), self._word(random)
        phrase = self._phrase(rank)
        text = {
            "with a word": f"{phrase} {word}",
            "without a word": f"{phrase} -{word}",
            "without either": f"{phrase} -({word} OR {self._word(random)})",
            "in a category": f"{phrase} cat:{random.choice(CATEGORIES)}",
            "in the title": f"title:{phrase} {word}",
            "with a prefix": f"{word[:5]}* {phrase}",
            "words": f"{word} {self._word(random)} {self._word(random)}",
            "author": f'author:"{random.choice(self.authors)}"',
        }.get(kind)
        if text is None:
            others = [self._phrase(self._rank(random)) for _ in range(3)]
            some = {phrase, *others[: random.randint(1, 3)]}
            text = " OR ".join(sorted(some))
        return text, rank

    def _rank(self, random: Random) -> int:
        (rank,) = random.choices(range(_CONCEPTS), cum_weights=self._wanted)
        return rank

    def _phrase(self, rank: int) -> str:
        return f'"{self.concepts[rank]}"'

    def _word(self, random: Random) -> str:
        rank = len(_COMMON) * (12_000 / len(_COMMON)) ** random.random()
        return self.words[int(rank)]

    # --- readers -------------------------------------------------------------------
    def readers(self, number: int, filters: int) -> Iterator[set[int]]:
        """Each reader's filters by their places in `filters()`: 2.5 in the mean, the
        most popular one wanted by every fortieth reader."""
        random = Random(f"readers {self._seed}")
        popular = list(accumulate(1 / (place + 10) for place in range(filters)))
        many = random.choices(range(1, 7), (28, 30, 20, 12, 6, 4), k=number)
        for count in many:
            yield set(random.choices(range(filters), cum_weights=popular, k=count))
