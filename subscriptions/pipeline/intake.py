"""What the sources list -> papers and editions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

from django.conf import settings
from django.db.models import Max, Min, Q
from django.utils import timezone

from subscriptions import ingestion, matching, sending
from subscriptions.models import Edition, Notice, Source, SourceRun
from subscriptions.models.papers import settles_at

_BUDGET = 60.0  # seconds, of a day or of all that were missed
# What is submitted in a day's last minutes may be in its list a little later.
_SEEN_WITHIN = timedelta(hours=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
# With which answer all is well again, for how long it may be otherwise, and what is
# said then.
_PATIENCE = (
    (~Q(state=SourceRun.State.DOWN), timedelta(days=2), "cannot be read"),
    (Q(listed__gt=0), timedelta(days=10), "has listed nothing new"),
)


def ingest(
    day: date | None = None, until: date | None = None, source: str | None = None
) -> list[ingestion.Ingested]:
    """Ask each source (or one) for its newest day, for `day`, or for `day` to `until`.

    Without a day, days that were missed while nothing ran are asked for too.
    """
    now = timezone.now()
    results = []
    for name in [source] if source else settings.SOURCES:
        days: list[date | None] = [day]
        if day and until:
            days = [day + timedelta(n) for n in range((until - day).days + 1)]
        elif day is None:
            results += _ask_for_missed(name, now)
        results += [
            ingestion.ingest_source(name, each, now, matching.search_text, _BUDGET)
            for each in days
        ]
        _tell_of_outage(name, now)
    return results


def _tell_of_outage(source: str, now: datetime) -> None:
    """Of a source that cannot be read, or answers and lists nothing, for longer than
    weekends and holidays last, the operator is told once: its readers just get less."""
    runs = SourceRun.objects.filter(source=source)
    for good, patience, what in _PATIENCE:
        last = runs.filter(good).aggregate(at=Max("finished_at"))["at"]
        after = runs.filter(finished_at__gt=last or _NEVER)
        since = after.aggregate(at=Min("started_at"))["at"]
        if since and since <= now - patience:
            key = f"source {source} {since.isoformat(timespec='minutes')}"
            said = f"{Source(source).label} {what} since {since:%Y-%m-%d}."
            sending.owe(key, Notice.Kind.SOURCE, said)
            return


def _ask_for_missed(source: str, now: datetime) -> list[ingestion.Ingested]:
    """All of them within one budget: a source that hangs must not keep the next one
    waiting. Each may take half of what is left, so that one day that hangs does not
    hide the others; what is not reached is asked for the next time."""
    deadline = monotonic() + _BUDGET
    results = []
    for day in _missed(source, now):
        left = deadline - monotonic()
        if left < _BUDGET / 10:
            break
        results.append(
            ingestion.ingest_source(source, day, now, matching.search_text, left / 2)
        )
    return results


def _missed(source: str, now: datetime) -> list[date]:
    """Days since the source's first edition, at most two weeks back, of which no whole
    answer is stored that was given after they were over: an earlier answer may have
    grown since.

    Only Hugging Face answers for a day that is past; arXiv's feed knows its own.
    """
    oldest = Edition.objects.filter(source=source).order_by("day").first()
    if source != Source.HF or oldest is None:
        return []
    today = now.astimezone(UTC).date()
    first = max(oldest.day, today - timedelta(days=13))
    runs = SourceRun.objects.filter(source=source, day__gte=first, complete=True)
    whole = runs.order_by().values_list("day").annotate(Max("finished_at"))
    heard: dict[date | None, datetime] = dict(whole)
    days = [first + timedelta(n) for n in range((today - first).days)]
    return [
        day
        for day in days
        if settles_at(source, day) <= now
        and heard.get(day, _NEVER) < _is_over(source, day)
    ]


def _is_over(source: str, day: date) -> datetime:
    """When no paper is added to its list any more; it settles before that."""
    ends = datetime.combine(day + timedelta(days=1), time(), UTC)
    return max(settles_at(source, day), ends + _SEEN_WITHIN)


def ingest_file(
    path: Path, day: date | None = None, source: str | None = None
) -> ingestion.Ingested:
    """Take a file as if its source had just answered with it."""
    return ingestion.ingest_file(
        path, day, source, timezone.now(), matching.search_text
    )


def publish(now: datetime) -> list[Edition]:
    """Freeze every edition whose source has settled by `now` (rounds.md 3)."""
    return ingestion.publish_settled(now)


def publish_until(day: date) -> list[Edition]:
    """Freeze whatever is stored with day <= `day` (rounds.md 17)."""
    return ingestion.publish_until(day, timezone.now())


def first_edition(now: datetime, budget: float) -> str:
    """Fill an empty installation and say in one line what came of it.

    Asks every source for its newest day, `budget` seconds at most in all; where none
    answers the samples are loaded. Does nothing where papers are stored already.
    """
    if Edition.objects.real().exists():
        newest = Edition.objects.real().order_by("-day").first()
        return f"The newest edition stored is {newest}."
    deadline = monotonic() + budget
    for index, name in enumerate(settings.SOURCES):
        share = (deadline - monotonic()) / (len(settings.SOURCES) - index)
        if share > 0:
            ingestion.ingest_source(name, None, now, matching.search_text, budget=share)
    publish(now)
    editions = Edition.objects.real().order_by("-day", "source")
    if editions:
        listed = "; ".join(f"{each} ({each.papers} papers)" for each in editions[:4])
        return f"Ingested: {listed}."
    if not settings.EMBEDDED_INBOX:
        return "No source answered; beat asks again every 20 minutes."
    done = "the samples stay"
    if not Edition.objects.exists():
        ingestion.load_samples(now, matching.search_text)
        done = "loaded the sample edition, invented papers"
    why = SourceRun.objects.exclude(source="sample").order_by("-finished_at").first()
    because = f" ({why.reason.rstrip('.')})" if why and why.reason else ""
    return f"No source answered{because}: {done}."
