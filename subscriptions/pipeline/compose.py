"""Who is due x what their filters match -> one delivery each (rounds.md 8-17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from subscriptions import rounds, sending
from subscriptions.crashpoint import crashpoint
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Listing,
    Round,
    Source,
    Subscriber,
    TopicFilter,
    among,
)
from subscriptions.models.mailings import HORIZON, NO_NEW_EDITION

from .bulk import insert, uncollected
from .desk import Desk
from .draft import Draft, draft_digest
from .empty_days import write_letters
from .had import Had, had_by, had_later
from .standing import advance, standing_of
from .wishes import NOTHING, Wishes, lean, wishes_of

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Composed:
    """What a call wrote: deliveries to send, rows skipped; `done` False: ring again."""

    pending: int = 0
    skipped: int = 0
    done: bool = True

    def __add__(self, other: Composed) -> Composed:
        return Composed(
            self.pending + other.pending,
            self.skipped + other.skipped,
            self.done and other.done,
        )


def compose(now: datetime, until: float | None = None) -> Composed:
    """Write a delivery for every reader due at `now`; stop at monotonic `until`."""
    total = Composed()
    for due in rounds.due_now(now):
        total += _Compose(now, due.day).over(due.readers, until)
        if not total.done:
            return total
    for due in rounds.overdue(now):
        closing = _Compose(now, due.day, closed=True)
        total += closing.over(due.readers, until)
        if not total.done:
            return total
    return total


def compose_day(day: date, until: float | None = None) -> Composed:
    """Rule 17: as of the end of `day`, whatever hour, hold and confirmation."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    work = _Compose(end, day, whole_day=True)
    return work.over(rounds.all_on(day), until)


def compose_one(reader: Subscriber, day: date) -> Delivery | None:
    """What `compose_day` would write for this reader, unsaved; None: no row."""
    with transaction.atomic():
        desk = Desk(day)
        covering = desk.covering(reader.covered)
        if not covering.editions:
            return None
        had = had_by([reader], {reader.pk: covering}, desk, day)
        wishes = wishes_of([reader.pk]).get(reader.pk, NOTHING)
        copy = Subscriber.objects.get(pk=reader.pk)
        draft = draft_digest(copy, wishes, day, covering, had[reader.pk], desk)
        return draft.delivery


