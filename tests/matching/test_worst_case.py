"""A round in which every filter is as dear as a filter may be."""

from __future__ import annotations

import pytest
from django.conf import settings

from subscriptions.benchmarks.mix import Mix
from subscriptions.matching import Index, Matcher, canonical, parse
from subscriptions.matching.index import numbers
from subscriptions.matching.language.tree import Phrase, leaves

from .oracle import satisfies
from .worst_case import Dearest, taken


def test_the_dearest_filters_are_at_the_limits() -> None:
    dearest = Dearest(1, list(Mix().papers(30)))
    texts = [dearest.next() for _ in range(50)]
    assert len(set(texts)) == 50
    for text in texts:
        assert len(list(leaves(parse(text)))) == settings.FILTER_TERMS
        assert text.count("(") == settings.FILTER_DEPTH
    phrases = [leaf for text in texts for leaf in leaves(parse(text))]
    longest = max(len(leaf.words) for leaf in phrases if isinstance(leaf, Phrase))
    assert longest == 40


@pytest.mark.parametrize(
    ("filters", "papers"),
    [(300, 60), pytest.param(20_000, 1000, marks=pytest.mark.full)],
)
def test_a_round_of_the_dearest_filters_finds_what_it_should(
    filters: int, papers: int
) -> None:
    documents = list(Mix().papers(papers))
    dearest = Dearest(2, documents)
    matcher, texts = Matcher(), [dearest.next() for _ in range(filters)]
    for number, text in enumerate(texts):
        matcher.add(number, canonical(parse(text)))
    matches = matcher.match(Index(documents))
    assert len(matcher) == filters
    for number in range(0, filters, filters // 20):
        query = parse(texts[number])
        expected = [at for at, d in enumerate(documents[:60]) if satisfies(d, query)]
        found = [at for at in numbers(matches.documents(number)) if at < 60]
        assert found == expected


@pytest.mark.full
def test_what_a_round_of_them_takes_is_printed() -> None:
    mix, many = Mix(), 20_000
    documents = list(mix.papers(1000))
    dearest = Dearest(1, documents)
    for name, texts in (
        ("ordinary", list(mix.filters(many))),
        ("dearest", [canonical(parse(dearest.next())) for _ in range(many)]),
    ):
        took = taken(texts, documents)
        print(f"\n{many:,} {name} filters, 1,000 papers: {took}")
        assert 0 < took.papers <= 12 * many
