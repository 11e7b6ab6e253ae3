"""Editions of one paper and of twenty thousand."""

from __future__ import annotations

from datetime import date

import pytest

from subscriptions.benchmarks.baselines import FullText, full_text
from subscriptions.benchmarks.mix import Mix
from subscriptions.matching import Index, Matcher, Ranking, parse_canonical, pick
from subscriptions.matching.index import numbers

DAY = date(2026, 7, 7)


@pytest.mark.parametrize(
    ("papers", "filters"),
    [(1, 2000), (64, 1000), pytest.param(20_000, 20_000, marks=pytest.mark.full)],
)
def test_an_edition_of_any_size_is_matched_and_picked_from(
    papers: int, filters: int
) -> None:
    mix = Mix()
    documents = list(mix.papers(papers))
    texts = [*mix.filters(filters), "the", "*"]
    matcher = Matcher()
    for number, text in enumerate(texts):
        matcher.add(number, text)
    matches = matcher.match(Index(documents))
    asked = [full_text(parse_canonical(text)) for text in texts[:-1]]
    found = [[row for (row,) in some] for some in FullText(documents).run(asked)]
    assert found == [
        list(numbers(matches.documents(number))) for number in range(len(asked))
    ]
    everything = len(texts) - 1
    ranking = Ranking([matches])
    assert ranking.of(everything).papers.bit_count() == papers
    had = frozenset(range(1, papers // 2 + 1))
    picked = pick(ranking, {1: everything, 2: everything - 1}, had, 12, DAY)
    assert len(picked.picks) == min(12, papers - len(had))
    assert not had & {one.paper for one in picked.picks}