class _Compose:
    """One due date's composing. `closed`: the window is over, only dates that had no
    edition are written down. `whole_day`: nobody is waited or held for."""

    def __init__(
        self,
        now: datetime,
        day: date,
        closed: bool = False,
        whole_day: bool = False,
    ) -> None:
        self.now, self.day = now, day
        self.closed, self.whole_day = closed, whole_day
        self._missing: dict[tuple[datetime, frozenset[str]], list[str]] = {}
        self._used: set[int] = set()
        self._ramp = rounds.ramp(self._today)

    @property
    def _today(self) -> datetime:
        """When it is sent: now, for a day that is run whole and may be past."""
        return timezone.now() if self.whole_day else self.now

    @cached_property
    def desk(self) -> Desk:
        # Laid for the first reader: most ticks find nobody, and should cost nothing.
        return Desk(self.day)

    @property
    def _is_over(self) -> bool:
        """Is a whole day run that has ended? Before that an edition may still come."""
        return self.whole_day and timezone.now() >= self.now

    def over(
        self, readers: QuerySet[Subscriber], until: float | None = None
    ) -> Composed:
        """All of `readers`, in slices by id, a transaction each (rule 19)."""
        total, last = Composed(), 0
        while True:
            if self._ramp and not self._ramp.room(self._today):
                readers = self._ramp.started(readers)
            slice_ = readers.filter(pk__gt=last).order_by("pk")
            shown = slice_.values_list("pk", "covered", "awaits_first_digest")
            rows = list(shown[: settings.COMPOSE_SLICE])
            if not rows:
                break
            ids = [
                pk for pk, covered, first in rows if first or self._concerns(covered)
            ]
            written = Composed()
            if ids:
                with uncollected():
                    written = self._slice(readers, ids)
                crashpoint("compose.committed")
            total, last = total + written, rows[-1][0]
            # Not before something was written: the successor begins with the first
            # reader again, and would come no further than those who wait.
            some = written.pending or written.skipped
            if some and until is not None and monotonic() > until:
                total += Composed(done=False)
                break
        self._count(total)
        return total

    def _concerns(self, covered: Mapping[str, str]) -> bool:
        """Could a reader whose coverage is `covered` get a row now? Asked before
        readers are locked and their filters are read: on a weekend nobody could, and
        after an absence nobody whose window is over."""
        if self.desk.covering(covered).editions:
            return not self.closed  # later than the window: combined with the next
        return self.closed or self._is_over

    @transaction.atomic
    def _slice(self, due: QuerySet[Subscriber], ids: list[int]) -> Composed:
        readers = self._locked(due, ids)
        crashpoint("compose.locked")
        known = wishes_of([reader.pk for reader in readers])
        wishes = {reader.pk: known.get(reader.pk, NOTHING) for reader in readers}
        covering = {reader.pk: self.desk.covering(reader.covered) for reader in readers}
        notes = {
            reader.pk: self._notes(reader, wishes[reader.pk], covering[reader.pk])
            for reader in readers
        }
        readers = [reader for reader in readers if notes[reader.pk] is not None]
        before = {reader.pk: standing_of(reader) for reader in readers}
        had = had_by(readers, covering, self.desk, self.day)
        later = had_later(readers, self.day)
        # Those due the same editions one after the other: their ranking is kept.
        readers.sort(key=lambda reader: [e.pk for e in covering[reader.pk].editions])
        drafts = [
            draft
            for reader in readers
            if (
                draft := self._draft(
                    reader,
                    wishes[reader.pk],
                    covering[reader.pk],
                    had[reader.pk],
                    notes[reader.pk] or [],
                )
            )
        ]
        if not (drafts := self._within_ramp(drafts)):
            return Composed()
        for draft in drafts:
            draft.reader.recheck_had |= draft.reader.pk in later
        crashpoint("compose.drafted")
        self._write(drafts)
        advance([draft.reader for draft in drafts], before)
        crashpoint("compose.written")
        rows = [draft.delivery for draft in drafts if draft.has_row]
        pending = sum(row.state == State.PENDING for row in rows)
        return Composed(pending, len(rows) - pending)

    def _locked(
        self, due: QuerySet[Subscriber], ids: Sequence[int]
    ) -> list[Subscriber]:
        """Lock these readers and return those that are still due: meanwhile one may
        have paused or left, or another compose was quicker."""
        locked = Subscriber.objects.filter(pk__in=among(ids)).order_by("pk")
        list(locked.select_for_update().values_list("pk"))
        return list(lean(due.filter(pk__in=among(ids)).order_by("pk")))

    def _draft(
        self,
        reader: Subscriber,
        wishes: Wishes,
        covering: rounds.Covering,
        had: Had,
        notes: Sequence[str],
    ) -> Draft | None:
        """The reader's row of this date, or None where it is not time for one."""
        first = reader.awaits_first_digest
        if not covering.editions:
            if first:
                return Draft.welcome_only(reader, wishes, self.day)
            if self._concerns(reader.covered):
                return Draft.skipped(reader, self.day, NO_NEW_EDITION)
            return None
        if self.closed:
            return None
        draft = draft_digest(reader, wishes, self.day, covering, had, self.desk, notes)
        if not first and not self.whole_day and self._holds(reader, draft, covering):
            return None
        return draft

    def _notes(
        self, reader: Subscriber, wishes: Wishes, covering: rounds.Covering
    ) -> list[str] | None:
        """Rule 13: which sources are missing; None: wait for them."""
        if reader.awaits_first_digest or self.whole_day or self.closed:
            return []
        if not covering.editions:
            return []
        start = rounds.instant(self.day, reader.hour, reader.zone)
        needed = self.desk.sources_needed(each.text for each in wishes.wanted)
        key = (start, needed)
        if key not in self._missing:
            self._missing[key] = rounds.missing_sources(needed, start, self.day)
        missing = self._missing[key]
        if missing and self.now < start + settings.HOLD_FOR_SOURCE:
            return None
        return [
            f"{Source(source).label} had not published its list when this was made; "
            "its papers come with the next one."
            for source in missing
        ]

    def _holds(
        self, reader: Subscriber, draft: Draft, covering: rounds.Covering
    ) -> bool:
        """Rule 14: fewer than wanted wait, and none gets too old by the next date."""
        if draft.matched >= reader.hold_until:
            return False
        next_ = rounds.next_due(reader, self.day)
        oldest = draft.oldest or min(edition.day for edition in covering.editions)
        return reader.hold_until > 1 and (next_ - oldest).days <= 7

    def _within_ramp(self, drafts: list[Draft]) -> list[Draft]:
        """Without those to whom the warm-up gives no mail today."""
        if self._ramp is None:
            return drafts
        room, kept = self._ramp.room(self._today), []
        for draft in drafts:
            starts = draft.has_row and draft.delivery.state == State.PENDING
            if starts and not self._ramp.has_started(draft.reader):
                if not room:
                    continue
                room -= 1
            kept.append(draft)
        return kept

    def _write(self, drafts: Sequence[Draft]) -> None:
        round_, _ = Round.objects.get_or_create(due_date=self.day)
        expires = max(self.now, timezone.now()) + HORIZON
        for draft in drafts:
            draft.delivery.round = round_
            draft.delivery.expires_at = expires
        rows = [draft for draft in drafts if draft.has_row]
        insert([row.delivery for row in rows])
        # Rule 17: it may be reopened. Whoever closes it takes the same lock first.
        Round.objects.filter(pk=round_.pk).update(
            readers_due=F("readers_due") + len(rows),
            state=Round.State.OPEN,
            completed_at=None,
            emptied=False,
        )
        self._begin_canary(round_, rows)
        write_letters(drafts, self.desk, self._today)
        self._used |= {each.pk for draft in drafts for each in draft.editions}

    def _begin_canary(self, round_: Round, rows: Sequence[Draft]) -> None:
        mails = [row for row in rows if row.delivery.state == State.PENDING]
        # Who has just confirmed had a mail before: the letter that asked them to.
        fresh = [m for m in mails if not (m.reader.last_mail_at or m.delivery.first)]
        if ids := [row.reader.pk for row in fresh]:
            # Servers have answered for these before. A reader whom one always refuses
            # would count as never mailed for ever.
            back = DeliveryEvent.objects.filter(subscriber__in=among(ids))
            known_of = set(back.values_list("subscriber_id", flat=True))
            fresh = [row for row in fresh if row.reader.pk not in known_of]
        new = {row.reader.pk for row in fresh}
        known = [row.reader.pk for row in mails if row.reader.pk not in new]
        imported = any(row.reader.due_after for row in fresh)
        sending.begin_canary(round_, sorted(new), known, imported)

    def _count(self, total: Composed) -> None:
        """Bring the round's figures up to date: its papers and the filters in use."""
        if not (total.pending or total.skipped):
            return
        round_ = Round.objects.get(due_date=self.day)
        round_.editions.add(*self._used)
        listed = Listing.objects.filter(edition__in=round_.editions.all())
        round_.papers = listed.values("paper").distinct().count()
        round_.filters = (
            TopicFilter.objects.filter(
                subscriptions__enabled=True,
                subscriptions__subscriber__state=Subscriber.State.ACTIVE,
            )
            .distinct()
            .count()
        )
        round_.save(update_fields=["papers", "filters"])
