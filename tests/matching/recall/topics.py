"""Thirty topics with the papers that one reader picked for each (docs/matching.md).

topics.json holds numbers of papers and the reader's own words, no title or abstract.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subscriptions.matching import Document, Matcher, canonical, parse
from tests.matching.documents import a_document, hits

# Why a relevant paper is missed, in the order of the table.
KINDS = (
    "another word",
    "too exact",
    "another form",
    "abbreviation",
)


@dataclass(frozen=True)
class Miss:
    """Papers that a filter misses for one reason: what they say instead."""

    kind: str
    says: str
    papers: tuple[str, ...]


@dataclass(frozen=True)
class Topic:
    """`relevant_is` says in a sentence what counts; `second` is a filter written with
    the misses in view, "" for most topics."""

    name: str
    relevant_is: str
    filter: str
    second: str
    relevant: frozenset[str]
    misses: tuple[Miss, ...]

    @property
    def missed(self) -> frozenset[str]:
        return frozenset(paper for miss in self.misses for paper in miss.papers)


def topics() -> list[Topic]:
    """The fixture, in its own order."""
    items = json.loads(Path(__file__).with_name("topics.json").read_text())
    return [
        Topic(
            name=item["topic"],
            relevant_is=item["relevant_is"],
            filter=item["filter"],
            second=item.get("second", ""),
            relevant=frozenset(item["relevant"]),
            misses=tuple(
                Miss(miss["kind"], miss["says"], tuple(miss["papers"]))
                for miss in item["missed"]
            ),
        )
        for item in items
    ]


class RealDays:
    """Every listing of the recorded days of both sources, in memory."""

    def __init__(self, shared: Path) -> None:
        self._arxiv_ids: list[str] = []
        numbers: dict[str, int] = {}
        self._documents: list[Document] = []
        for arxiv_id, source, title, abstract in _listings(shared / "data"):
            number = numbers.setdefault(arxiv_id, len(numbers))
            self._documents.append(
                a_document(title, abstract, paper=number, source=source)
            )
        self._arxiv_ids = list(numbers)

    def __len__(self) -> int:
        return len(self._arxiv_ids)

    def find(self, filters: Iterable[str]) -> dict[str, frozenset[str]]:
        """By filter, the papers of which a listing satisfies it."""
        numbered = dict(enumerate(dict.fromkeys(filters)))
        matcher = Matcher()
        for number, text in numbered.items():
            matcher.add(number, canonical(parse(text)))
        matches = matcher.match(self._documents)
        return {
            text: frozenset(self._arxiv_ids[hit.paper] for hit in hits(matches, number))
            for number, text in numbered.items()
        }


def _listings(data: Path) -> Iterator[tuple[str, str, str, str]]:
    """(arXiv number, source, title, abstract), one paper once for each source."""
    seen = set()
    for path in sorted(data.glob("hf_daily/*.json")):
        for item in json.loads(path.read_text()):
            paper = item["paper"]
            if ("hf", paper["id"]) not in seen:
                seen.add(("hf", paper["id"]))
                yield paper["id"], "hf", paper["title"], paper["summary"]
    for path in sorted(data.glob("arxiv_daily/*.jsonl")):
        for line in path.read_text().splitlines():
            paper = json.loads(line)
            if ("arxiv", paper["id"]) not in seen:
                seen.add(("arxiv", paper["id"]))
                yield paper["id"], "arxiv", paper["title"], paper["summary"]
