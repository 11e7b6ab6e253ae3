"""Readers, digests and letters that are owed, and what a rendering makes of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from subscriptions.models import Delivery, Letter, Round, Subscriber, Suppression
from subscriptions.models.readers import domain_of, fold_address
from subscriptions.sending import Outcome, Outgoing
from subscriptions.sending.ledger import attempts
from subscriptions.sending.ledger.attempts import Lease

TUESDAY = date(2026, 7, 7)
BEFORE, COVERED = {"arxiv": "2026-07-06"}, {"arxiv": "2026-07-07"}
_numbers = count(1)


def a_reader(**fields: Any) -> Subscriber:
    """An active reader who confirmed on 1 July and was covered up to Tuesday."""
    fields = {
        "email": f"reader{next(_numbers)}@example.org",
        "state": Subscriber.State.ACTIVE,
        "confirmed_at": datetime(2026, 7, 1, 9, tzinfo=UTC),
        "covered": COVERED,
    } | fields
    return Subscriber.objects.create(
        **{
            "email_folded": fold_address(fields["email"]),
            "domain": domain_of(fields["email"]),
        }
        | fields
    )


def a_digest(reader: Subscriber | None = None, **fields: Any) -> Delivery:
    day = fields.setdefault("due_date", TUESDAY)
    of_day, _ = Round.objects.get_or_create(due_date=day)
    fields = {
        "subscriber": reader or a_reader(),
        "round": of_day,
        "covered_from": BEFORE,
        "covered_to": COVERED,
        "message_id": f"<{uuid.uuid4().hex}@example.org>",
    } | fields
    return Delivery.objects.create(**fields)


def a_letter(kind: str, reader: Subscriber | None = None, **fields: Any) -> Letter:
    return Letter.objects.create(
        **{
            "subscriber": reader or a_reader(),
            "kind": kind,
            "message_id": "<1@example.org>",
        }
        | fields
    )


def suppress(who: Subscriber | str) -> None:
    address = who if isinstance(who, str) else who.email
    Suppression.objects.create(
        address_hash=Suppression.hash_of(address),
        reason=Suppression.Reason.BOUNCED,
    )


def wait_over(*mails: Delivery | Letter) -> None:
    """Let the time of the next attempt have come."""
    for mail in mails:
        past = timezone.now() - timedelta(seconds=1)
        type(mail)._default_manager.filter(pk=mail.pk).update(next_at=past)


def digests(ids: Sequence[int]) -> Mapping[int, Outgoing]:
    """What a rendering returns: a short mail for each of these deliveries."""
    mails = Delivery.objects.filter(pk__in=ids).select_related("subscriber")
    return {mail.pk: outgoing(mail) for mail in mails}


def letters(ids: Sequence[int]) -> Mapping[int, Outgoing]:
    mails = Letter.objects.filter(pk__in=ids).select_related("subscriber")
    return {mail.pk: outgoing(mail) for mail in mails}


def outgoing(mail: Delivery | Letter) -> Outgoing:
    return an_outgoing(mail.address, mail.message_id)


def recorded(lease: Lease, outcome: Outcome) -> str | None:
    """The state that this outcome of one mail led to; None if the lease was lost."""
    return attempts.record([(lease, outcome)]).get(lease)


def an_outgoing(
    recipient: str = "reader@example.org",
    message_id: str = "<1@example.org>",
    body: bytes = b"Good morning.\r\n",
) -> Outgoing:
    head = f"Message-ID: {message_id}\r\nSubject: Papers\r\nTo: <r@example.org>\r\n\r\n"
    return Outgoing("bounces@example.org", recipient, lambda: head.encode() + body)


def server(url: str, user: str = "", password: str = "", security: str = "") -> Any:
    """The value that the setting EMAIL_URL has for this address."""
    from digest_site.mail_values import MailServer

    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return MailServer(parts.hostname, parts.port, security, user, password)


def backend(path: str) -> Any:
    """The value that it has for a Django e-mail backend."""
    from digest_site.mail_values import MailServer

    return MailServer("", 0, "", "", "", backend=path)
