"""What every change of a reader is made of: the lock, the record, the letter owed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from subscriptions.models import (
    ConsentRecord,
    Edition,
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


def subscribe_to(
    reader: Subscriber, wanted: Sequence[Wanted], first: int = 0
) -> list[Subscription]:
    """Subscribe the reader to these filters, in their order from position `first` on;
    an equal one is kept as it is."""
    filters = {each.canonical: each for each in wanted}
    rows = filters_of(filters)
    return [
        Subscription.objects.get_or_create(
            subscriber=reader,
            filter=rows[each.canonical],
            defaults={
                "text": each.text,
                "name": each.name.strip()[:80],
                "position": first + number,
            },
        )[0]
        for number, each in enumerate(filters.values())
    ]


def filters_of(texts: Iterable[str]) -> dict[str, TopicFilter]:
    """The rows of these canonical texts, made where they are new, locked."""
    rows = {}
    # In the order of their keys: two sign-ups with the same new filters in another
    # order would wait for each other for ever. Locked: `forget` takes none away.
    for canonical in sorted(texts, key=TopicFilter.fingerprint_of):
        rows[canonical], _ = TopicFilter.objects.select_for_update().get_or_create(
            fingerprint=TopicFilter.fingerprint_of(canonical),
            defaults={"text": canonical},
        )
    return rows


def default_filter() -> str:
    """What a reader gets who asks for nothing special; all papers while there are
    samples only."""
    if Edition.objects.real().exists():
        return str(settings.DEFAULT_FILTER)
    return "*"


def owe_letter(
    reader: Subscriber, kind: str, context: dict[str, object] | None = None
) -> bool:
    """One letter of a kind a day and three a week, counted under the reader's lock;
    False: there were enough."""
    now = timezone.now()
    sent = reader.letters.filter(kind=kind)
    today = sent.filter(created_at__gt=now - timedelta(days=1)).count()
    this_week = sent.filter(created_at__gt=now - timedelta(days=7)).count()
    if today >= LETTERS_A_DAY or this_week >= LETTERS_A_WEEK:
        return False
    Letter.objects.create(
        subscriber=reader,
        kind=kind,
        context=context or {},
        message_id=Letter.message_id_for(kind, reader.pk, now.isoformat()),
    )
    return True


def end_waiting(
    reader: Subscriber, state: str, reason: str, letters: bool = True
) -> None:
    reader.deliveries.open().end(state, reason)
    if letters:
        reader.letters.filter(state__in=["pending", "deferred", "in_doubt"]).update(
            state=state, reason=reason
        )
