"""What a server refuses while it is being sent to counts like what comes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from subscriptions import links, pipeline
from subscriptions.models import Delivery, DeliveryEvent, Subscriber, Suppression
from subscriptions.pipeline.mails import outgoing_digests
from subscriptions.sending import send
from tests.sending.oracle import Oracle
from tests.sending.rows import TUESDAY, a_digest, a_reader, digests

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_mailbox_refused_on_two_days_is_suppressed(
    relay_with: Callable[..., Oracle],
) -> None:
    relay_with(lambda at: "550 5.1.1 no such user" if at.stage == "RCPT" else None)
    reader = a_reader()
    for day in (0, 1):
        with time_machine.travel(timezone.now() + timedelta(days=day)):
            a_digest(reader, due_date=TUESDAY + timedelta(days=day))
            assert send(Delivery, digests).failed == 1
            assert pipeline.take_returns() == {"weighed": 1}
    assert Subscriber.objects.get().state == "suppressed"
    assert Suppression.objects.get().detail == "no such mailbox, on 2 days"
    later = a_digest(reader, due_date=TUESDAY + timedelta(days=2))
    assert send(Delivery, digests).suppressed == 1
    later.refresh_from_db()
    assert later.state == "suppressed"


def test_a_mailbox_full_until_the_mail_expires_is_a_soft_bounce() -> None:
    last = "not taken in time; last: "
    full = a_digest(state="expired", due_date=today(), reason=f"{last}452 4.2.2 full")
    a_digest(state="expired", due_date=today(), reason=f"{last}451 4.3.2 relay busy")
    a_digest(state="expired", due_date=today(), reason="not tried in time")
    assert pipeline.take_returns() == {"weighed": 1}
    assert pipeline.take_returns() == {}
    event = DeliveryEvent.objects.get()
    assert (event.delivery, event.status, event.verdict) == (full, "4.2.2", "soft")


def today() -> date:
    return timezone.now().date()


def test_each_mail_is_sent_from_its_own_address() -> None:
    mails = [a_digest() for _ in range(3)]
    made = outgoing_digests([each.pk for each in mails])
    named = {pk: links.read_mailbox(mail.sender) for pk, mail in made.items()}
    assert named == {each.pk: ("digest", each.pk) for each in mails}
