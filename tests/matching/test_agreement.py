"""Three opinions on one filter: the bitsets, the naive evaluator, the explanation."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from subscriptions.matching import Document, Matcher, canonical, explain
from subscriptions.matching.language import parse_canonical

from .documents import invented, recorded
from .oracle import satisfies
from .random_filters import Filters


def agree(documents: Sequence[Document], filters: int, seed: int) -> int:
    """Hold random filters to the naive evaluator's answers; returns the matches."""
    supply = Filters(seed, documents)
    matcher, queries = Matcher(), {}
    for number in range(filters):
        _, queries[number] = supply.next()
        matcher.add(number, canonical(queries[number]))
    matches = matcher.match(documents)
    total = 0
    for number, query in queries.items():
        expected = {d.paper for d in documents if satisfies(d, query)}
        found = {hit.paper for hit in matches.hits(number)}
        assert found == expected, canonical(query)
        total += len(expected)
    return total


def test_random_filters_over_invented_papers() -> None:
    assert agree(invented(), 1000, seed=1) > 500


def test_random_filters_over_real_papers() -> None:
    documents = recorded(60)
    if not documents:
        pytest.skip("../shared/data is not here: it holds the recorded days")
    assert agree(documents, 1000, seed=2) > 500


def test_the_explanation_agrees_with_the_naive_evaluator() -> None:
    documents = invented()
    supply = Filters(3, documents)
    for _ in range(500):
        text, query = supply.next()
        for document in documents:
            explained = explain(query, document) is not None
            assert explained == satisfies(document, query), text


def test_the_canonical_form_selects_the_same_papers() -> None:
    documents = invented()
    supply = Filters(4, documents)
    for _ in range(500):
        text, query = supply.next()
        again = parse_canonical(canonical(query))
        for document in documents:
            assert satisfies(document, again) == satisfies(document, query), text
