"""A reading -> papers, listings and source runs, in one transaction per day."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from subscriptions.crashpoint import crashpoint
from subscriptions.models import Listing, SourceRun

from . import runs
from .edition import Listed, is_new, latest_day, place
from .lock import alone
from .reading import Reading
from .records import PaperRecord
from .store import Normalise, store

State = SourceRun.State
# What is said of several days together: the first of these that one of them is.
_GRAVEST = [State.DOWN, State.PARTIAL, State.FRESH, State.STALE, State.QUIET]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What one call brought in. `ids` of the papers offered, `new` papers created,
    `updated` existing ones of which a shown value changed, `rejected` unusable items,
    `listed` listings made; `days` those that papers were offered for."""

    source: str
    state: str
    ids: frozenset[str] = frozenset()
    new: int = 0
    updated: int = 0
    rejected: int = 0
    listed: int = 0
    days: tuple[date, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def seen(self) -> int:
        """How many papers were offered, however often each."""
        return len(self.ids)

    def to_json(self) -> dict[str, Any]:
        days = [day.isoformat() for day in self.days]
        told = asdict(self) | {"days": days, "reasons": list(self.reasons)}
        del told["ids"]
        return told | {"seen": self.seen}

    @classmethod
    def together(cls, source: str, parts: Sequence[Ingested]) -> Ingested:
        """The sum of several days."""
        if len(parts) == 1:
            return parts[0]
        states = {part.state for part in parts}
        names = ("new", "updated", "rejected", "listed")
        return cls(
            source,
            next(state.value for state in _GRAVEST if state in states),
            frozenset().union(*(part.ids for part in parts)),
            **{name: sum(getattr(part, name) for part in parts) for name in names},
            days=tuple(day for part in parts for day in part.days),
            reasons=tuple(dict.fromkeys(why for part in parts for why in part.reasons)),
        )


@dataclass(frozen=True, slots=True)
class Intake:
    """One call: when, from where, with which tokeniser."""

    source: str
    origin: str
    now: datetime
    normalise: Normalise
    began: float = field(default_factory=time.monotonic)

    def take(self, reading: Reading, day: date | None) -> Ingested:
        """Store `reading`. Records that name no day of their own are of `day`."""
        told = reading.records or reading.rejected or reading.problem
        if day and not told and self._was_there(day):
            lost = "It is empty, and papers of that day were on it."
            reading = replace(reading, problem=lost)
        by_day: dict[date | None, list[PaperRecord]] = {}
        for record in reading.records:
            listed_on = record.listed_on or day
            by_day.setdefault(listed_on, []).append(
                replace(record, listed_on=listed_on)
            )
        days: list[date | None] = sorted(by_day, key=lambda each: each or date.min)
        days = days or [day]
        parts = []
        for each in days:
            # Unusable items have no day; they are told with the newest one.
            its = (
                reading if each == days[-1] else replace(reading, rejected=(), notes=())
            )
            parts.append(self._day(its, by_day.get(each, []), each))
        return Ingested.together(self.source, parts)

    def _day(
        self, reading: Reading, records: list[PaperRecord], day: date | None
    ) -> Ingested:
        if day is not None and day > latest_day(self.now):
            late = f"{day} is later than today anywhere on earth; nothing was stored."
            return self._refused(day, len(records) + len(reading.rejected), late)
        reasons = [_why(reading.problem, bool(records))] if reading.problem else []
        reasons += [*reading.rejected, *reading.notes]
        if day is None and records:
            reasons.append(
                "No day is given or found: papers stored without an edition."
            )
        with transaction.atomic():
            alone()
            stored = store(records, self.normalise)
            wanted = _to_list(records, day, stored.papers, reading.by_version)
            listed = place(self.source, wanted)
            crashpoint("ingest.stored")
            state = self._state(reading, records, wanted, day, listed)
            counts = {
                "new": stored.new,
                "updated": stored.updated,
                "rejected": len(reading.rejected),
                "listed": listed,
            }
            complete = not reading.problem and state != State.DOWN
            seen = {"seen": stored.seen}
            self._note(day, state, complete, counts | seen, reasons)
        return Ingested(
            self.source,
            state.value,
            frozenset(stored.papers),
            **counts,
            days=(day,) if day and records else (),
            reasons=tuple(reasons),
        )

    def _was_there(self, day: date) -> bool:
        """Did an earlier answer list papers of that day? Lists grow; one that is empty
        now is a fault of the source, and no reason to publish what had come so far."""
        return Listing.objects.filter(source=self.source, listed_on=day).exists()

    def _state(
        self,
        reading: Reading,
        records: list[PaperRecord],
        wanted: list[Listed],
        day: date | None,
        listed: int,
    ) -> State:
        if not records:
            return State.DOWN if reading.problem or reading.rejected else State.QUIET
        if reading.problem or reading.rejected:
            return State.PARTIAL
        if day is None or listed:
            return State.FRESH
        if not wanted:
            return State.QUIET
        # A second look at a day is fresh; another day's list again is stale.
        return State.FRESH if self._was_there(day) else State.STALE

    def _refused(self, day: date, items: int, reason: str) -> Ingested:
        with transaction.atomic():
            alone()
            self._note(day, State.DOWN, False, {"rejected": items}, [reason])
        return Ingested(
            self.source, State.DOWN.value, rejected=items, reasons=(reason,)
        )

    def _note(
        self,
        day: date | None,
        state: State,
        complete: bool,
        counts: dict[str, int],
        reasons: list[str],
    ) -> None:
        finished = self.now + timedelta(seconds=time.monotonic() - self.began)
        runs.write(
            self.source,
            day,
            state,
            complete=complete,
            counts=counts,
            reasons=reasons,
            origin=self.origin,
            started=self.now,
            finished=finished,
        )


def _why(problem: str, some_came: bool) -> str:
    told = f"it {problem[3:]}" if problem.startswith("It ") else problem
    return ("The list is not whole: " if some_came else "No list came: ") + told


def _to_list(
    records: Iterable[PaperRecord],
    day: date | None,
    papers: dict[str, int],
    by_version: bool,
) -> list[Listed]:
    """What the source lists on `day`; replacements only update (rounds.md 2)."""
    return [
        Listed(papers[each.arxiv_id], day)
        for each in records
        if day is not None
        and each.announce != "replace"
        and (not by_version or is_new(day, each.day))
    ]
