"""The dearest filters that a reader may write, and a round of nothing else.

TEST_FULL=1 pytest -s tests/matching/test_worst_case.py prints how long an edition takes
against them, and against as many ordinary ones.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from statistics import median

from subscriptions.matching import Document, Index, Matcher
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


def timed(texts: Iterable[str], documents: Sequence[Document]) -> tuple[float, int]:
    """Seconds an edition takes (median of three) and how many filters found some."""
    matcher = Matcher()
    for number, text in enumerate(texts):
        matcher.add(number, text)
    spent = []
    for _ in range(3):
        begin = time.perf_counter()
        found = len(matcher.match(Index(documents)).filters())
        spent.append(time.perf_counter() - begin)
    return median(spent), found
