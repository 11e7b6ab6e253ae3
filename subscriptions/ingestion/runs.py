"""The diary of asking: one row per attempt to get a day of a source."""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db.models import Max

from subscriptions.models import SourceRun

from .records import line

logger = logging.getLogger(__name__)

State = SourceRun.State


def write(
    source: str,
    day: date | None,
    state: str,
    *,
    complete: bool,
    counts: dict[str, int],
    reasons: list[str],
    origin: str,
    started: datetime,
    finished: datetime,
) -> None:
    """Note one attempt; call it under `lock.alone`, in the transaction it is about."""
    tried = SourceRun.objects.filter(source=source, day=day).aggregate(
        last=Max("attempt")
    )
    told = reasons[:5] + ([f"And {len(reasons) - 5} more."] if len(reasons) > 5 else [])
    run = SourceRun.objects.create(
        source=source,
        day=day,
        attempt=(tried["last"] or 0) + 1,
        state=state,
        complete=complete,
        reason=" ".join(told),
        origin=line(origin, 300),
        started_at=started,
        finished_at=finished,
        **counts,
    )
    if state in {State.DOWN, State.PARTIAL}:
        about = day or "no day"
        logger.warning("%s of %s is %s: %s", source, about, state, run.reason)


def last_run(source: str, day: date) -> SourceRun | None:
    """The newest attempt at that day."""
    runs = SourceRun.objects.filter(source=source, day=day)
    return runs.order_by("-attempt").first()
