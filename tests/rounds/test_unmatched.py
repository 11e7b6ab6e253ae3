"""Whose digests have had nothing in them for two weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from subscriptions import rounds
from subscriptions.models import Delivery, Round, Subscriber, Subscription
from tests.factories import TUESDAY, a_reader, a_subscription

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 5, 1, tzinfo=UTC)
NOTHING, NO_EDITION = "nothing matched", "no new edition"


def day(ago: int) -> date:
    return TUESDAY - timedelta(days=ago)


def a_row(reader: Subscriber, ago: int, reason: str, state: str = "skipped") -> None:
    round_, _ = Round.objects.get_or_create(due_date=day(ago))
    held: dict[str, Any] = {"lease_token": "7" * 32} if state == "leased" else {}
    Delivery.objects.create(
        subscriber=reader,
        round=round_,
        due_date=day(ago),
        state=state,
        reason=reason,
        **held,
    )


def a_reader_of_old(**fields: Any) -> Subscriber:
    reader = a_reader(**fields)
    mine = a_subscription(reader, "hessian")
    Subscription.objects.filter(pk=mine.pk).update(created_at=LONG_AGO)
    return reader


def with_nothing(days: range | tuple[int, ...], **fields: Any) -> Subscriber:
    """Nothing matched on each of these days before today."""
    reader = a_reader_of_old(**fields)
    for ago in days:
        a_row(reader, ago, NOTHING)
    return reader


def found() -> list[Subscriber]:
    return list(rounds.unmatched(NOW))


def test_fourteen_days_in_a_row_are_needed() -> None:
    with_nothing(range(14))
    assert found() == []
    reader = with_nothing(range(15))
    assert found() == [reader]


def test_days_without_an_edition_lie_between() -> None:
    reader = with_nothing((0, 1, 2, 5, 6, 7, 8, 9, 12, 13, 14))
    for ago in (3, 4, 10, 11):
        a_row(reader, ago, NO_EDITION)
    assert found() == [reader]


def test_a_weekly_reader_had_three_in_a_row() -> None:
    with_nothing((0, 7))
    reader = with_nothing((0, 7, 14))
    assert found() == [reader]


@pytest.mark.parametrize(
    "state", ["sent", "pending", "leased", "deferred", "in_doubt", "failed", "expired"]
)
def test_a_digest_in_that_time_is_no_silence(state: str) -> None:
    reader = with_nothing((*range(5), *range(6, 20)))
    a_row(reader, 5, "", state)
    assert found() == []


def test_a_digest_before_that_time_does_not_count() -> None:
    reader = with_nothing(range(15))
    a_row(reader, 15, "", "sent")
    assert found() == [reader]


def test_a_digest_that_a_pause_ended_is_no_silence() -> None:
    reader = with_nothing((*range(5), *range(6, 20)))
    a_row(reader, 5, "paused")
    assert found() == []


@pytest.mark.parametrize("ago", [-3, 0, 13])
def test_who_is_or_was_paused_in_that_time_is_left_alone(ago: int) -> None:
    with_nothing(range(20), paused_until=day(ago))
    assert found() == []


def test_a_pause_long_over_does_not_matter() -> None:
    reader = with_nothing(range(20), paused_until=day(30))
    assert found() == [reader]


@pytest.mark.parametrize("state", ["pending", "unsubscribed", "suppressed"])
def test_who_gets_no_digests_is_left_alone(state: str) -> None:
    with_nothing(range(20), state=state)
    assert found() == []


def test_a_filter_written_in_that_time_is_given_its_two_weeks() -> None:
    reader = with_nothing(range(20))
    newer = a_subscription(reader, "curvature")
    Subscription.objects.filter(pk=newer.pk).update(created_at=NOW - timedelta(days=13))
    assert found() == []
    Subscription.objects.filter(pk=newer.pk).update(created_at=NOW - timedelta(days=15))
    assert found() == [reader]


def test_who_has_no_filter_on_is_left_alone() -> None:
    reader = with_nothing(range(20))
    reader.subscriptions.update(enabled=False)
    assert found() == []


def test_where_no_rounds_were_made_of_late_nobody_was_served() -> None:
    with_nothing(range(8, 20))
    assert found() == []
