"""Filling an empty installation: the newest day, or the samples."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from subscriptions import pipeline
from subscriptions.models import Edition, Paper
from tests.ingestion.invented import an_hf_item, an_rss_feed, an_rss_item
from tests.ingestion.stub_source import Fault, StubSource

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 7, 7)
MONDAY = TUESDAY - timedelta(days=1)
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)


def fill(budget: float = 10.0) -> str:
    told = pipeline.first_edition(NOON, budget)
    assert "\n" not in told
    return told


def states() -> dict[str, str]:
    return {f"{e.source} {e.day}": e.state for e in Edition.objects.all()}


def test_the_newest_day_of_each_source_comes_in(stub: StubSource) -> None:
    stub.hf[MONDAY] = [an_hf_item("2607.00001", MONDAY)]
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00002")])
    assert fill() == (
        "Ingested: arXiv, Tue 7 July 2026 (1 papers); "
        "Hugging Face, Mon 6 July 2026 (1 papers)."
    )
    assert states() == {"hf 2026-07-06": "published", "arxiv 2026-07-07": "published"}


def test_a_day_that_still_grows_stays_open_beside_the_settled_one(
    stub: StubSource,
) -> None:
    stub.hf = {
        TUESDAY: [an_hf_item("2607.00002", TUESDAY)],
        MONDAY: [an_hf_item("2607.00001", MONDAY)],
    }
    fill()
    assert states() == {"hf 2026-07-06": "published", "hf 2026-07-07": "open"}


def test_one_source_that_answers_is_enough(stub: StubSource) -> None:
    stub.fault = Fault(status=404, at="/rss/")
    stub.hf[MONDAY] = [an_hf_item("2607.00001", MONDAY)]
    assert fill() == "Ingested: Hugging Face, Mon 6 July 2026 (1 papers)."
    assert not Edition.objects.filter(source="sample").exists()


def test_without_an_answer_the_samples_are_loaded_and_the_line_says_why(
    stub: StubSource,
) -> None:
    stub.fault = Fault(status=503)
    assert fill() == (
        "No source answered (No list came: 127.0.0.1 answered 503): "
        "loaded the sample edition, invented papers."
    )
    assert states() == {"sample 2026-07-07": "published"}
    assert Paper.objects.count() == 40


def test_sources_that_say_nothing_cost_the_budget_and_no_more(
    stub: StubSource, settings: Any
) -> None:
    stub.fault = Fault(body=b"x", head=True, drip=0.05, endless=True)
    began = time.monotonic()
    told = fill(budget=1.0)
    # Not a measurement: without the budget each source would hang for ever.
    assert time.monotonic() - began < 10
    assert told.startswith("No source answered (No list came: 127.0.0.1 did not finish")


def test_where_papers_are_nothing_is_asked(stub: StubSource) -> None:
    stub.hf[MONDAY] = [an_hf_item("2607.00001", MONDAY)]
    fill()
    stub.requests.clear()
    assert fill() == "The newest edition stored is Hugging Face, Mon 6 July 2026."
    assert stub.requests == []


def test_where_only_samples_are_the_sources_are_asked_again(stub: StubSource) -> None:
    stub.fault = Fault(status=503)
    fill()
    again = fill()
    assert again.startswith("No source answered")
    assert again.endswith(": the samples stay.")
    assert Paper.objects.count() == 40
    stub.fault = None
    stub.hf[MONDAY] = [an_hf_item("2607.00001", MONDAY)]
    assert fill() == "Ingested: Hugging Face, Mon 6 July 2026 (1 papers)."
