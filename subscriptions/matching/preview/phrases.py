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
from itertools import chain
from operator import itemgetter

from subscriptions.matching.documents import Document
from subscriptions.matching.language.tree import Phrase
from subscriptions.matching.tokens import Token, stem, tokens

from .common_words import JOINING, STOP
from .shelves import Shelf

TITLE_WEIGHT = 3
# Of a paper's 150 candidates only the best by their single words are counted.
_COUNTED = 30
# So many papers tell how rare a phrase is; of more only the newest are asked.
_ENOUGH = 3_000
# What more papers than this have says nothing about one of them; a handful may.
_COMMON, _HANDFUL = 0.03, 3
_PLAIN = re.compile(r"[\w -]+")
_GAP = re.compile(r"\s+|-")


@dataclass(frozen=True, slots=True)
class _Candidate:
    phrase: Phrase
    times: int  # in the abstract, and three times those in the title
    rarest: float  # share of papers that have its rarest word


def phrases(document: Document, shelved: Sequence[Shelf], most: int) -> list[Phrase]:
    """At most `most`, the most telling first; no two share a word."""
    shelved = _enough(shelved)
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
        key=itemgetter(0, 1),
    )
    chosen: list[Phrase] = []
    for _, _, phrase in scored:
        if all(set(phrase.words).isdisjoint(other.words) for other in chosen):
            chosen.append(phrase)
        if len(chosen) == most:
            break
    return chosen


def _enough(shelved: Sequence[Shelf]) -> Sequence[Shelf]:
    """The newest of them that hold as many papers as it takes."""
    papers = 0
    for start in range(len(shelved) - 1, -1, -1):
        papers += len(shelved[start].index)
        if papers >= _ENOUGH:
            return shelved[start:]
    return shelved


def _score(each: _Candidate, shelved: Sequence[Shelf], papers: int) -> float:
    """A phrase that no other paper has lately would bring nothing: half as good, and
    no name at all if this one says it once. Three words count more than two of them."""
    having = sum([shelf.bits(each.phrase).bit_count() for shelf in shelved])
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
            words = tuple([stem(token.word) for token in run])
            times[words] = times.get(words, 0) + weight
            if words not in written:
                written[words] = " ".join(text[run[0].start : run[-1].end].split())
    having = {word: _having(word, shelved) for word in set(chain.from_iterable(times))}
    for words, count in times.items():
        rarest = min([having[word] for word in words])
        phrase = Phrase(words, "", written[words])
        yield _Candidate(phrase, count, max(rarest, 1) / (papers + 1))


def _having(word: str, shelved: Sequence[Shelf]) -> int:
    """How many papers have a word, roughly: in title or abstract, whichever is more."""
    found = 0
    for shelf in shelved:
        title = shelf.index.title.postings.get(word, ())
        abstract = shelf.index.abstract.postings.get(word, ())
        found += max(len(title), len(abstract))
    return found


def _runs(text: str) -> Iterator[list[Token]]:
    """Two or three words with nothing but a space or a hyphen between them, none of
    which keeps a phrase from naming anything."""
    row: list[Token] = []
    for token in tokens(text):
        if row and not _GAP.fullmatch(text, row[-1].end, token.start):
            row = []
        if not _may_name(token, text):
            row = []
            continue
        row.append(token)
        for run in (row[-2:], row[-3:]) if len(row) > 2 else (row,):
            if len(run) > 1 and _names_something(run, text):
                yield run


def _may_name(token: Token, text: str) -> bool:
    word = token.word
    if (word in STOP and word not in JOINING) or len(word) < 2 or word.isdecimal():
        return False
    return bool(_PLAIN.fullmatch(text, token.start, token.end))


def _names_something(run: Sequence[Token], text: str) -> bool:
    start, end = run[0].start, run[-1].end
    if not text[start].isalpha():
        return False
    # "supervised learning" is not what "self-supervised learning" is about
    if text[max(start - 1, 0) : start] == "-" or text[end : end + 1] == "-":
        return False
    first, last = run[0].word, run[-1].word
    if first.endswith("ly") or last.endswith(("ly", "ed")):
        return False
    return any(len(t.word) > 3 and t.word not in JOINING for t in run)
