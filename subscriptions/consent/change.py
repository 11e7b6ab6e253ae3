"""What every change of a reader is made of: the lock, the record, what waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
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
    reader.before_silence = {}


def heard_from(reader: Subscriber) -> None:
    """They pressed a button: note when, and give back what their silence had taken."""
    reader.last_action_at = timezone.now()
    if before := reader.before_silence:
        reader.cadence, reader.weekdays = before["cadence"], before["weekdays"]
    if reader.silence == Subscriber.Silence.PAUSED:
        reader.paused_until = None
    reader.silence, reader.silence_at = Subscriber.Silence.NONE, None
    reader.before_silence = {}
    reader.save(
        update_fields=[
            "last_action_at",
            "silence",
            "silence_at",
            "before_silence",
            "cadence",
            "weekdays",
            "paused_until",
        ]
    )


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


def end_waiting(
    reader: Subscriber, state: str, reason: str, letters: bool = True
) -> None:
    reader.deliveries.open().end(state, reason)
    if letters:
        withdraw_requests(reader)
        reader.letters.filter(state__in=["pending", "deferred", "in_doubt"]).update(
            state=state, reason=reason
        )


def requests(reader: Subscriber) -> QuerySet[Letter]:
    """The letters to a new address of theirs whose links still work."""
    return reader.letters.filter(kind=Letter.Kind.NEW_ADDRESS).exclude(recipient="")


def withdraw_requests(reader: Subscriber) -> None:
    """No link in a letter to a new address of theirs changes anything any more."""
    requests(reader).update(recipient="")
