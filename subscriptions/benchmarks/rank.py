"""`bench rank`: how ties and the cap fall, over real days.

Readers with one broad filter and one narrow one, or a followed author, and digests that
cover a day's editions of both sources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from subscriptions.matching import (
    Document,
    Index,
    Matcher,
    Ranking,
    canonical,
    parse,
    pick,
)
from subscriptions.matching.index import numbers
from subscriptions.models import Edition, Listing, Source

CAP = 12
BROAD = ("in:hf", '"language model"', "cat:cs.LG", "in:arxiv", "*")
BROAD_ARXIV = (
    "in:arxiv",
    'in:arxiv "language model"',
    "in:arxiv cat:cs.LG",
    "in:arxiv cat:cs.CV",
    "in:arxiv cat:cs.CL",
    "in:arxiv agent",
)
NARROW = (
    '"diffusion model" video',
    '"policy gradient" OR "policy optimization"',
    '"speculative decoding" OR quantization',
    "retrieval augmented generation",
    '"mixture of experts"',
    "robot manipulation",
    "hallucination*",
    "protein OR molecule",
    '"graph neural network"',
    "speech recognition OR synthesis speech",
    '"world model"',
    "code generation benchmark",
    "federated learning",
    '"chain of thought"',
    "medical imaging OR segmentation medical",
    '"gaussian splatting"',
    "jailbreak* OR red-teaming",
    "interpretability",
    '"time series"',
    '"differential privacy"',
)
# A filter with more papers on a day than this is not narrow on that day.
_NARROW = 8
# Authors followed, of each day.
_AUTHORS = 100


def measure() -> dict[str, Any]:
    """Counts over the published editions in the database, and shares of them."""
    counts: Counter[str] = Counter()
    expected = 0.0
    for day in _days():
        board = _Day(day)
        counts["days"] += 1
        board.ties(counts)
        board.narrow_beside_broad(counts)
        board.authors_beside_broad(counts)
        expected += board.featured(counts)
    return {
        **{name: counts[name] for name in _COUNTED},
        "tie_share": _share(counts["places_by_tie"], counts["places"]),
        "narrow_cut_share": _share(counts["narrow_cut"], counts["narrow_papers"]),
        "narrow_place_share": _share(counts["narrow_places"], counts["shared_places"]),
        "hf_in_top_expected": round(expected, 1),
        "hf_in_top_ratio": _share(counts["hf_in_top"], expected),
    }


_COUNTED = (
    "days",
    "digests",
    "places",
    "places_by_tie",
    "shared_places",
    "narrow_places",
    "narrow_papers",
    "narrow_cut",
    "author_papers",
    "author_cut",
    "hf_same_day",
    "hf_in_top",
)


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _days() -> list[date]:
    """Those for which both sources have an edition, but for the smallest remainders."""
    found = Edition.objects.published().filter(papers__gte=10)
    by_source = [
        set(found.filter(source=source).values_list("day", flat=True))
        for source in (Source.HF, Source.ARXIV)
    ]
    return sorted(set.intersection(*by_source))


class _Day:
    """A day's editions of both sources, ranked for all the filters asked about."""

    def __init__(self, day: date) -> None:
        self.day = day
        listings = Listing.objects.filter(
            edition__day=day, edition__source__in=(Source.HF, Source.ARXIV)
        ).select_related("paper", "edition")
        documents = sorted(
            map(Document.of_listing, listings), key=lambda each: each.listing
        )
        self.authors = list(
            dict.fromkeys(name for each in documents for name in each.authors[:1])
        )[:_AUTHORS]
        self._numbers: dict[str, int] = {}
        matcher = Matcher()
        followed = map(_by, self.authors)
        for text in dict.fromkeys([*BROAD, *BROAD_ARXIV, *NARROW, *followed]):
            self._numbers[text] = len(self._numbers)
            matcher.add(self._numbers[text], canonical(parse(text)))
        self._documents = documents
        self._ranking = Ranking([matcher.match(Index(documents))])

    def _papers(self, text: str) -> set[int]:
        """By id."""
        entries = self._ranking.entries
        found = self._ranking.of(self._numbers[text]).papers
        return {entries[number].paper for number in numbers(found)}

    def _pick(self, texts: Sequence[str]) -> list[tuple[int, tuple[int, ...]]]:
        filters = {at: self._numbers[text] for at, text in enumerate(texts)}
        picked = pick(self._ranking, filters, frozenset(), CAP, self.day)
        return [(each.paper, each.filters) for each in picked.picks]

    def ties(self, counts: Counter[str]) -> None:
        """Of the places of one broad filter's digest: those that only the lot gave,
        because the first paper left out scores the same."""
        for text in BROAD:
            scores = [hit.score for hit in self._ranking.hits(self._numbers[text])]
            counts["digests"] += 1
            counts["places"] += min(CAP, len(scores))
            if len(scores) > CAP:
                counts["places_by_tie"] += scores[:CAP].count(scores[CAP])

    def narrow_beside_broad(self, counts: Counter[str]) -> None:
        for broad in BROAD:
            for narrow in NARROW:
                wanted = self._papers(narrow)
                if not 0 < len(wanted) <= _NARROW:
                    continue
                picked = self._pick([broad, narrow])
                counts["shared_places"] += len(picked)
                counts["narrow_places"] += sum(keys[0] == 1 for _, keys in picked)
                counts["narrow_papers"] += len(wanted)
                counts["narrow_cut"] += len(wanted - {paper for paper, _ in picked})

    def authors_beside_broad(self, counts: Counter[str]) -> None:
        """Each first author followed, beside every broad filter in turn."""
        for author in self.authors:
            wanted = self._papers(_by(author))
            for broad in BROAD:
                picked = self._pick([broad, _by(author)])
                counts["author_papers"] += len(wanted)
                counts["author_cut"] += len(wanted - {paper for paper, _ in picked})

    def featured(self, counts: Counter[str]) -> float:
        """Papers of the day's arXiv list that Hugging Face lists the same day: how many
        stand in the first 12 of broad arXiv filters, and (returned) how many would if
        the order were drawn by lot."""
        featured = _papers_of(self._documents, Source.HF)
        featured &= _papers_of(self._documents, Source.ARXIV)
        counts["hf_same_day"] += len(featured)
        expected = 0.0
        for text in BROAD_ARXIV:
            wanted = self._papers(text)
            top = {paper for paper, _ in self._pick([text])}
            counts["hf_in_top"] += len(top & featured)
            expected += len(top) * len(wanted & featured) / max(len(wanted), 1)
        return expected


def _by(author: str) -> str:
    return f'author:"{author}"'


def _papers_of(documents: Iterable[Document], source: str) -> set[int]:
    return {each.paper for each in documents if each.source == source}
