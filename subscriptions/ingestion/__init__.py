"""What the sources list -> papers, editions and source runs.

In: answers of Hugging Face's and arXiv's servers over HTTP, and files of the same.
Out: `Paper`, `Edition`, `Listing` and `SourceRun` rows, by the rules 1 to 7 of
editions. Every call may be repeated; the second one changes nothing. What a stranger
sends never raises: it becomes a source run that says what was wrong with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from django.conf import settings

from subscriptions.models import Edition, Source, SourceRun
from subscriptions.models.papers import settles_at

from . import files
from .edition import latest_day
from .fetch import Fetcher, where
from .intake import Ingested, Intake
from .publication import publish_settled, publish_until
from .reading import Reading
from .records import PaperRecord, Unusable, paper_id, pasted_id
from .sources import arxiv_rss, hf
from .store import Normalise, Stored, store

__all__ = [
    "Ingested",
    "PaperRecord",
    "Stored",
    "Unusable",
    "ingest_file",
    "ingest_source",
    "load_samples",
    "paper_id",
    "pasted_id",
    "publish_settled",
    "publish_until",
    "store",
]

NEWEST_WITHIN = 4  # days back in which a source has listed something
SETTLED_WITHIN = 8  # days back in which one of its days has settled
SAMPLES = Path(__file__).with_name("samples.json")


def ingest_source(
    source: str,
    day: date | None,
    now: datetime,
    normalise: Normalise,
    budget: float = 60.0,
) -> Ingested:
    """Ask `source` ("hf" or "arxiv") for `day`, or for its newest day.

    `now` is aware; `budget` is in seconds, for all requests together.
    """
    with Fetcher(budget) as fetcher:
        if source == Source.HF:
            intake = Intake(source, where(settings.HF_BASE_URL), now, normalise)
            if day is None:
                return _newest_of_hf(fetcher, intake)
            return _day_of_hf(fetcher, intake, day)
        if source == Source.ARXIV:
            intake = Intake(source, where(settings.ARXIV_RSS_URL), now, normalise)
            base, terms = settings.ARXIV_RSS_URL, settings.ARXIV_CATEGORIES
            reading = arxiv_rss.fetch(fetcher, base, terms, day)
            today = now.astimezone(settings.ARXIV_SETTLES.zone).date()
            return intake.take(_on(reading.day, reading), day or reading.day or today)
    raise ValueError(f"{source!r} is no source; hf and arxiv are.")


def ingest_file(
    path: Path,
    day: date | None,
    source: str | None,
    now: datetime,
    normalise: Normalise,
) -> Ingested:
    """Take a file as if its source had answered with it.

    Its day is `day`, else what its items or its feed say, else YYYY-MM-DD in its name;
    without any its papers are stored in no edition. `source`: in whose name, if not
    the one that the format tells.
    """
    reading = files.read_path(path)
    named = source or reading.source or files.likely_source(path)
    records = (replace(record, source=named) for record in reading.records)
    reading = _on(day or reading.day, replace(reading, records=tuple(records)))
    return Intake(named, path.name, now, normalise).take(
        reading, day or reading.day or files.day_in_name(path)
    )


def load_samples(now: datetime, normalise: Normalise) -> Ingested:
    """The sample edition of today (UTC): invented papers, published at once."""
    today = _today(now)
    invented = msgspec.json.decode(SAMPLES.read_bytes(), type=list[PaperRecord])
    records = tuple(
        replace(record, listed_on=today, day=today - timedelta(days=number % 4))
        for number, record in enumerate(invented)
    )
    intake = Intake(Source.SAMPLE, SAMPLES.name, now, normalise)
    ingested = intake.take(Reading(Source.SAMPLE, records), today)
    publish_until(today, now, sources=[Source.SAMPLE])
    return ingested


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _on(day: date | None, reading: Reading) -> Reading:
    """`reading` with all its records listed on `day`, if one is given."""
    if day is None:
        return reading
    records = (replace(record, listed_on=day) for record in reading.records)
    return replace(reading, records=tuple(records))


def _day_of_hf(fetcher: Fetcher, intake: Intake, day: date) -> Ingested:
    if day > latest_day(intake.now):
        return intake.take(Reading("hf"), day)
    return intake.take(
        hf.fetch(fetcher, settings.HF_BASE_URL, day, _today(intake.now)), day
    )


def _newest_of_hf(fetcher: Fetcher, intake: Intake) -> Ingested:
    """The newest day that lists anything, then back to the newest settled one.

    A day that is still growing cannot be published; the one before it can, unless it
    is out already. A source that is down is not asked further.
    """
    parts: list[Ingested] = []
    for back in range(SETTLED_WITHIN + 1):
        found = any(part.days for part in parts)
        day = _today(intake.now) - timedelta(days=back)
        if back > NEWEST_WITHIN and not found:
            break
        if found and Edition.objects.published().filter(source="hf", day=day).exists():
            break
        parts.append(_day_of_hf(fetcher, intake, day))
        down = parts[-1].state == SourceRun.State.DOWN
        if down or (parts[-1].days and settles_at("hf", day) <= intake.now):
            break
    return Ingested.together("hf", parts)
