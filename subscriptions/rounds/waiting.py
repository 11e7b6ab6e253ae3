"""Rule 13: wait a while for a source that has not published what is expected of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.conf import settings

from subscriptions.models import Edition, SourceRun
from subscriptions.models.papers import settles_at

_QUIET = (SourceRun.State.QUIET, SourceRun.State.STALE)


def expected_day(source: str, at: datetime, until: date) -> date:
    """The newest day <= `until` for which `source` has settled by `at`."""
    day = min(at.astimezone(UTC).date() + timedelta(days=1), until)
    while settles_at(source, day) > at:
        day -= timedelta(days=1)
    return day


def missing_sources(sources: Iterable[str], start: datetime, due: date) -> list[str]:
    """Sources whose edition a reader due at `start` may expect and cannot have yet.

    A source counts if it settles by their hour + HOLD_FOR_SOURCE, has not published
    that day and is not known to have been quiet on it. Neither source lists papers on
    weekends.
    """
    missing = []
    for source in sources:
        day = expected_day(source, start + settings.HOLD_FOR_SOURCE, due)
        editions = Edition.objects.filter(source=source)
        if editions.published().filter(day__gte=day).exists():
            continue
        listed = editions.filter(day=day).exists()
        if day.weekday() >= 5 and not listed:
            continue
        runs = SourceRun.objects.filter(source=source, day=day)
        newest = runs.order_by("-attempt").first()
        if listed or newest is None or not _was_quiet(newest, settles_at(source, day)):
            missing.append(source)
    return missing


def _was_quiet(run: SourceRun, settled: datetime) -> bool:
    """An empty list from before it settled may still have been filled."""
    return run.state in _QUIET and run.finished_at >= settled
