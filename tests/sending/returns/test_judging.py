"""When it is enough: days and digests, counted while time goes by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from subscriptions import consent
from subscriptions.models import DeliveryEvent, Subscriber, Suppression
from subscriptions.sending import returns
from tests.sending.rows import a_digest, a_reader

pytestmark = pytest.mark.django_db
START = datetime(2026, 7, 7, 9, tzinfo=UTC)
GONE, PERHAPS, SOFT, FULL, POLICY = "5.1.1", "5.1.2", "5.3.0", "5.2.2", "5.7.1"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as travelling:
        yield travelling


def bounced(
    clock: time_machine.Traveller, *days: int, status: str = GONE
) -> Subscriber:
    """A reader whose digests of these days after START bounced so, each on its day."""
    reader = Subscriber.objects.first() or a_reader()
    for day in days:
        clock.move_to(START + timedelta(days=day))
        digest = a_digest(reader, due_date=due(day), sent_at=timezone.now())
        returns.noticed("bounced", digest, status, f"550 {status} refused")
    reader.refresh_from_db()
    return reader


def due(day: int) -> date:
    return (START + timedelta(days=day)).date()


def test_gone_suppresses_at_the_second_day(clock: time_machine.Traveller) -> None:
    assert bounced(clock, 0).state == "active"
    assert bounced(clock, 1).state == "suppressed"
    assert Suppression.objects.get().reason == "bounced"


def test_gone_twice_on_one_day_is_once(clock: time_machine.Traveller) -> None:
    reader = bounced(clock, 0)
    second = a_digest(reader, due_date=due(9), sent_at=timezone.now())
    returns.noticed("bounced", second, GONE)
    reader.refresh_from_db()
    assert reader.state == "active"


def test_gone_a_week_apart_suppresses_a_weekly_reader(
    clock: time_machine.Traveller,
) -> None:
    assert bounced(clock, 0, 7).state == "suppressed"


def test_gone_two_months_apart_does_not(clock: time_machine.Traveller) -> None:
    assert bounced(clock, 0, 60).state == "active"


def test_perhaps_gone_takes_three_days(clock: time_machine.Traveller) -> None:
    assert bounced(clock, 0, 1, status=PERHAPS).state == "active"
    assert bounced(clock, 2, status=PERHAPS).state == "suppressed"


def test_perhaps_gone_takes_them_within_fourteen(
    clock: time_machine.Traveller,
) -> None:
    assert bounced(clock, 0, 7, 14, status=PERHAPS).state == "active"
    assert bounced(clock, 15, status=PERHAPS).state == "suppressed"


def test_gone_counts_among_perhaps_gone(clock: time_machine.Traveller) -> None:
    bounced(clock, 0, 1, status=PERHAPS)
    assert bounced(clock, 2, status=GONE).state == "suppressed"


@pytest.mark.parametrize("status", [SOFT, FULL, "4.2.2"])
def test_soft_takes_five_digests(clock: time_machine.Traveller, status: str) -> None:
    assert bounced(clock, 0, 1, 2, 3, status=status).state == "active"
    assert bounced(clock, 4, status=status).state == "suppressed"


def test_ten_soft_bounces_on_one_day_are_one_point(
    clock: time_machine.Traveller,
) -> None:
    reader = a_reader()
    for day in range(10):
        digest = a_digest(reader, due_date=due(day), sent_at=timezone.now())
        returns.noticed("bounced", digest, SOFT)
    reader.refresh_from_db()
    assert reader.state == "active"


def test_soft_points_fade_after_fourteen_quiet_days(
    clock: time_machine.Traveller,
) -> None:
    assert bounced(clock, 0, 1, 2, 3, 18, status=SOFT).state == "active"


def test_soft_points_stay_while_no_fourteen_days_are_quiet(
    clock: time_machine.Traveller,
) -> None:
    assert bounced(clock, 0, 1, 2, 3, 17, status=SOFT).state == "suppressed"


def test_soft_points_are_gone_after_thirty_days(
    clock: time_machine.Traveller,
) -> None:
    assert bounced(clock, 0, 8, 16, 24, 32, status=SOFT).state == "active"


def test_policy_suppresses_nobody_and_tells_the_operator(
    clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    assert bounced(clock, *range(10), status=POLICY).state == "active"
    assert caplog.text.count("refused by policy: 5.7.1") == 10


def test_what_came_before_the_confirmation_does_not_count(
    clock: time_machine.Traveller,
) -> None:
    bounced(clock, 0)
    clock.shift(timedelta(hours=1))
    Subscriber.objects.update(confirmed_at=timezone.now())
    assert bounced(clock, 1).state == "active"


def test_what_came_of_an_earlier_address_does_not_count(
    clock: time_machine.Traveller,
) -> None:
    bounced(clock, 0)
    clock.shift(timedelta(hours=1))
    Subscriber.objects.update(address_changed_at=timezone.now())
    assert bounced(clock, 1).state == "active"


def test_refusals_that_the_ledger_wrote_are_weighed_once(
    clock: time_machine.Traveller,
) -> None:
    reader = a_reader()
    for day in (0, 1):
        clock.move_to(START + timedelta(days=day))
        digest = a_digest(reader, due_date=due(day))
        DeliveryEvent.objects.create(
            delivery=digest,
            subscriber=reader,
            type="bounced",
            detail="at RCPT: 550 rejected",
        )
    assert returns.weigh() == 2
    assert returns.weigh() == 0
    reader.refresh_from_db()
    assert reader.state == "suppressed"


def test_more_than_one_call_can_take_is_weighed_by_the_next() -> None:
    reader = a_reader()
    for day in range(3):
        DeliveryEvent.objects.create(
            delivery=a_digest(reader, due_date=due(day)),
            subscriber=reader,
            type="bounced",
            status=SOFT,
        )
    assert [returns.weigh(limit=2), returns.weigh(limit=2)] == [2, 1]


def test_one_who_left_is_not_suppressed_as_well(
    clock: time_machine.Traveller,
) -> None:
    reader = bounced(clock, 0)
    consent.unsubscribe(reader.pk, "page")
    assert bounced(clock, 1).state == "unsubscribed"
