"""Random weeks against the promises of rounds.md: nothing lost, nothing twice.

Each scenario is a seed. What a reader must get is worked out here anew, by plain loops
over what was listed and asked for, and compared with each row the pipeline writes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from subscriptions.models import Delivery
from subscriptions.models import Subscriber as Reader

from .simulated_readers import Key, Person
from .simulator import HOLD, WINDOW, World

pytestmark = pytest.mark.django_db
# About 6 s each.
SCENARIOS = 2 if connection.vendor == "sqlite" else 1
if os.environ.get("TEST_FULL"):
    SCENARIOS *= 76
REACH, KEPT = timedelta(days=14), timedelta(days=90)
GOT = {"pending", "leased", "deferred", "sent", "in_doubt"}


@dataclass
class Row:
    """A delivery as it was written, and what became of it since."""

    id: int
    person: Person
    due: date
    at: datetime
    first: bool
    picks: list[int]
    matched: int
    editions: set[Key]
    state: str
    reason: str

    @property
    def counts(self) -> bool:
        """Its editions are done with: the reader got them, or there was nothing."""
        return self.state in GOT or self.reason == "nothing matched"


class Expectation:
    """A witness who says what must have happened, and fails where it did not."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows_by_id: dict[int, Row] = {}
        self.must: list[tuple[Person, list[date]]] = []

    # --- what a reader is owed ----------------------------------------------------
    def rows_of(self, person: Person) -> list[Row]:
        return [row for row in self.rows_by_id.values() if row.person is person]

    def owed(self, person: Person, due: date) -> set[Key]:
        """Editions within reach that no digest of theirs has dealt with."""
        dealt: set[Key] = set()
        for row in self.rows_of(person):
            dealt |= row.editions if row.counts else set()
        return {
            (source, day)
            for source, day in self.world.published
            if day <= due <= day + REACH
            and day >= person.start.get(source, day)
            and (source, day) not in dealt
        }

    def found(self, person: Person, editions: set[Key]) -> dict[int, date]:
        """Papers of these editions that one of their filters finds -> first day."""
        wishes = [w for key, w in person.wishes.items() if key not in person.off]
        found: dict[int, date] = {}
        for source, day in sorted(editions, key=lambda key: key[1]):
            for paper, upvotes in self.world.published[source, day].items():
                words = self.world.words[paper]
                if any(wish.finds(words, source, upvotes) for wish in wishes):
                    found.setdefault(paper, day)
        return found

    def had(self, person: Person, due: date) -> set[int]:
        rows = [row for row in self.rows_of(person) if due - row.due <= KEPT]
        had = {paper for row in rows if row.state in GOT for paper in row.picks}
        lost = (row.picks for row in rows if row.state == "quarantined")
        broken = Counter(paper for picks in lost for paper in picks)
        return had | {paper for paper, times in broken.items() if times > 1}

    # --- before, while and after composing ------------------------------------------
    def before(self, now: datetime) -> None:
        """Work out who must have a row afterwards."""
        self.refresh()
        self.must = []
        for person in self.world.people.values():
            rows = self.rows_of(person)
            dates = {row.due for row in rows}
            if not person.active or any(row.state in Delivery.OPEN for row in rows):
                continue
            days = list(self._due(person, now, dates))
            if days:
                self.must.append((person, days))

    def _due(self, person: Person, now: datetime, dates: set[date]) -> Iterator[date]:
        today = person.today(now)
        if person.awaits_first:
            confirmed = person.today(person.confirmed or now)
            if {today, confirmed} & dates or person.paused(today):
                return
            if self.owed(person, today):
                yield today
            else:
                person.awaits_first = False  # the welcome letter has gone
            return
        if person.last_mail and now - person.last_mail < WINDOW:
            return
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            start = person.due_at(day)
            in_time = start + HOLD <= now < start + WINDOW
            in_time &= self._was_there(person, start)
            free = day not in dates and not person.paused(day) and person.wants(day)
            owed = self.owed(person, day)
            if in_time and free and owed:
                fresh = self.found(person, owed).keys() - self.had(person, day)
                if person.hold == 1 or len(fresh) >= person.hold:
                    yield day

    def rows(self, now: datetime, whole_day: bool) -> None:
        """Look at every row that is new."""
        self.refresh()
        known = max(self.rows_by_id, default=0)
        for row in Delivery.objects.filter(pk__gt=known).order_by("pk"):
            person = self.world.people[row.subscriber_id]
            seen = Row(
                row.pk,
                person,
                row.due_date,
                now,
                row.first,
                [pick["paper"] for pick in row.picks],
                row.matched,
                {(e["source"], date.fromisoformat(e["day"])) for e in row.editions},
                row.state,
                row.reason,
            )
            self._judge(seen, whole_day)
            self.rows_by_id[row.pk] = seen
            person.awaits_first = False

    def _judge(self, row: Row, whole_day: bool) -> None:
        person = row.person
        assert person.active, f"a row for a reader who left: {row}"
        assert not person.paused(row.due), f"a row for a paused reader: {row}"
        others = self.rows_of(person)
        assert row.due not in {each.due for each in others}, f"a second row: {row}"
        opened = [each for each in others if each.state in Delivery.OPEN]
        assert not opened, f"a second open delivery: {row}, {opened}"
        owed = self.owed(person, row.due)
        start = person.due_at(row.due)
        if row.reason == "no new edition":
            assert not owed, f"there were new editions {owed}: {row}"
            assert whole_day or row.at >= start + WINDOW, f"too early: {row}"
            assert whole_day or self._was_there(person, start), f"too early: {row}"
            return
        assert owed <= row.editions, f"lost {owed - row.editions}: {row}"
        if not whole_day:
            self._judge_time(row, start)
        fresh = self.found(person, row.editions)
        for paper in self.had(person, row.due):
            fresh.pop(paper, None)
        assert row.matched == len(fresh), f"{len(fresh)} papers match: {row}"
        assert len(row.picks) == min(len(fresh), person.cap), f"the cap: {row}"
        assert set(row.picks) <= fresh.keys(), f"had or not matching: {row}"
        assert (row.state == "pending") == bool(row.picks), f"the state: {row}"
        if not (whole_day or row.first) and 0 < len(fresh) < person.hold:
            self._judge_hold(row, min(fresh.values()))

    def _judge_time(self, row: Row, start: datetime) -> None:
        if row.first:
            return
        person = row.person
        assert person.wants(row.due), f"not on their days: {row}"
        assert start <= row.at < start + WINDOW, f"outside the window: {row}"
        assert self._was_there(person, start), f"before the import: {row}"
        rested = person.last_mail is None or row.at - person.last_mail >= WINDOW
        assert rested, f"too soon after the last mail: {row}"

    def _was_there(self, person: Person, start: datetime) -> bool:
        return person.imported is None or person.imported < start

    def _judge_hold(self, row: Row, oldest: date) -> None:
        day = row.due + timedelta(days=1)
        while not row.person.wants(day) or row.person.paused(day):
            day += timedelta(days=1)
        assert (day - oldest).days > 7, f"not held for {row.person.hold}: {row}"

    def after(self, now: datetime, undisturbed: bool) -> None:
        if undisturbed:
            for person, days in self.must:
                written = any(row.at == now for row in self.rows_of(person))
                assert written, f"no row for {days} at {now}: {person}"
        self._judge_coverage()

    def _judge_coverage(self) -> None:
        for key, covered in Reader.objects.values_list("pk", "covered"):
            person = self.world.people[key]
            dealt = {
                edition
                for row in self.rows_of(person)
                if row.counts
                for edition in row.editions
            }
            for source, text in covered.items():
                days = [day for name, day in dealt if name == source]
                if source in person.start:
                    days.append(person.start[source] - timedelta(days=1))
                limit = max(days, default=date.min)
                assert date.fromisoformat(text) <= limit, f"{text} > {limit}: {person}"

    def refresh(self) -> None:
        states = Delivery.objects.values_list("pk", "state", "reason")
        for key, state, reason in states:
            if row := self.rows_by_id.get(key):
                row.state, row.reason = state, reason

    def finish(self) -> None:
        self.refresh()
        for person in self.world.people.values():
            got: Counter[int] = Counter()
            for row in self.rows_of(person):
                got.update(row.picks if row.state in GOT else [])
            twice = [paper for paper, times in got.items() if times > 1]
            assert not twice, f"papers sent twice: {twice}: {person}"


def live_through(seed: int, settings: Any) -> Expectation:
    world = World(seed, settings)
    expectation = Expectation(world)
    world.witness = expectation
    with transaction.atomic():
        world.play(days=world.random.randint(4, 14), drain=8)
        expectation.finish()
        transaction.set_rollback(True)
    return expectation


def test_nothing_is_lost_and_nothing_comes_twice(settings: Any) -> None:
    """SIMULATION_SEED=n begins with scenario n, to see a failure again."""
    first = int(os.environ.get("SIMULATION_SEED", "1"))
    for seed in range(first, first + SCENARIOS):
        try:
            live_through(seed, settings)
        except Exception as error:
            raise AssertionError(f"SIMULATION_SEED={seed}: {error}") from error
