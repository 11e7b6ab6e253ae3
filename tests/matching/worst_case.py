"""The dearest filters that a reader may write, and a round of nothing else.

TEST_FULL=1 pytest -s tests/matching/test_worst_case.py prints what they cost a round,
and what as many ordinary ones do.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from subscriptions.matching import (
    Document,
    Index,
    Matcher,
    Ranking,
    explain,
    parse_canonical,
    pick,
)
from subscriptions.matching.tokens import words

TERMS = 50
DEEPEST = 10


class Dearest:
    """Endless distinct filters at the limits: 50 terms, parentheses ten deep, one
    phrase of forty words, the broadest words and prefixes, and as much NOT as may be.
    """

    def __init__(self, seed: int, documents: Sequence[Document]) -> None:
        self.random = Random(seed)
        self.read = [words(document.abstract) for document in documents]
        counts = Counter(word for abstract in self.read for word in set(abstract))
        self.broad = [word for word, _ in counts.most_common(400)]
        starts = Counter(word[:3] for word in self.broad if len(word) > 3)
        self.starts = [start for start, _ in starts.most_common(100)]

    def next(self) -> str:
        distinct: dict[str, None] = {}
        while len(distinct) < TERMS - 1:
            distinct[self.term()] = None
        terms = list(distinct)
        nested = terms.pop()
        for depth in range(DEEPEST):
            some = [terms.pop() for _ in range(3)]
            joint = (" OR ", " ")[depth % 2]
            left_out = f" -{terms.pop()}" if depth % 2 else ""
            nested = f"({joint.join([*some, nested])}{left_out})"
        phrase = self.phrase(1000 - len(nested) - len(" OR ".join(terms)) - 20)
        return " OR ".join([f'"{phrase}"', nested, *terms])

    def term(self) -> str:
        random = self.random
        start, word = random.choice(self.starts) + "*", random.choice(self.broad)
        return random.choice((start, start, word))

    def phrase(self, longest: int) -> str:
        abstract = self.random.choice([some for some in self.read if len(some) > 41])
        at = self.random.randrange(len(abstract) - 40)
        text = " ".join(abstract[at : at + 40])
        return text[:longest].rpartition(" ")[0] if len(text) > longest else text


@dataclass(frozen=True)
class Taken:
    """Seconds that a round's steps took which a filter can make dear, all of its
    filters taken together. `words`: saying why each paper is there, for the mail."""

    matching: float
    picks: float
    words: float
    papers: int

    def __str__(self) -> str:
        return (
            f"matching {self.matching:.2f} s, picks {self.picks:.1f} s, why-words "
            f"{self.words:.1f} s, for {self.papers:,} papers picked"
        )


def taken(texts: Sequence[str], documents: Sequence[Document]) -> Taken:
    """What one edition costs if every filter is one reader's only one."""
    matcher = Matcher()
    for number, text in enumerate(texts):
        matcher.add(number, text)
    begin = time.perf_counter()
    matches = matcher.match(Index(documents))
    matched = time.perf_counter()
    ranking, day = Ranking([matches]), date(2026, 7, 7)
    picks = [
        pick(ranking, {1: number}, set(), 12, day).picks for number in range(len(texts))
    ]
    picked = time.perf_counter()
    by_paper = {document.paper: document for document in documents}
    for text, some in zip(texts, picks, strict=True):
        query = parse_canonical(text) if some else None
        for each in some:
            assert query and explain(query, by_paper[each.paper]) is not None
    return Taken(
        matched - begin,
        picked - matched,
        time.perf_counter() - picked,
        sum(map(len, picks)),
    )
