"""A seeded world around the real pipeline: sources, readers, outages, a bad relay.

`World.play` lives through some weeks and tells a `Witness` what happened. It keeps its
own plain record of what readers asked for and what was listed; nothing of it comes
from the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Protocol

import time_machine
from django.db import transaction

from subscriptions import pipeline
from subscriptions.ingestion.edition import Listed, place
from subscriptions.models import Delivery, Edition, Listing, Paper, SourceRun
from subscriptions.models import Subscriber as Reader
from subscriptions.pipeline.compose import _Compose
from tests.factories import a_paper

from .simulated_readers import WORDS, Key, Readers

HOLD = timedelta(minutes=90)
WINDOW = timedelta(hours=6)
MOMENTS = [0, 60, 91, 91, 300, 355, 361]  # minutes after a reader's hour
# Beginnings near which some clock changes, and one where none does.
STARTS = [
    date(2026, 3, 1),
    date(2026, 3, 22),
    date(2026, 3, 30),
    date(2026, 10, 18),
    date(2026, 10, 25),
    date(2026, 7, 1),
]


class Crash(Exception):
    """The process died here."""


class Witness(Protocol):
    def before(self, now: datetime) -> None: ...
    def rows(self, now: datetime, whole_day: bool) -> None: ...
    def after(self, now: datetime, undisturbed: bool) -> None: ...


class World:
    def __init__(self, seed: int, settings: Any) -> None:
        self.random = Random(seed)
        self.words: dict[int, frozenset[str]] = {}
        self.upvotes: dict[int, int] = {}
        # Published: edition -> its papers with the upvotes they had then.
        self.published: dict[Key, dict[int, int]] = {}
        self.readers = Readers(self.random, self.published)
        self.people = self.readers.people
        self.queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self.calm = False
        self.dark_until = datetime(2000, 1, 1, tzinfo=UTC)
        self.witness: Witness
        # So small that a few readers make several slices.
        settings.COMPOSE_SLICE = self.random.choice([2, 3, 20_000])

    def chance(self, share: float) -> bool:
        return not self.calm and self.random.random() < share

    # --- time -------------------------------------------------------------------
    def play(self, days: int, drain: int) -> None:
        first = self.random.choice(STARTS)
        with time_machine.travel(datetime.combine(first, time(0), UTC), tick=False) as (
            clock
        ):
            for offset in range(days + drain):
                day = first + timedelta(days=offset)
                self.calm = offset >= days
                self._plan(day, offset)
                until = datetime.combine(day + timedelta(days=1), time(0), UTC)
                while self.queue and min(self.queue)[0] < until:
                    event = min(self.queue)
                    self.queue.remove(event)
                    clock.move_to(event[0])
                    event[2](event[0])

    def at(self, when: datetime, act: Callable[[datetime], None]) -> None:
        self.queue.append((when, self.random.getrandbits(60), act))

    def _plan(self, day: date, offset: int) -> None:
        midnight = datetime.combine(day, time(0), UTC)
        self._plan_sources(day, midnight)
        if offset == 0:
            for _ in range(self.random.randint(2, 3)):
                self.at(midnight + self._within(hours=20), self.readers.signs_up)
        if self.calm and self.dark_until > midnight:
            self.dark_until = midnight
        for _ in range(2 if not self.calm else 0):
            if self.chance(0.7):
                self.at(midnight + self._within(hours=24), self.readers.somebody_acts)
        if self.chance(0.1):
            hours = self.random.choice([3, 8, 30, 80])
            self.dark_until = midnight + timedelta(hours=hours)
        if self.calm:
            for person in self.people.values():
                if person.paused_until:
                    self.at(
                        midnight, lambda now, who=person: self.readers.pauses(who, None)
                    )
        self._plan_ticks(midnight)

    def _plan_ticks(self, midnight: datetime) -> None:
        """About two a day for each reader, at moments where their rules change."""
        wanted = {midnight + timedelta(hours=5, minutes=35), midnight}
        for person in self.people.values():
            for offset in (-1, 0, 1):
                start = person.due_at(midnight.date() + timedelta(days=offset))
                moments = [91] if self.calm else self.random.sample(MOMENTS, 2)
                wanted |= {start + timedelta(minutes=each) for each in moments}
        for when in sorted(wanted):
            inside = midnight <= when < midnight + timedelta(days=1)
            if inside and when >= self.dark_until and not self.chance(0.3):
                self.at(when, self.tick)
        if self.chance(0.15):
            self.at(midnight + self._within(hours=24), self.whole_day)

    def _within(self, hours: int) -> timedelta:
        return timedelta(minutes=self.random.randrange(hours * 60))

    # --- sources ----------------------------------------------------------------
    def _plan_sources(self, day: date, midnight: datetime) -> None:
        for source, lists, settled in (("arxiv", 3, 5.6), ("hf", 15, 19.6)):
            if day.weekday() >= 5 or self.chance(0.12):
                continue
            late = self._within(hours=50) if self.chance(0.2) else timedelta(0)
            when = midnight + timedelta(hours=lists) + late

            def list_(now: datetime, source: str = source) -> None:
                self.source_lists(source, day, now)

            def settle(now: datetime, source: str = source) -> None:
                self._heard(source, day, now)

            self.at(when, list_)
            self.at(max(when, midnight + timedelta(hours=settled)), settle)
            if self.chance(0.25):  # some of the day's papers are listed later
                self.at(when + self._within(hours=100), list_)

    def source_lists(self, source: str, day: date, now: datetime) -> None:
        new = [self._a_paper() for _ in range(self.random.randint(1, 5))]
        others = [paper for paper in self.words if paper not in new]
        again = self.random.sample(others, min(len(others), self.random.randint(0, 3)))
        for paper in [*new, *again] if source == "hf" else []:
            self.upvotes[paper] = self.random.randint(0, 9)
            Paper.objects.filter(pk=paper).update(upvotes=self.upvotes[paper])
        place(source, [Listed(paper, day) for paper in [*new, *again]])

    def _a_paper(self) -> int:
        words = self.random.sample(WORDS, self.random.randint(1, 3))
        paper = a_paper(title=" ".join(words), abstract="", authors=[], categories=[])
        self.words[paper.pk], self.upvotes[paper.pk] = frozenset(words), 0
        return paper.pk

    def _heard(self, source: str, day: date, now: datetime) -> None:
        tries = SourceRun.objects.filter(source=source, day=day).count()
        SourceRun.objects.create(
            source=source,
            day=day,
            attempt=tries + 1,
            state="fresh",
            started_at=now,
            finished_at=now,
        )

    def _note_published(self, editions: list[Edition]) -> None:
        for edition in editions:
            papers = Listing.objects.filter(edition=edition).values_list(
                "paper_id", flat=True
            )
            self.published[edition.source, edition.day] = {
                paper: self.upvotes[paper] for paper in papers
            }

    # --- the service ------------------------------------------------------------
    def tick(self, now: datetime) -> None:
        self._note_published(pipeline.publish(now))
        self._compose(now, lambda: pipeline.compose(now))
        pipeline.close_rounds(now)
        if not self.chance(0.25):
            self.send(now)

    def whole_day(self, now: datetime) -> None:
        day = now.date() + timedelta(days=self.random.choice([-1, 0, 0, 1]))
        self._note_published(pipeline.publish_until(day))
        self._compose(now, lambda: pipeline.compose_day(day), whole_day=True)

    def _compose(
        self, now: datetime, run: Callable[[], object], whole_day: bool = False
    ) -> None:
        """Compose, sometimes with something else happening in its middle."""
        self.witness.before(now)
        disturbed = self.chance(0.4)
        try:
            if not disturbed:
                run()
            elif self.chance(0.3):
                with self._dying():
                    run()
            else:
                with self._interrupted(now, whole_day):
                    run()
        except Crash:
            pass
        self.witness.rows(now, whole_day)
        self.witness.after(now, undisturbed=not disturbed and not whole_day)

    @contextmanager
    def _interrupted(self, now: datetime, whole_day: bool) -> Iterator[None]:
        """Something happens between the question who is due and the locks."""
        real = _Compose._slice

        def late(work: _Compose, due: Any, ids: list[int]) -> object:
            _Compose._slice = real  # type: ignore[method-assign]
            self.witness.rows(now, whole_day)
            if self.random.random() < 0.5:
                pipeline.compose(now)
                self.witness.rows(now, False)
                if self.random.random() < 0.5:
                    self.send(now)
            else:
                self.readers.somebody_acts(now)
            return real(work, due, ids)

        _Compose._slice = late  # type: ignore[assignment]
        try:
            yield
        finally:
            _Compose._slice = real  # type: ignore[method-assign]

    @contextmanager
    def _dying(self) -> Iterator[None]:
        """The process dies when deliveries are written and their readers are not."""
        readers = Reader.objects

        def dies(*args: object, **options: object) -> None:
            raise Crash

        readers.bulk_update = dies  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            del readers.bulk_update

    def send(self, now: datetime) -> None:
        """What a sender does to the ledger, by the fortunes of a bad relay."""
        fates = ["sent"] * 9 + ["deferred", "leased", "failed", "expired"]
        fates += ["failed", "quarantined", "in_doubt", "pending"]
        rows = Delivery.objects.filter(state__in=[*Delivery.OPEN, "in_doubt"])
        for row in rows.order_by("pk"):
            person = self.people[row.subscriber_id]
            fate = "sent" if self.calm else self.random.choice(fates)
            if not person.active or person.paused(person.today(now)):
                fate = "skipped" if person.active else "unsubscribed"
                if row.state == "in_doubt":
                    continue
            if fate == "sent":
                Delivery.objects.filter(pk=row.pk).update(
                    state=fate, lease_token=None, sent_at=now
                )
                Reader.objects.filter(pk=person.id).update(last_mail_at=now)
                person.last_mail = now
            elif fate in {"deferred", "leased", "pending", "in_doubt"}:
                if row.state != "in_doubt":
                    token = "0" * 32 if fate == "leased" else None
                    Delivery.objects.filter(pk=row.pk).update(
                        state=fate, lease_token=token
                    )
            else:
                self._end(row, fate)

    def _end(self, row: Delivery, fate: str) -> None:
        mails = Delivery.objects.filter(pk=row.pk)
        if row.state in {"pending", "deferred"}:
            mails.end(fate, "the world")
        else:
            with transaction.atomic():
                mails.update(state=fate, lease_token=None, reason="the world")
                mails.give_coverage_back()
