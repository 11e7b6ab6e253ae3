"""Ways out: unsubscribing, suppression, erasure, and what has had its time."""

from __future__ import annotations

from contextlib import suppress as suppress_error
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from subscriptions.models import (
    ConsentRecord,
    Delivery,
    Letter,
    Round,
    Subscriber,
    Suppression,
    TopicFilter,
    among,
)
from subscriptions.models.mailings import KEPT_FOR
from subscriptions.models.suppressions import Asking

from .asking import WEEK
from .change import end_waiting, locked, record
from .owing import owe_letter

State = Subscriber.State
_WENT = Coalesce("sent_at", "created_at")  # of a letter that has ended
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
        suppress_address(reader.email, reason, detail)
        reader.state = State.SUPPRESSED
        reader.unsubscribed_at = reader.unsubscribed_at or timezone.now()
        reader.save(update_fields=["state", "unsubscribed_at"])
        end_waiting(reader, Delivery.State.SUPPRESSED, reason)


def suppress_address(address: str, reason: str, detail: str = "") -> None:
    """The same for an address that may be no reader's. Bounces do not take the place of
    a complaint or of the operator's word, which no letter lifts."""
    standing = Suppression.objects.of(address).standing()
    if reason == Suppression.Reason.BOUNCED and standing.exists():
        return
    Suppression.objects.update_or_create(
        address_hash=Suppression.hash_of(address),
        defaults={
            "reason": reason,
            "detail": detail[:300],
            "at": timezone.now(),
            "lifted_at": None,
        },
    )


def lift(suppression_id: int) -> None:
    """Let the address sign up again; it is not mailed before it confirms."""
    with transaction.atomic():
        rows = Suppression.objects.select_for_update().standing()
        suppression = rows.filter(pk=suppression_id).first()
        if suppression is None:
            return
        suppression.lifted_at = timezone.now()
        suppression.save(update_fields=["lifted_at"])
        # The hash does not lead back to its reader; only readers lead to hashes.
        for reader in Subscriber.objects.filter(state=State.SUPPRESSED):
            if suppression.address_hash in Suppression.hashes_of(reader.email):
                reader.state = State.UNSUBSCRIBED
                reader.confirmed_at = None  # what they said before no longer counts
                reader.save(update_fields=["state", "confirmed_at"])


def erase(reader_id: int) -> None:
    """Forget the reader and all that hangs on them. A suppression's hash stays."""
    with transaction.atomic():
        reader = Subscriber.objects.select_for_update().filter(pk=reader_id)
        if reader.exists():
            # Their rows go too: a round still adds up without them.
            rounds = Round.objects.filter(deliveries__subscriber=reader_id)
            Round.objects.filter(pk__in=rounds.values("pk"), readers_due__gt=0).update(
                readers_due=F("readers_due") - 1
            )
            reader.get().delete()


def forget(now: datetime) -> dict[str, int]:
    """Drop what has had its time: unconfirmed sign-ups and what was asked of other
    addresses after 7 days, what letters said after 90, unused filters."""
    readers = _forget_unconfirmed(now)
    filters = 0
    for unused in TopicFilter.objects.filter(subscriptions=None, mutes=None):
        # Somebody may be subscribing to it right now: then it stays.
        with suppress_error(IntegrityError), transaction.atomic():
            filters += unused.delete()[0]
    # What waits is still to be sent, for however long all sending is paused.
    ended = Letter.objects.exclude(state__in=Letter.OPEN).annotate(went=_WENT)
    # By then the links in these letters have expired.
    asked = ended.exclude(recipient="").filter(went__lt=now - WEEK)
    addresses = asked.update(recipient="")
    # They may name filters, and papers that came near to them.
    told = ended.filter(went__lt=now - KEPT_FOR)
    told.exclude(context={}).update(context={})
    Asking.objects.filter(last_at__lt=now - WEEK).delete()
    return {"unconfirmed": readers, "filters": filters, "addresses": addresses}


def _forget_unconfirmed(now: datetime) -> int:
    """Those who never confirmed, also where they declined or the letter came back, a
    week after they were last asked: a letter may have waited for longer than that."""
    agreed = ConsentRecord.objects.filter(
        action__in=[Action.CONFIRMED, Action.IMPORTED]
    )
    stale = Subscriber.objects.filter(confirmed_at=None, created_at__lt=now - WEEK)
    recent = Letter.objects.annotate(went=_WENT).filter(
        Q(went__gte=now - WEEK) | Q(state__in=Letter.OPEN)
    )
    stale = stale.exclude(pk__in=agreed.values("subscriber_id"))
    stale = stale.exclude(pk__in=recent.values("subscriber_id"))
    with transaction.atomic():
        locked = list(stale.select_for_update().values_list("pk", flat=True))
        # Asked again under the lock: one of them may have signed up once more.
        _, deleted = stale.filter(pk__in=among(locked)).delete()
    return deleted.get(Subscriber._meta.label, 0)
