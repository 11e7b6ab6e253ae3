"""Digests that no server took in time because of the mailbox: a soft bounce each.

A full mailbox is answered with 452 4.2.2 until the mail expires; the ledger calls that
expired, and only the status says that it was the reader's mailbox and not the relay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from subscriptions.models import Delivery, DeliveryEvent

from .noticing import noticed
from .report import status_in, without_addresses

_LOOKED_BACK = timedelta(days=3)  # a due date ends a day and its horizon later
_OF_THE_MAILBOX = " 4.2."


def notice_expired(limit: int = 1000, now: datetime | None = None) -> int:
    """Write the event of each such digest that has none; how many there were."""
    today = (now or timezone.now()).date()
    expired = Delivery.objects.filter(
        # Each day by name, by the index of rounds, up to tomorrow, which has begun
        # where some readers live.
        due_date__in=[today + timedelta(n) for n in range(-_LOOKED_BACK.days, 2)],
        state=Delivery.State.EXPIRED,
        reason__contains=_OF_THE_MAILBOX,
    )
    unnoticed = expired.exclude(events__type=DeliveryEvent.Type.BOUNCED)
    written = 0
    for digest in unnoticed.select_related("subscriber").order_by("id")[:limit]:
        said = without_addresses(digest.reason.rpartition("last: ")[2])
        written += noticed(
            DeliveryEvent.Type.BOUNCED, digest, status_in(said), said, now=now
        )
    return written
