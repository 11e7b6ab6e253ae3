"""Who is due (rounds.md 12, 15, 16)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from subscriptions.models import Delivery, Round, Subscriber
from subscriptions.models.readers import zone_of
from subscriptions.rounds import all_on, due_now, overdue
from tests.factories import TUESDAY, a_reader

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(now: datetime) -> list[tuple[date, int]]:
    return [(each.day, r.pk) for each in due_now(now) for r in each.readers]


def a_delivery(reader: Subscriber, day: date, **fields: object) -> Delivery:
    round_, _ = Round.objects.get_or_create(due_date=day)
    return Delivery.objects.create(
        subscriber=reader, due_date=day, round=round_, **fields
    )


@pytest.mark.parametrize(
    ("now", "is_due"),
    [
        ("2026-07-07T05:59", False),
        ("2026-07-07T06:00", True),
        ("2026-07-07T11:59", True),
        ("2026-07-07T12:00", False),
    ],
)
def test_rule_12_due_for_six_hours_from_the_readers_hour(
    now: str, is_due: bool
) -> None:
    reader = a_reader(zone="Europe/Berlin", hour=8)
    assert due(at(now)) == ([(TUESDAY, reader.pk)] if is_due else [])


def test_rule_12_the_window_goes_on_past_midnight() -> None:
    reader = a_reader(hour=22)
    assert due(at("2026-07-08T03:30")) == [(TUESDAY, reader.pk)]


def test_rule_12_six_hours_are_elapsed_ones_when_the_clocks_change() -> None:
    reader = a_reader(zone="Europe/Berlin", hour=1)
    sunday = date(2026, 10, 25)
    # 01:00 summer time; six hours later the clock shows 06:00, not 07:00.
    assert due(at("2026-10-25T04:59")) == [(sunday, reader.pk)]
    assert due(at("2026-10-25T05:00")) == []


def test_a_zone_that_this_machine_does_not_know_holds_nobody_up(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """As US/Pacific after a move to Debian 13, which has it in a package of its own."""
    settings.HOME_ZONE = ZoneInfo("Europe/Berlin")
    lost = a_reader(zone="Old/Name", hour=8)
    other = a_reader(zone="Europe/Berlin", hour=8)
    zone_of.cache_clear()
    assert {pk for _, pk in due(at("2026-07-07T07:00"))} == {lost.pk, other.pk}
    zone_of.cache_clear()
    assert "does not know the time zone Old/Name" in caplog.text


def test_rule_12_only_on_days_of_the_cadence() -> None:
    a_reader(hour=8, cadence="weekly", weekdays=0b0000001)
    assert due(at("2026-07-07T09:00")) == []
    assert len(due(at("2026-07-06T09:00"))) == 1


def test_rule_12_not_where_the_date_has_a_delivery() -> None:
    reader = a_reader(hour=8)
    a_delivery(reader, TUESDAY, state="sent")
    assert due(at("2026-07-07T09:00")) == []


@pytest.mark.parametrize("state", ["pending", "deferred"])
def test_rule_12_not_while_a_delivery_is_open(state: str) -> None:
    reader = a_reader(hour=8)
    a_delivery(reader, TUESDAY - timedelta(days=1), state=state)
    assert due(at("2026-07-07T09:00")) == []


def test_rule_12_not_within_six_hours_of_the_last_mail() -> None:
    a_reader(hour=8, last_mail_at=at("2026-07-07T03:00"))
    assert due(at("2026-07-07T08:59")) == []
    assert len(due(at("2026-07-07T09:01"))) == 1


def test_rule_12_a_mail_of_next_year_holds_nobody_back_until_then() -> None:
    """The clock was wrong while it was sent."""
    a_reader(hour=8, last_mail_at=at("2027-07-07T08:00"))
    assert len(due(at("2026-07-07T09:00"))) == 1


def test_rule_12_not_while_paused_and_again_on_the_day_named() -> None:
    a_reader(hour=8, paused_until=date(2026, 7, 8))
    assert due(at("2026-07-07T09:00")) == []
    assert len(due(at("2026-07-08T09:00"))) == 1


@pytest.mark.parametrize("state", ["pending", "unsubscribed", "suppressed"])
def test_nobody_is_due_who_is_not_active(state: str) -> None:
    a_reader(hour=8, state=state)
    assert due(at("2026-07-07T09:00")) == []


def test_rule_12_a_date_whose_window_closed_is_not_due_but_overdue() -> None:
    reader = a_reader(hour=8)
    now = at("2026-07-07T14:01")
    assert due(now) == []
    found = [(each.day, r.pk) for each in overdue(now) for r in each.readers]
    assert found == [(TUESDAY, reader.pk)]


def test_rule_15_confirming_makes_due_at_once_for_the_local_date() -> None:
    reader = a_reader(
        zone="Pacific/Auckland",
        hour=8,
        awaits_first_digest=True,
        confirmed_at=at("2026-07-07T13:00"),
    )
    assert due(at("2026-07-07T13:01")) == [(date(2026, 7, 8), reader.pk)]


def test_rule_15_if_the_date_has_a_row_the_next_due_date_is_the_first() -> None:
    reader = a_reader(
        hour=8, awaits_first_digest=True, confirmed_at=at("2026-07-07T13:00")
    )
    a_delivery(reader, TUESDAY, state="sent")
    assert due(at("2026-07-07T13:01")) == []
    assert due(at("2026-07-08T00:30")) == []
    assert due(at("2026-07-08T08:00")) == [(date(2026, 7, 8), reader.pk)]


def test_rule_15_confirming_just_before_the_hour_makes_one_mail() -> None:
    reader = a_reader(
        hour=7, awaits_first_digest=True, confirmed_at=at("2026-07-07T06:50")
    )
    assert due(at("2026-07-07T06:51")) == [(TUESDAY, reader.pk)]
    a_delivery(reader, TUESDAY, state="sent")
    Subscriber.objects.update(awaits_first_digest=False)
    assert due(at("2026-07-07T07:01")) == []


def test_rule_16_imported_readers_are_due_on_the_hour_after_the_import() -> None:
    reader = a_reader(hour=8, due_after=at("2026-07-07T09:00"))
    assert due(at("2026-07-07T09:30")) == []
    assert due(at("2026-07-08T08:00")) == [(date(2026, 7, 8), reader.pk)]


def test_rule_17_the_whole_day_takes_everyone_active_in_their_cadence() -> None:
    late = a_reader(hour=23, due_after=at("2026-07-30T09:00"))
    a_reader(state="unsubscribed")
    a_reader(paused_until=date(2026, 7, 9))
    a_reader(weekdays=0b0000001)
    waiting = a_reader()
    a_delivery(waiting, TUESDAY - timedelta(days=1), state="pending")
    assert list(all_on(TUESDAY)) == [late]
