"""Events: each thing that came back of a mail once, weighed, and what follows from it.

The only door to the table of events for what comes back, and the only place where a
reader is suppressed for it.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TypeAlias

from django.db import transaction
from django.utils import timezone

from subscriptions import consent
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Letter,
    Subscriber,
    Suppression,
)
from subscriptions.sending.verdicts import verdict_of

from .judging import judge

Mail: TypeAlias = Delivery | Letter
Type, Verdict = DeliveryEvent.Type, DeliveryEvent.Verdict
State = Subscriber.State
log = logging.getLogger(__name__)


def noticed(
    type_: str,
    of: Mail | Subscriber,
    status: str = "",
    text: str = "",
    report: str = "",
    now: datetime | None = None,
) -> bool:
    """Write down that this came back, and act on it; False: it did before.

    `of`: the mail, or the reader where no mail is known; then `report` names the report
    among those of the reader. `text`: without addresses.
    """
    reader_id = of.pk if isinstance(of, Subscriber) else of.subscriber_id
    key = _key(type_, of, report)
    with transaction.atomic():
        # Reader before mail and event, the order of every other transaction.
        Subscriber.objects.select_for_update().filter(pk=reader_id).first()
        if DeliveryEvent.objects.filter(key=key).exists():
            return False
        event = DeliveryEvent.objects.create(
            delivery=of if isinstance(of, Delivery) else None,
            letter=of if isinstance(of, Letter) else None,
            subscriber_id=reader_id if _is_of_reader(of) else None,
            type=type_,
            status=status[:16],
            detail=text[:300],
            key=key,
        )
        _weigh(event, now or timezone.now())
    return True


def weigh(limit: int = 1000, now: datetime | None = None) -> int:
    """Weigh what the ledger wrote while it sent, oldest first; how many were weighed.

    Each in a transaction of its own; any number of callers may run at once.
    """
    now = now or timezone.now()
    waiting = DeliveryEvent.objects.filter(verdict="").order_by("id")
    rows = list(waiting.values_list("pk", "subscriber_id")[:limit])
    weighed = 0
    for pk, reader_id in rows:
        with transaction.atomic():
            Subscriber.objects.select_for_update().filter(pk=reader_id).first()
            # Another may have weighed it, or its reader was erased, since the query.
            event = DeliveryEvent.objects.filter(pk=pk, verdict="").first()
            if event is not None:
                _weigh(event, now)
                weighed += 1
    return weighed


def _weigh(event: DeliveryEvent, now: datetime) -> None:
    event.verdict = verdict_of(event.type, event.status, event.detail)
    event.save(update_fields=["verdict"])
    if event.verdict == Verdict.POLICY:
        log.warning("mail is refused by policy: %s %s", event.status, event.detail)
    reader = event.subscriber
    if event.type == Type.COMPLAINED:
        _complained(event, reader)
    elif reader is None:
        return
    elif event.type == Type.UNSUBSCRIBED:
        consent.unsubscribe(reader.pk, source="mail")
    elif event.type != Type.BOUNCED or reader.state not in {
        State.ACTIVE,
        State.PENDING,
    }:
        return
    elif why := judge(reader, now):
        consent.suppress(reader.pk, Suppression.Reason.BOUNCED, why)


def _complained(event: DeliveryEvent, reader: Subscriber | None) -> None:
    if reader is not None:
        consent.suppress(reader.pk, Suppression.Reason.COMPLAINED, "reported as spam")
    elif event.letter is not None and event.letter.recipient:
        consent.suppress_address(
            event.letter.recipient, Suppression.Reason.COMPLAINED, "reported as spam"
        )


def _is_of_reader(of: Mail | Subscriber) -> bool:
    """A letter may have gone to another address than its reader's."""
    return not isinstance(of, Letter) or of.is_to_its_reader


def _key(type_: str, of: Mail | Subscriber, report: str) -> str:
    # A mail has one event of a type, however often and in whatever words it is told.
    kind = {Delivery: "digest", Letter: "letter", Subscriber: "reader"}[type(of)]
    return f"{kind} {of.pk} {type_} {report}".strip()[:80]
