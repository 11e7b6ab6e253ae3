"""A reader who did nothing for a year: asked, then slower, then quiet.

Doing something is confirming, changing a preference or pressing a button of a page of
theirs. Nobody looks whether mails are opened. A step is taken under the reader's lock
and only if it is still due there, so that any number of beats takes it once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import QuerySet

from subscriptions.models import ConsentRecord, Delivery, Letter, Subscriber
from subscriptions.models.mailings import PAUSED
from subscriptions.models.readers import SILENT_UNTIL

from .change import end_waiting, heard_from, locked, record
from .owing import owe_letter

Silence, Cadence = Subscriber.Silence, Subscriber.Cadence
State = Letter.State

ASK_AFTER = timedelta(days=365)
WEEKLY_AFTER = timedelta(days=30)
PAUSE_AFTER = timedelta(days=91)
_BATCH = 500


def still_reading(reader_id: int) -> Subscriber:
    """The button of the letter: everything is as it was, for another year."""
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        return reader


def follow_silence(now: datetime, until: float | None = None) -> dict[str, int]:
    """Take every step that is due at `now`, until monotonic `until`; how many."""
    active = Subscriber.objects.active().order_by("pk")
    silent = active.filter(silence=Silence.NONE, last_action_at__lt=now - ASK_AFTER)
    asked = active.filter(silence=Silence.ASKED, silence_at__lte=now - WEEKLY_AFTER)
    weekly = active.filter(silence=Silence.WEEKLY, silence_at__lte=now - PAUSE_AFTER)
    steps: dict[str, tuple[QuerySet[Subscriber], _Step]] = {
        "asked": (silent.exclude(paused_until__gt=now.date()), _ask),
        "slowed": (asked, _slow_down),
        "paused": (weekly, _pause),
    }
    return {
        name: _each(readers, step, now, until)
        for name, (readers, step) in steps.items()
    }


_Step = Callable[[Subscriber, datetime], bool]


def _each(
    readers: QuerySet[Subscriber], step: _Step, now: datetime, until: float | None
) -> int:
    """Take one step with all of these, a transaction each; how many took it."""
    taken, last = 0, 0
    while True:
        rows = readers.filter(pk__gt=last).values_list("pk", flat=True)
        ids = list(rows[:_BATCH])
        if not ids:
            return taken
        for last in ids:
            if until is not None and monotonic() > until:
                return taken
            with transaction.atomic():
                reader = readers.select_for_update().filter(pk=last).first()
                taken += reader is not None and step(reader, now)


def _ask(reader: Subscriber, now: datetime) -> bool:
    """The letter says what follows, and when."""
    weekly_from = now + WEEKLY_AFTER
    context: dict[str, object] = {
        "weekly_from": f"{weekly_from:%Y-%m-%d}",
        "paused_from": f"{weekly_from + PAUSE_AFTER:%Y-%m-%d}",
    }
    if not owe_letter(reader, Letter.Kind.STILL_USEFUL, context):
        return False
    return _stands(reader, Silence.ASKED, now)


def _slow_down(reader: Subscriber, now: datetime) -> bool:
    """Only if the letter went out: else nobody was told, and they are asked anew. It
    may have waited while all sending was paused: they have a month from then."""
    letter = reader.letters.filter(kind=Letter.Kind.STILL_USEFUL).first()
    if letter and letter.is_open:
        return False
    if letter is None or letter.state not in {State.SENT, State.IN_DOUBT}:
        _stands(reader, Silence.NONE, None)
        return False
    if (letter.sent_at or letter.created_at) > now - WEEKLY_AFTER:
        return False
    if reader.cadence != Cadence.WEEKLY:
        reader.before_silence = {"cadence": reader.cadence, "weekdays": reader.weekdays}
        reader.cadence, reader.weekdays = Cadence.WEEKLY, reader.first_weekday
    record(reader, ConsentRecord.Action.CHANGED, "no answer")
    return _stands(reader, Silence.WEEKLY, now)


def _pause(reader: Subscriber, now: datetime) -> bool:
    reader.paused_until = SILENT_UNTIL
    end_waiting(reader, Delivery.State.SKIPPED, PAUSED, letters=False)
    record(reader, ConsentRecord.Action.CHANGED, "no answer")
    return _stands(reader, Silence.PAUSED, now)


def _stands(reader: Subscriber, silence: str, at: datetime | None) -> bool:
    reader.silence, reader.silence_at = silence, at
    reader.save(
        update_fields=[
            "silence",
            "silence_at",
            "before_silence",
            "cadence",
            "weekdays",
            "paused_until",
        ]
    )
    return True
