"""How well a paper answers a term: BM25F, and what upvotes add.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond"
(2009), section 3.6: the counts of a term in the fields are weighted and normalised by
length before they saturate together. The score of a paper for a filter is the sum over
the terms it asks for, so a term's score of a paper is computed once for all filters.
"""

from __future__ import annotations

import hashlib
import math
from datetime import date
from functools import lru_cache

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


def term_scores(frequencies: dict[int, float], documents: int) -> dict[int, float]:
    """Document number -> score, from its weighted frequency of one term.

    `documents`: how many there are in all, for the term's rarity (never negative).
    """
    found = len(frequencies)
    rarity = math.log(1 + (documents - found + 0.5) / (found + 0.5))
    return {
        number: rarity * frequency / (K1 + frequency)
        for number, frequency in frequencies.items()
    }


def upvotes_score(upvotes: int) -> float:
    return UPVOTES_WEIGHT * math.log1p(upvotes)


@lru_cache(maxsize=100_000)
def lot(paper: int, day: date | None) -> bytes:
    """Decides between equal scores: fair over the days, the same on every machine."""
    key = f"{paper}:{day and day.isoformat()}"
    return hashlib.blake2b(key.encode(), digest_size=8).digest()
