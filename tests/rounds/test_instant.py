"""The instant of a local hour (rounds.md 12), where clocks jump too."""

from datetime import UTC, date, datetime

import pytest

from subscriptions.rounds import instant


@pytest.mark.parametrize(
    ("day", "hour", "zone", "utc"),
    [
        (date(2026, 7, 7), 8, "Europe/Berlin", "2026-07-07T06:00"),
        (date(2026, 1, 7), 8, "Europe/Berlin", "2026-01-07T07:00"),
        (date(2026, 7, 7), 0, "Pacific/Kiritimati", "2026-07-06T10:00"),
        (date(2026, 7, 7), 23, "Pacific/Pago_Pago", "2026-07-08T10:00"),
        (date(2026, 7, 7), 8, "Asia/Kathmandu", "2026-07-07T02:15"),
        (date(2028, 2, 29), 8, "UTC", "2028-02-29T08:00"),
        (date(2026, 12, 31), 23, "UTC", "2026-12-31T23:00"),
    ],
)
def test_an_hour_is_the_readers_own(day: date, hour: int, zone: str, utc: str) -> None:
    assert instant(day, hour, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "utc"),
    [
        (date(2026, 3, 29), 2, "Europe/Berlin", "2026-03-29T01:00"),
        (date(2026, 3, 8), 2, "America/New_York", "2026-03-08T07:00"),
        # Half an hour: 02:00 does not exist, the day goes on at 02:30.
        (date(2026, 10, 4), 2, "Australia/Lord_Howe", "2026-10-03T15:30"),
        # The gap is at midnight.
        (date(2026, 4, 24), 0, "Africa/Cairo", "2026-04-23T22:00"),
        # A whole day is missing: its hours come at the first instant after it.
        (date(2011, 12, 30), 8, "Pacific/Apia", "2011-12-30T10:00"),
    ],
)
def test_an_hour_that_is_skipped_comes_right_after_the_gap(
    day: date, hour: int, zone: str, utc: str
) -> None:
    assert instant(day, hour, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hour", "zone", "utc"),
    [
        (date(2026, 10, 25), 2, "Europe/Berlin", "2026-10-25T00:00"),
        (date(2026, 11, 1), 1, "America/New_York", "2026-11-01T05:00"),
    ],
)
def test_an_hour_that_comes_twice_is_the_first(
    day: date, hour: int, zone: str, utc: str
) -> None:
    assert instant(day, hour, zone) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
