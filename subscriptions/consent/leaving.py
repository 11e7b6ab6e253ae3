"""Ways out: unsubscribing, suppression, erasure, and what has had its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from subscriptions.models import (
    ConsentRecord,
    Delivery,
    Letter,
    Subscriber,
    Suppression,
    TopicFilter,
)

from .change import end_waiting, locked, owe_letter, record

State = Subscriber.State
Action = ConsentRecord.Action


def unsubscribe(reader_id: int, source: str) -> Subscriber:
    """End everything at once; what is waiting is not sent."""
    with transaction.atomic():
        reader = locked(reader_id)
        if reader.state in {State.UNSUBSCRIBED, State.SUPPRESSED}:
            return reader
        was_active = reader.state == State.ACTIVE
        reader.state = State.UNSUBSCRIBED
        reader.unsubscribed_at = timezone.now()
        reader.awaits_first_digest = False
        reader.save()
        end_waiting(reader, Delivery.State.UNSUBSCRIBED, "unsubscribed")
        record(reader, Action.UNSUBSCRIBED, source)
        if was_active:
            owe_letter(reader, Letter.Kind.GOODBYE)
        return reader


def suppress(reader_id: int, reason: str, detail: str = "") -> None:
    """Never mail this address again, until an operator lifts it."""
    with transaction.atomic():
        reader = locked(reader_id)
        Suppression.objects.update_or_create(
            address_hash=Suppression.hash_of(reader.email),
            defaults={"reason": reason, "detail": detail[:300], "lifted_at": None},
        )
        reader.state = State.SUPPRESSED
        reader.save(update_fields=["state"])
        end_waiting(reader, Delivery.State.SUPPRESSED, reason)


def erase(reader_id: int) -> None:
    """Forget the reader and all that hangs on them. A suppression's hash stays."""
    with transaction.atomic():
        Subscriber.objects.filter(pk=reader_id).delete()


def forget(now: datetime) -> dict[str, int]:
    """Drop what has had its time: unconfirmed sign-ups after 7 days, unused filters."""
    stale = Subscriber.objects.filter(
        state=State.PENDING, created_at__lt=now - timedelta(days=7)
    )
    recent = Letter.objects.filter(created_at__gte=now - timedelta(days=7))
    unconfirmed = stale.exclude(pk__in=recent.values("subscriber_id"))
    unused = TopicFilter.objects.filter(subscriptions=None)
    readers, _ = unconfirmed.delete()
    filters, _ = unused.delete()
    return {"unconfirmed": readers, "filters": filters}
