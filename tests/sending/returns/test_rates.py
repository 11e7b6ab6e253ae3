"""How much came back, by domain: what the circuit breaker asks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, DeliveryEvent
from subscriptions.sending import returns
from subscriptions.sending.returns import Rate
from tests.sending.rows import a_digest, a_reader

pytestmark = pytest.mark.django_db


def sent_to(address: str, state: str = "sent", days_ago: int = 0) -> Delivery:
    due = timezone.now().date() - timedelta(days=days_ago)
    return a_digest(a_reader(email=address), due_date=due, state=state)


def test_they_are_counted_by_the_recipients_domain() -> None:
    for name in "abc":
        sent_to(f"{name}@one.example")
    returns.noticed("bounced", sent_to("d@one.example"), "5.1.1")
    returns.noticed("complained", sent_to("e@TWO.example"))
    returns.noticed("bounced", sent_to("f@three.example", "failed"), "5.7.1")
    assert returns.rates() == {
        "one.example": Rate(sent=4, bounced=1),
        "two.example": Rate(sent=1, complained=1),
        "three.example": Rate(sent=1, refused=1),
    }


def test_soft_bounces_and_delays_are_no_hard_ones() -> None:
    digest = sent_to("a@one.example")
    returns.noticed("bounced", digest, "5.2.2")
    returns.noticed("deferred", digest, "4.4.1")
    assert returns.rates() == {"one.example": Rate(sent=1)}


def test_what_was_never_offered_is_not_sent() -> None:
    sent_to("a@one.example", "skipped")
    sent_to("b@one.example", "pending")
    assert returns.rates() == {}


def test_they_roll_over_seven_days() -> None:
    returns.noticed("bounced", sent_to("a@one.example", days_ago=8), "5.1.1")
    DeliveryEvent.objects.update(at=timezone.now() - timedelta(days=7, minutes=1))
    sent_to("b@one.example", days_ago=6)
    assert returns.rates() == {"one.example": Rate(sent=1)}


def test_refusals_that_are_not_weighed_yet_count() -> None:
    digest = sent_to("a@one.example", "failed")
    DeliveryEvent.objects.create(
        delivery=digest,
        subscriber=digest.subscriber,
        type="bounced",
        detail="at RCPT: 550 rejected",
    )
    assert returns.rates() == {"one.example": Rate(sent=1, bounced=1)}
