"""SEND_WINDOW: the hours of the day, in HOME_ZONE, in which mail goes out."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.conf import settings

_DAY = timedelta(days=1)


def is_open(now: datetime) -> bool:
    return last_opening(now) >= last_closing(now)


def last_opening(now: datetime) -> datetime:
    """The newest instant <= `now` at which the window opened; without one: long ago."""
    return _last(0, now)


def last_closing(now: datetime) -> datetime:
    return _last(1, now)


def next_opening(now: datetime) -> datetime:
    return _last(0, now + _DAY)


def _last(which: int, now: datetime) -> datetime:
    if settings.SEND_WINDOW is None:
        return datetime.min.replace(tzinfo=UTC)
    clock: time = settings.SEND_WINDOW[which]
    day = now.astimezone(settings.HOME_ZONE).date()
    found = datetime.combine(day, clock, settings.HOME_ZONE).astimezone(UTC)
    if found > now:
        before = datetime.combine(day - _DAY, clock, settings.HOME_ZONE)
        found = before.astimezone(UTC)
    return found
