"""The numbers of the front page, against rows one can count by hand."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.admin import figures
from subscriptions.models import Delivery, DeliveryEvent
from tests.planner import leave_to_the_planner

from .making import TODAY, a_delivery, a_reader, a_round, a_run, at_noon

pytestmark = pytest.mark.django_db
YESTERDAY = TODAY - timedelta(1)


def test_before_the_first_round_there_is_no_morning() -> None:
    assert figures.morning(TODAY) is None


def test_a_morning_accounts_for_every_digest_that_was_due() -> None:
    round_ = a_round(papers=43, filters=5)
    for state in Delivery.State.values:
        a_delivery(round_, state, lease_token=_token(state))
    a_delivery(round_, "sent")
    found = figures.morning(TODAY)
    assert found is not None
    assert asdict(found) == {
        "round_id": round_.pk,
        "due_date": TODAY,
        "is_today": True,
        "complete": False,
        "paused": False,
        "papers": 43,
        "filters": 5,
        "due": 12,
        "sent": 2,
        "skipped": 3,  # skipped, suppressed, unsubscribed
        "deferred": 1,
        "failed": 3,  # failed, expired, quarantined
        "in_doubt": 1,
        "pending": 2,  # pending, leased
    }
    assert sum(getattr(found, name) for name in figures.OUTCOMES) == found.due
    assert found.done_percent == 75


def test_a_round_with_one_digest_open_is_not_all_done() -> None:
    round_ = a_round()
    for _ in range(200):
        a_delivery(round_)
    a_delivery(round_, "pending")
    found = figures.morning(TODAY)
    assert found is not None
    assert found.done_percent == 99


def test_todays_round_comes_before_a_newer_one() -> None:
    a_round(TODAY)
    a_round(TODAY + timedelta(1))  # it is tomorrow already where some readers live
    found = figures.morning(TODAY)
    assert found is not None
    assert (found.due_date, found.is_today) == (TODAY, True)


def test_without_one_today_the_newest_round_is_shown() -> None:
    a_round(YESTERDAY - timedelta(1))
    a_round(YESTERDAY)
    found = figures.morning(TODAY)
    assert found is not None
    assert (found.due_date, found.is_today) == (YESTERDAY, False)


def test_readers_are_counted_back_from_today() -> None:
    old = at_noon(TODAY - timedelta(90))
    a_reader(confirmed_at=old)
    a_reader(confirmed_at=at_noon(YESTERDAY))
    a_reader(state="unsubscribed", confirmed_at=old, unsubscribed_at=at_noon(TODAY))
    a_reader(state="pending", confirmed_at=None)
    days = figures.readers(TODAY, 3)
    counted = [(d.day, d.active, d.joined, d.left) for d in days]
    assert counted == [
        (TODAY - timedelta(2), 2, 0, 0),
        (YESTERDAY, 3, 1, 0),
        (TODAY, 2, 0, 1),
    ]


def test_who_came_and_left_within_the_days_is_in_both() -> None:
    a_reader(
        state="unsubscribed",
        confirmed_at=at_noon(YESTERDAY),
        unsubscribed_at=at_noon(TODAY),
    )
    days = figures.readers(TODAY, 3)
    assert [(d.active, d.joined, d.left) for d in days] == [
        (0, 0, 0),
        (1, 1, 0),
        (0, 0, 1),
    ]


def test_a_suppressed_reader_without_a_day_of_leaving_counts_nowhere() -> None:
    a_reader(state="suppressed", confirmed_at=at_noon(YESTERDAY))
    assert all(
        (d.active, d.joined, d.left) == (0, 0, 0) for d in figures.readers(TODAY, 3)
    )


def test_who_left_without_having_confirmed_was_never_active() -> None:
    a_reader()
    gone = a_reader(
        state="unsubscribed", confirmed_at=None, unsubscribed_at=at_noon(TODAY)
    )
    days = figures.readers(TODAY)
    assert (days[0].active, days[-1].active, days[-1].left) == (1, 1, 0)
    gone.delete()
    assert figures.readers(TODAY) == days


def test_a_day_is_one_of_the_home_zone(settings: Any) -> None:
    late = datetime(2026, 7, 30, 23, 30, tzinfo=UTC)
    a_reader(confirmed_at=late)
    assert [d.joined for d in figures.readers(TODAY, 2)] == [1, 0]
    settings.HOME_ZONE = ZoneInfo("Europe/Berlin")
    assert [d.joined for d in figures.readers(TODAY, 2)] == [0, 1]
    assert figures.home_day(late) == TODAY


def test_digests_are_counted_by_due_date_and_ending() -> None:
    before, round_ = a_round(YESTERDAY), a_round(TODAY)
    for state in ("sent", "sent", "skipped", "unsubscribed", "expired", "pending"):
        a_delivery(before, state)
    a_delivery(round_, "in_doubt")
    a_delivery(a_round(TODAY - timedelta(3)), "sent")  # too old to be shown
    days = figures.deliveries(TODAY, 3)
    assert [(d.day, d.sent, d.skipped, d.failed, d.in_doubt) for d in days] == [
        (TODAY - timedelta(2), 0, 0, 0, 0),
        (YESTERDAY, 2, 2, 1, 0),
        (TODAY, 0, 0, 0, 1),
    ]


def test_a_sources_day_is_the_best_of_its_attempts() -> None:
    a_run("arxiv", TODAY, "down")
    a_run("arxiv", TODAY, "fresh", seen=40, listed=38)
    a_run("arxiv", TODAY, "stale", seen=41, listed=0)
    a_run("hf", YESTERDAY, "quiet")
    days = figures.sources(TODAY, 2)
    assert list(days) == ["hf", "arxiv"]
    shown = {
        name: [(d.state, d.seen, d.listed, d.attempts) for d in each]
        for name, each in days.items()
    }
    assert shown == {
        "hf": [("quiet", 0, 0, 1), ("", 0, 0, 0)],
        "arxiv": [("", 0, 0, 0), ("fresh", 41, 38, 3)],
    }


def test_a_source_that_is_not_asked_any_more_is_shown_while_it_has_runs(
    settings: Any,
) -> None:
    settings.SOURCES = ("hf",)
    assert list(figures.sources(TODAY, 2)) == ["hf"]
    a_run("sample", TODAY, "fresh")
    assert list(figures.sources(TODAY, 2)) == ["hf", "sample"]


def test_a_source_needs_a_person_while_its_newest_run_is_down() -> None:
    a_run("arxiv", YESTERDAY, "fresh")
    down = a_run("arxiv", TODAY, "down", reason="503 for an hour")
    a_run("hf", YESTERDAY, "down")
    a_run("hf", TODAY, "fresh")
    found = figures.attention(TODAY).down
    assert [(d.run_id, d.source, d.reason) for d in found] == [
        (down.pk, "arxiv", "503 for an hour")
    ]
    a_run("arxiv", TODAY, "fresh")
    assert not figures.attention(TODAY)


def test_a_digest_of_tomorrow_may_need_a_person_today() -> None:
    a_delivery(a_round(TODAY + timedelta(1)), "in_doubt")
    assert figures.attention(TODAY).deliveries == {"in_doubt": 1}


@pytest.mark.postgresql  # whose planner shows what it reads
def test_digests_are_counted_by_the_index_alone() -> None:
    round_ = a_round()
    for _ in range(30):
        a_delivery(round_)
    leave_to_the_planner(Delivery, "delivery_by_round")
    with connection.cursor() as cursor:
        with CaptureQueriesContext(connection) as asked:
            figures.deliveries(TODAY)
            figures.attention(TODAY)
        table = f'FROM "{Delivery._meta.db_table}"'
        counts = [each["sql"] for each in asked if table in each["sql"]]
        assert len(counts) == 2
        for sql in counts:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row for (row,) in cursor.fetchall())
            assert "Index Only Scan using delivery_by_round" in plan


def test_refusals_by_policy_are_looked_up_by_kind_and_time() -> None:
    with CaptureQueriesContext(connection) as asked:
        figures.attention(TODAY)
    events = DeliveryEvent._meta.db_table
    (sql,) = [each["sql"] for each in asked if events in each["sql"]]
    assert f'"{events}"."type" = ' in sql
    assert f'"{events}"."at" >= ' in sql  # the column itself, not a day made of it


def test_digests_that_ended_badly_and_pauses_need_a_person() -> None:
    round_ = a_round(paused=True)
    states = ("failed", "failed", "in_doubt", "quarantined", "sent", "deferred")
    for state in states:
        a_delivery(round_, state)
    a_delivery(a_round(TODAY - timedelta(30)), "failed")  # of a month ago
    found = figures.attention(TODAY)
    assert found.deliveries == {"failed": 2, "in_doubt": 1, "quarantined": 1}
    assert found.paused == ((round_.pk, TODAY),)


def _token(state: str) -> str | None:
    is_leased = state == Delivery.State.LEASED
    return "6f0f6f0e-4d5c-4d2b-9a3e-0a1b2c3d4e5f" if is_leased else None
