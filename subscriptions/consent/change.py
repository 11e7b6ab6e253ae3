"""What every change of a reader is made of: the lock, the record, the letter owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from subscriptions.models import (
    ConsentRecord,
    Letter,
    Subscriber,
    Subscription,
    TopicFilter,
)
from subscriptions.models.readers import EVERY_DAY

# Nobody's inbox can be filled by someone else's sign-ups (safety.md).
LETTERS_A_DAY, LETTERS_A_WEEK = 1, 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter as the reader wrote it, in canonical form, under their name for it."""

    text: str
    canonical: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a reader wants mail. `weekdays`: bits, Monday 1, Tuesday 2, ..."""

    zone: str = "UTC"
    hour: int = 8
    cadence: str = Subscriber.Cadence.DAILY
    weekdays: int = EVERY_DAY


def locked(reader_id: int) -> Subscriber:
    return Subscriber.objects.select_for_update().get(pk=reader_id)


def record(reader: Subscriber, action: str, source: str, text: str = "") -> None:
    ConsentRecord.objects.create(
        subscriber=reader, action=action, source=source, text=text
    )


def set_schedule(reader: Subscriber, schedule: Schedule) -> None:
    reader.zone, reader.hour = schedule.zone, schedule.hour
    reader.cadence, reader.weekdays = schedule.cadence, schedule.weekdays


def subscribe_to(reader: Subscriber, wanted: Wanted, position: int) -> Subscription:
    row, _ = TopicFilter.objects.get_or_create(
        fingerprint=TopicFilter.fingerprint_of(wanted.canonical),
        defaults={"text": wanted.canonical},
    )
    subscription, _ = Subscription.objects.get_or_create(
        subscriber=reader,
        filter=row,
        defaults={
            "text": wanted.text,
            "name": wanted.name.strip()[:80],
            "position": position,
        },
    )
    return subscription


def owe_letter(
    reader: Subscriber, kind: str, context: dict[str, object] | None = None
) -> None:
    """One letter of a kind a day and three a week, counted under the reader's lock."""
    now = timezone.now()
    sent = reader.letters.filter(kind=kind)
    today = sent.filter(created_at__gt=now - timedelta(days=1)).count()
    this_week = sent.filter(created_at__gt=now - timedelta(days=7)).count()
    if today >= LETTERS_A_DAY or this_week >= LETTERS_A_WEEK:
        return
    Letter.objects.create(
        subscriber=reader,
        kind=kind,
        context=context or {},
        message_id=Letter.message_id_for(kind, reader.pk, now.isoformat()),
    )


def end_waiting(
    reader: Subscriber, state: str, reason: str, letters: bool = True
) -> None:
    reader.deliveries.open().end(state, reason)
    if letters:
        reader.letters.filter(state__in=["pending", "deferred"]).update(
            state=state, reason=reason
        )
