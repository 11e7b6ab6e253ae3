"""The phrases that tell what one paper is about, by how rare they are lately.

Two or three words next to each other, none of them a word that any paper could have,
weighed by how often the paper says them, how few others do, and how seldom its words
stand apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from subscriptions.matching.documents import Document
from subscriptions.matching.language.tree import Phrase
from subscriptions.matching.tokens import Token, stem, tokens

from .common_words import JOINING, STOP
from .shelves import Shelf

TITLE_WEIGHT = 3
# Of a paper's 150 candidates only the best by their single words are counted.
_COUNTED = 30
# What more papers than this have says nothing about one of them; a handful may.
_COMMON, _HANDFUL = 0.03, 3
_PLAIN = re.compile(r"[^\W\d_][\w -]*")
_GAP = re.compile(r"\s+|-")


@dataclass(frozen=True, slots=True)
class _Candidate:
    phrase: Phrase
    times: int  # in the abstract, and three times those in the title
    rarest: float  # share of papers that have its rarest word


def phrases(document: Document, shelved: Sequence[Shelf], most: int) -> list[Phrase]:
    """At most `most`, the most telling first; no two share a word."""
    papers = sum(len(shelf.index) for shelf in shelved)
    if not papers:
        return []
    found = sorted(
        _candidates(document, shelved, papers),
        key=lambda each: -each.times * math.log(1 / each.rarest),
    )
    scored = sorted(
        (
            (-score, each.phrase.written, each.phrase)
            for each in found[:_COUNTED]
            if (score := _score(each, shelved, papers)) > 0
        ),
        key=lambda each: each[:2],
    )
    chosen: list[Phrase] = []
    for _, _, phrase in scored:
        if all(set(phrase.words).isdisjoint(other.words) for other in chosen):
            chosen.append(phrase)
        if len(chosen) == most:
            break
    return chosen


def _score(each: _Candidate, shelved: Sequence[Shelf], papers: int) -> float:
    """A phrase that no other paper has lately would bring nothing: half as good, and
    no name at all if this one says it once. Three words count more than two of them."""
    having = sum(shelf.index.bits(each.phrase).bit_count() for shelf in shelved)
    common = having > max(_COMMON * papers, _HANDFUL)
    if common or having + each.times < 3:
        return 0.0
    together = max(having, 1) / max(each.rarest * papers, 1)
    alone = 0.5 if having < 2 else 1.0
    longer = 1 + 0.25 * (len(each.phrase.words) - 2)
    rare = math.log(1 + papers / max(having, 1))
    return each.times * rare * (0.3 + min(together, 1.0)) * alone * longer


def _candidates(
    document: Document, shelved: Sequence[Shelf], papers: int
) -> Iterator[_Candidate]:
    times: dict[tuple[str, ...], int] = {}
    written: dict[tuple[str, ...], str] = {}
    for text, weight in ((document.abstract, 1), (document.title, TITLE_WEIGHT)):
        for run in _runs(text):
            words = tuple(stem(token.word) for token in run)
            times[words] = times.get(words, 0) + weight
            written.setdefault(
                words, " ".join(text[run[0].start : run[-1].end].split())
            )
    for words, count in times.items():
        rarest = min(_having(word, shelved) for word in words)
        phrase = Phrase(words, "", written[words])
        yield _Candidate(phrase, count, max(rarest, 1) / (papers + 1))


def _having(word: str, shelved: Sequence[Shelf]) -> int:
    """How many papers have a word, roughly: in title or abstract, whichever is more."""
    empty: list[int] = []
    return sum(
        max(
            len(shelf.index.title.postings.get(word, empty)),
            len(shelf.index.abstract.postings.get(word, empty)),
        )
        for shelf in shelved
    )


def _runs(text: str) -> Iterator[list[Token]]:
    """Two or three words with nothing but a space or a hyphen between them."""
    read = tokens(text)
    for first in range(len(read)):
        for length in (2, 3):
            run = read[first : first + length]
            if len(run) == length and _names_something(run, text):
                yield run


def _names_something(run: Sequence[Token], text: str) -> bool:
    start, end = run[0].start, run[-1].end
    if not _PLAIN.fullmatch(" ".join(text[start:end].split())):
        return False
    # "supervised learning" is not what "self-supervised learning" is about
    if text[max(start - 1, 0) : start] == "-" or text[end : end + 1] == "-":
        return False
    for one, other in pairwise(run):
        if not _GAP.fullmatch(text[one.end : other.start]):
            return False
    words = [token.word for token in run]
    if any(word in STOP and word not in JOINING for word in words):
        return False
    own = [word for word in words if word not in JOINING]
    if not own or words[0].endswith("ly") or words[-1].endswith(("ly", "ed")):
        return False
    if any(len(word) < 2 or word.isdecimal() for word in words):
        return False
    return any(len(word) > 3 for word in own)
