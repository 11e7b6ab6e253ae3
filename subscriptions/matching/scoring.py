"""How well a paper answers a term: BM25F, and what upvotes add.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
(2009), section 3.6: the counts of a term in the fields are weighted and normalised by
length before they saturate together. The score of a paper for a filter is the sum over
the terms it asks for, so a term's score of a paper is computed once for all filters.

Scores are whole millionths, so that a sum is the same in whatever order it is made.
"""

from __future__ import annotations

import hashlib
import math
from datetime import date
from functools import lru_cache

SCALE = 1_000_000
K1 = 1.2
TITLE_WEIGHT, ABSTRACT_WEIGHT = 3.0, 1.0
# Mean lengths in words of 2,135 arXiv listings of June 2026, in place of the day's: a
# score then depends on the papers matched along by the term's rarity alone.
TITLE_LENGTH, ABSTRACT_LENGTH = 11, 200
B = 0.75
# 100 upvotes are worth about as much as a term of middling rarity in the title.
UPVOTES_WEIGHT = 0.3
# A name stands once among the authors; its rarity alone tells names apart.
AUTHOR_FREQUENCY = 1.0


def title_weight(length: int) -> float:
    """What one occurrence in a title of `length` words counts."""
    return TITLE_WEIGHT / (1 - B + B * length / TITLE_LENGTH)


def abstract_weight(length: int) -> float:
    return ABSTRACT_WEIGHT / (1 - B + B * length / ABSTRACT_LENGTH)


def rarity(having: int, documents: int) -> float:
    """What a term counts that `having` of `documents` have; never negative."""
    return math.log(1 + (documents - having + 0.5) / (having + 0.5))


def term_score(rarity: float, frequency: float) -> int:
    """Of a document with this weighted frequency of the term."""
    return round(SCALE * rarity * frequency / (K1 + frequency))


@lru_cache(maxsize=10_000)
def upvotes_score(upvotes: int) -> int:
    return round(SCALE * UPVOTES_WEIGHT * math.log1p(upvotes))


@lru_cache(maxsize=100_000)
def lot(paper: int, day: date | None) -> bytes:
    """Decides between equal scores: fair over the days, the same on every machine."""
    key = f"{paper}:{day and day.isoformat()}"
    return hashlib.blake2b(key.encode(), digest_size=8).digest()
