"""Several opinions on one filter: the bitsets, the naive evaluator, the explanation,
and the search of the database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from subscriptions import pipeline
from subscriptions.matching import (
    Document,
    Index,
    Matcher,
    canonical,
    explain,
    search,
)
from subscriptions.matching.index import numbers
from subscriptions.matching.language import parse_canonical
from subscriptions.models import Listing, Paper

from .documents import invented
from .oracle import satisfies
from .random_filters import Filters

FULL = bool(os.environ.get("TEST_FULL"))


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
        found = {documents[n].paper for n in numbers(matches.documents(number))}
        assert found == expected, canonical(query)
        total += len(expected)
    return total


def test_random_filters_over_invented_papers() -> None:
    assert agree(invented(), 1000, seed=1) > 500


def stored_days(shared: Path, papers: int) -> list[Document]:
    """Real days of both sources in the database, and papers that no source lists, as
    search reads them: the newest text, and each listing's own upvotes."""
    data = shared / "data"
    for day in ("2026-06-22", "2026-06-23", "2026-06-24"):
        pipeline.ingest_file(data / "hf_daily" / f"{day}.json")
        pipeline.ingest_file(data / "arxiv_daily" / f"{day}.jsonl")
    pipeline.publish_until(Listing.objects.latest("listed_on").listed_on)
    unlisted = Paper.objects.order_by("pk")[::23]
    Listing.objects.filter(paper__in=unlisted).delete()
    Paper.objects.filter(
        pk__in=Paper.objects.order_by("pk").values_list("pk", flat=True)[papers:]
    ).delete()
    found = []
    for paper in Paper.objects.prefetch_related("listings__edition"):
        listed = list(map(Document.of_listing, paper.listings.all()))
        found += listed or [Document.of_paper(paper)]
    return found


@pytest.mark.django_db
def test_matcher_naive_evaluator_and_search_agree_over_real_papers(
    shared: Path,
) -> None:
    """On this run's database; the suite is run once on each. 20,000 with --full."""
    documents = stored_days(shared, 700)
    assert len({document.paper for document in documents}) >= 600
    several = len(documents) - len({document.paper for document in documents})
    alone = sum(not document.source for document in documents)
    assert several > 5 and alone > 20
    index = Index(documents)
    supply = Filters(5, documents)
    random = Random(6)
    number, matched = 20_000 if FULL else 400, 0
    for start in range(0, number, 1000):
        queries = [supply.next()[1] for _ in range(min(1000, number - start))]
        matcher = Matcher()
        for at, query in enumerate(queries):
            matcher.add(at, canonical(query))
        matches = matcher.match(index)
        for at, query in enumerate(queries):
            bits = numbers(matches.documents(at))
            own = {documents[n].paper for n in bits}
            results = search(query, limit=0)
            whole = search(query) if random.random() < 0.02 else None
            if whole:
                assert {one.paper for one in whole.found} == own, canonical(query)
            assert results.total == len(own), canonical(query)
            naive = {d.paper for d in documents if satisfies(d, query)}
            assert naive == own, canonical(query)
            matched += bool(own)
    assert matched > number * 0.4


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
