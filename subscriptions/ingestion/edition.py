"""Papers -> listings in their source's editions (rounds.md 1, 2, 5, 6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Min

from subscriptions.models import Edition, Listing

from .lock import alone

LATE = timedelta(days=14)
NEW_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Listed:
    """That a source lists the paper with primary key `paper` on a day."""

    paper: int
    listed_on: date


def latest_day(now: datetime) -> date:
    """Today where the day begins first, at UTC+14; no source can list a later one."""
    return (now.astimezone(UTC) + timedelta(hours=14)).date()


def is_new(day: date, first_version: date | None) -> bool:
    """Is a paper of a list that is no announcement new on `day` (rounds.md 2)?"""
    return first_version is None or day - first_version <= NEW_FOR


def place(source: str, listed: Iterable[Listed]) -> int:
    """List papers that this source has not listed before; how many it listed.

    They go into the edition of their day, in the order given; a late one into the
    next edition; one too late into none (backfilled).
    """
    with transaction.atomic():
        alone()
        wanted: dict[int, date] = {}
        for each in sorted(listed, key=lambda each: each.listed_on):
            wanted.setdefault(each.paper, each.listed_on)
        known = _listed_before(source, list(wanted))
        calendar = _Calendar(source)
        rows: list[Listing] = []
        for paper, day in wanted.items():
            if paper not in known:
                rows.append(calendar.listing(paper, day))
        Listing.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        for edition in calendar.touched.values():
            edition.papers = edition.listings.count()
            edition.save(update_fields=["papers"])
    return len(rows)


def _listed_before(source: str, papers: list[int]) -> set[int]:
    known: set[int] = set()
    for start in range(0, len(papers), 500):
        rows = Listing.objects.filter(
            source=source, paper__in=papers[start : start + 500]
        )
        known |= set(rows.values_list("paper_id", flat=True))
    return known


class _Calendar:
    """A source's editions, as far as listing a paper needs them."""

    def __init__(self, source: str) -> None:
        self.source = source
        mine = Edition.objects.filter(source=source)
        self.first = mine.aggregate(first=Min("day"))["first"]
        self.newest = mine.newest_days().get(source)
        self.open_days = set(mine.open().values_list("day", flat=True))
        self.touched: dict[date, Edition] = {}

    def listing(self, paper: int, day: date) -> Listing:
        target = self.target(day)
        edition = self._open(target) if target else None
        position = 0
        if edition is not None:
            position = edition.papers
            edition.papers += 1
        return Listing(
            paper_id=paper,
            source=self.source,
            edition=edition,
            listed_on=day,
            position=position,
        )

    def target(self, day: date) -> date | None:
        """The edition that what was listed on `day` goes into (rounds.md 5).

        Lateness is counted to that edition's day, not to the clock: replaying old
        days gives what they gave then.
        """
        if self.newest is None or day > self.newest:
            return day
        later = (each for each in self.open_days if each > self.newest)
        following: date = min(later, default=self.newest + timedelta(days=1))
        return following if day >= self.first and following - day <= LATE else None

    def _open(self, day: date) -> Edition:
        if day not in self.touched:
            self.touched[day], _ = Edition.objects.get_or_create(
                source=self.source, day=day
            )
            self.open_days.add(day)
        return self.touched[day]
