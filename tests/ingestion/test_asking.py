"""Asking the sources over HTTP: which day, how many pages, what comes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from subscriptions import ingestion
from subscriptions.models import Edition, Paper, SourceRun

from .conftest import NOON, TUESDAY, words
from .invented import an_hf_item, an_rss_feed, an_rss_item
from .stub_source import Fault, StubSource

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MONDAY, FRIDAY = date(2026, 7, 6), date(2026, 7, 3)


def ask(source: str = "hf", day: date | None = None, now: datetime = NOON) -> Any:
    return ingestion.ingest_source(source, day, now, words, budget=20)


def items(day: date, count: int, first: int = 1) -> list[dict[str, Any]]:
    return [an_hf_item(f"2607.{first + n:05d}", day) for n in range(count)]


def days_asked(stub: StubSource) -> list[str]:
    return [path.partition("date=")[2][:10] for path in stub.requests]


def test_a_day_is_asked_by_pages_of_a_hundred_until_one_is_short(
    stub: StubSource,
) -> None:
    stub.hf[TUESDAY] = items(TUESDAY, 230)
    taken = ask(day=TUESDAY)
    assert (taken.seen, taken.new, taken.listed) == (230, 230, 230)
    assert stub.requests == [
        f"/api/daily_papers?date=2026-07-07&limit=100&p={page}" for page in range(3)
    ]


def test_a_server_with_smaller_pages_than_were_asked_for_is_read_to_the_end(
    stub: StubSource,
) -> None:
    stub.hf[TUESDAY], stub.largest = items(TUESDAY, 92), 50
    assert ask(day=TUESDAY).seen == 92


def test_asking_again_changes_nothing(stub: StubSource) -> None:
    stub.hf[TUESDAY] = items(TUESDAY, 3)
    ask(day=TUESDAY)
    again = ask(day=TUESDAY)
    assert (again.seen, again.new, again.updated, again.listed) == (3, 0, 0, 0)
    assert list(SourceRun.objects.values_list("attempt", flat=True).order_by("id")) == [
        1,
        2,
    ]


def test_a_page_that_fails_leaves_what_came_before_as_partial(stub: StubSource) -> None:
    stub.hf[TUESDAY] = items(TUESDAY, 230)
    stub.fault = Fault(status=503, at="p=1")
    taken = ask(day=TUESDAY)
    assert (taken.state, taken.new) == ("partial", 100)
    assert "not whole: 127.0.0.1 answered 503" in taken.reasons[0]
    stub.fault = None
    assert ask(day=TUESDAY).new == 130
    assert Edition.objects.get().papers == 230


def test_the_newest_day_is_found_backwards_over_a_weekend(stub: StubSource) -> None:
    sunday_noon = datetime(2026, 7, 5, 12, tzinfo=UTC)
    stub.hf[FRIDAY] = items(FRIDAY, 2)
    taken = ask(now=sunday_noon)
    assert (taken.state, taken.days) == ("fresh", (FRIDAY,))
    assert days_asked(stub) == ["2026-07-05", "2026-07-04", "2026-07-03"]
    states = dict(SourceRun.objects.values_list("day", "state"))
    assert states == {FRIDAY: "fresh", FRIDAY + DAY: "quiet", FRIDAY + 2 * DAY: "quiet"}


def test_a_day_that_still_grows_brings_the_newest_settled_one_too(
    stub: StubSource,
) -> None:
    monday_noon = datetime(2026, 7, 6, 12, tzinfo=UTC)
    stub.hf = {MONDAY: items(MONDAY, 2), FRIDAY: items(FRIDAY, 3, first=50)}
    taken = ask(now=monday_noon)
    assert (taken.new, taken.days) == (5, (MONDAY, FRIDAY))
    (published,) = ingestion.publish_settled(monday_noon + timedelta(minutes=1))
    assert published.day == FRIDAY


def test_what_is_published_is_not_asked_again_behind_a_growing_day(
    stub: StubSource,
) -> None:
    stub.hf = {TUESDAY: items(TUESDAY, 2), MONDAY: items(MONDAY, 3, first=50)}
    ask()
    ingestion.publish_settled(NOON)
    stub.requests.clear()
    ask()
    assert days_asked(stub) == ["2026-07-07"]


def test_nothing_in_five_days_is_quiet(stub: StubSource) -> None:
    taken = ask()
    assert (taken.state, taken.seen, len(stub.requests)) == ("quiet", 0, 5)


def test_a_source_that_is_down_is_not_asked_for_other_days(stub: StubSource) -> None:
    stub.fault = Fault(status=500)
    assert ask().state == "down"
    assert set(days_asked(stub)) == {"2026-07-07"}


def test_today_that_has_not_opened_yet_is_a_quiet_day(stub: StubSource) -> None:
    stub.fault = Fault(status=400, body=b'{"error": "too late"}', at="2026-07-07")
    stub.hf[MONDAY] = items(MONDAY, 2)
    taken = ask()
    assert (taken.state, taken.days) == ("fresh", (MONDAY,))
    assert taken.reasons == ("2026-07-07 has not opened there yet.",)


def test_any_other_refusal_is_an_outage(stub: StubSource) -> None:
    stub.fault = Fault(status=400)
    assert ask(day=MONDAY).state == "down"


def test_a_day_to_come_is_refused_without_asking(stub: StubSource) -> None:
    taken = ask(day=TUESDAY + 5 * DAY)
    assert (taken.state, stub.requests) == ("down", [])
    assert "later than today" in taken.reasons[0]


def test_arxiv_is_asked_for_all_categories_at_once(
    stub: StubSource, settings: Any
) -> None:
    settings.ARXIV_CATEGORIES = ("cs.LG", "stat.ML")
    stub.rss = an_rss_feed(
        TUESDAY, [an_rss_item("2607.00001"), an_rss_item("2607.00002")]
    )
    taken = ask("arxiv")
    assert (taken.new, taken.listed, taken.days) == (2, 2, (TUESDAY,))
    assert stub.requests == ["/rss/cs.LG+stat.ML"]
    run = SourceRun.objects.get()
    assert (run.day, run.state, run.origin) == (TUESDAY, "fresh", stub.rss_url)


def test_an_empty_feed_is_a_quiet_day(stub: StubSource) -> None:
    saturday = date(2026, 7, 4)
    stub.rss = an_rss_feed(saturday, [])
    assert ask("arxiv").state == "quiet"
    assert SourceRun.objects.get().day == saturday


def test_a_stale_feed_with_a_new_date_is_told_by_its_ids(stub: StubSource) -> None:
    stub.rss = an_rss_feed(MONDAY, [an_rss_item("2607.00001")])
    ask("arxiv")
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00001")])
    assert ask("arxiv").state == "stale"
    assert not Edition.objects.filter(day=TUESDAY).exists()


def test_the_feed_has_no_other_day_than_its_own(stub: StubSource) -> None:
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00001")])
    taken = ask("arxiv", day=MONDAY)
    assert taken.state == "down"
    assert "The feed is of 2026-07-07, not 2026-07-06" in taken.reasons[0]
    assert not Paper.objects.exists()


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(ValueError, match="'pubmed' is no source; hf and arxiv are"):
        ask("pubmed")


def test_the_result_is_plain_json(stub: StubSource) -> None:
    stub.hf[TUESDAY] = items(TUESDAY, 1)
    assert ask(day=TUESDAY).to_json() == {
        "source": "hf",
        "state": "fresh",
        "seen": 1,
        "new": 1,
        "updated": 0,
        "rejected": 0,
        "listed": 1,
        "days": ["2026-07-07"],
        "reasons": [],
    }
