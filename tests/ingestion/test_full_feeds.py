"""arXiv's feed holds 2,000 announcements at most, and does not say when it is full."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from subscriptions import ingestion
from subscriptions.models import Edition, SourceRun

from .conftest import NOON, TUESDAY, words
from .invented import an_rss_feed, an_rss_item
from .stub_source import Fault, StubSource

pytestmark = pytest.mark.django_db
CATEGORIES = ("cs.AI", "cs.LG", "stat.ML")


@pytest.fixture
def stub(stub: StubSource, settings: Any) -> StubSource:
    """A day of 2,600 papers: 900 of cs.AI, 900 of cs.LG, 1,000 of stat.ML, 200 of
    which are of cs.LG too."""
    settings.ARXIV_CATEGORIES = CATEGORIES
    items = [an_rss_item(f"2607.{number:05d}") for number in range(2600)]
    of = {"cs.AI": items[:900], "cs.LG": items[900:1800], "stat.ML": items[1600:]}
    for several in (CATEGORIES, CATEGORIES[1:], *((each,) for each in CATEGORIES)):
        found = dict.fromkeys(item for each in several for item in of[each])
        feed = an_rss_feed(TUESDAY, list(found)[:2000])
        stub.feeds["+".join(several)] = feed
    return stub


def ask() -> ingestion.Ingested:
    return ingestion.ingest_source("arxiv", None, NOON, words, budget=60)


def test_of_a_full_feed_the_halves_are_asked_for_too(stub: StubSource) -> None:
    taken = ask()
    assert (taken.seen, taken.listed, taken.days) == (2600, 2600, (TUESDAY,))
    assert stub.requests == [
        "/rss/cs.AI+cs.LG+stat.ML",
        "/rss/cs.AI",
        "/rss/cs.LG+stat.ML",
    ]
    assert (taken.state, SourceRun.objects.get().complete) == ("fresh", True)
    assert Edition.objects.get().papers == 2600


def test_a_half_that_fails_leaves_a_list_that_is_not_whole(stub: StubSource) -> None:
    stub.fault = Fault(status=404, at="/rss/cs.LG")
    taken = ask()
    assert (taken.state, taken.seen) == ("partial", 2000)
    assert not SourceRun.objects.get().complete
    assert taken.reasons == ("The list is not whole: 127.0.0.1 answered 404.",)


def test_a_half_of_another_day_is_left_for_the_next_time(stub: StubSource) -> None:
    tomorrow = TUESDAY + timedelta(days=1)
    stub.feeds["cs.AI"] = an_rss_feed(tomorrow, [an_rss_item("2607.09999")])
    taken = ask()
    assert (taken.state, taken.seen, taken.days) == ("partial", 2600, (TUESDAY,))
    assert "A feed of 2026-07-08 came with that of 2026-07-07" in taken.reasons[0]


def test_one_category_that_fills_a_feed_is_told(
    stub: StubSource, settings: Any
) -> None:
    settings.ARXIV_CATEGORIES = ("cs.AI",)
    stub.feeds["cs.AI"] = stub.feeds["+".join(CATEGORIES)]
    taken = ask()
    assert (taken.state, taken.seen, len(stub.requests)) == ("fresh", 2000, 1)
    assert taken.reasons == (
        "The feed of cs.AI is full; some announcements may be missing.",
    )
