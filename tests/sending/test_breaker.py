"""The circuit breaker: what comes back of one domain stops all sending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from subscriptions import sending
from subscriptions.models import Delivery, DeliveryEvent, Letter, Notice, Pause
from subscriptions.sending.brakes import breaker, pauses

from .oracle import Moment, Oracle
from .rows import a_digest, a_letter, a_reader, digests, letters

pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


def now() -> datetime:
    return timezone.now()


def tried(number: int, domain: str = "example.org", **fields: Any) -> list[Delivery]:
    """Digests that a server of `domain` took, a minute ago."""
    fields = {"state": State.SENT, "sent_at": now() - timedelta(minutes=1)} | fields
    return [
        a_digest(a_reader(email=f"r{n}.{fields['state']}@{domain}"), **fields)
        for n in range(number)
    ]


def came_back(
    mails: list[Delivery],
    status: str = "5.1.1",
    type_: str = "bounced",
    ago: timedelta = timedelta(0),
) -> None:
    for mail in mails:
        event = DeliveryEvent.objects.create(
            delivery=mail, subscriber=mail.subscriber, type=type_, status=status
        )
        DeliveryEvent.objects.filter(pk=event.pk).update(at=now() - ago)


@pytest.mark.parametrize(
    ("bounces", "of", "trips"), [(5, 99, True), (5, 100, False), (4, 10, False)]
)
def test_five_hard_bounces_above_one_in_twenty_trip_it(
    bounces: int, of: int, trips: bool
) -> None:
    came_back(tried(of)[:bounces])
    assert breaker.trip(now()) is trips
    assert (pauses.lasting() is not None) is trips


@pytest.mark.parametrize(("of", "trips"), [(999, True), (1000, False)])
def test_three_complaints_above_three_in_a_thousand_trip_it(
    of: int, trips: bool
) -> None:
    mails = tried(3)
    one = mails[0]
    Delivery.objects.bulk_create(
        Delivery(
            subscriber=one.subscriber,
            round=one.round,
            due_date=one.due_date - timedelta(days=n + 1),
            state=State.SENT,
            sent_at=now(),
        )
        for n in range(of - 3)
    )
    came_back(mails, "", "complained")
    assert breaker.trip(now()) is trips


@pytest.mark.parametrize(("refused", "trips"), [(20, True), (19, False)])
def test_a_burst_of_policy_refusals_trips_it(refused: int, trips: bool) -> None:
    came_back(tried(60)[:refused], "5.7.1")
    assert breaker.trip(now()) is trips


IN_WORDS = "at RCPT: 550 relay not permitted"


@pytest.mark.parametrize("verdict", ["", "policy"])
@pytest.mark.parametrize("status", ["", "5.0.0"])
@pytest.mark.parametrize(("refused", "trips"), [(20, True), (19, False)])
def test_a_refusal_by_policy_in_words_alone_is_one_weighed_or_not(
    refused: int, trips: bool, status: str, verdict: str
) -> None:
    came_back(tried(60)[:refused], status)
    DeliveryEvent.objects.update(detail=IN_WORDS, verdict=verdict)
    assert breaker.trip(now()) is trips
    if trips:
        why = Pause.objects.get().reason
        assert why == "20 refusals by policy (5.7) of 60 digests to example.org"


def test_a_dead_address_in_words_alone_is_a_hard_bounce() -> None:
    came_back(tried(60)[:5], "")
    DeliveryEvent.objects.update(detail="at RCPT: 550 no such user here")
    assert breaker.trip(now())
    assert Pause.objects.get().reason.startswith("5 hard bounces of ")


def test_policy_refusals_over_an_hour_are_no_burst_and_no_hard_bounces() -> None:
    mails = tried(40)
    came_back(mails[:20], "5.7.1", ago=timedelta(minutes=11))
    came_back(mails[20:30], "5.7.1")
    assert not breaker.trip(now())


def test_a_week_later_it_is_forgotten() -> None:
    came_back(tried(10)[:5], ago=timedelta(days=7, minutes=1))
    assert not breaker.trip(now())


@pytest.mark.parametrize("status", ["4.2.1", "5.2.2"])
def test_what_is_no_dead_address_does_not_count(status: str) -> None:
    came_back(tried(10), status)
    assert not breaker.trip(now())


def test_each_domain_is_judged_by_its_own_mails() -> None:
    tried(200, "many.example")
    came_back(tried(9, "few.example")[:5])
    assert breaker.trip(now())
    reason = Pause.objects.get().reason
    assert reason == "5 hard bounces of 9 digests to few.example"


def test_one_dead_mailbox_is_one_however_often_it_bounces() -> None:
    (mail,) = tried(1)
    came_back([mail] * 9)
    assert not breaker.trip(now())


def test_letters_cannot_trip_it(relay_with: Callable[..., Oracle]) -> None:
    """Else whoever signs up ten strangers stops the service."""
    relay_with(lambda moment: "550 5.1.1 no" if moment.stage == "RCPT" else None)
    for n in range(10):
        a_letter("confirm", a_reader(email=f"no{n}@example.org", state="pending"))
    assert sending.send(Letter, letters).failed == 10
    assert not breaker.trip(now())
    assert not Pause.objects.exists()  # nor did it trip while they were sent


def test_resuming_acknowledges_and_the_same_events_do_not_trip_it_again() -> None:
    mails = tried(20)
    came_back(mails[:6])
    assert breaker.trip(now())
    assert not breaker.trip(now())  # it is paused already
    pauses.resume_all(now())
    assert not breaker.trip(now())
    came_back(mails[6:11])
    assert breaker.trip(now())


def test_the_operator_is_owed_one_notice_without_an_address(settings: Any) -> None:
    settings.OPERATOR_EMAIL = "operator@example.org"
    came_back(tried(6))
    breaker.trip(now())
    breaker.trip(now())
    notice = Notice.objects.get()
    assert (notice.kind, notice.ways) == ("breaker", ["mail"])
    assert "6 hard bounces of 6 digests to example.org" in notice.text
    assert "@" not in notice.text


def test_a_provider_that_refuses_three_in_ten_stops_all_and_resuming_sends_the_rest(
    relay_with: Callable[..., Oracle],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.SEND_BATCH = 10
    # Each look is two seconds after the one before: none comes too soon to be taken.
    looks = count(0, 2)
    monkeypatch.setattr(breaker, "monotonic", lambda: float(next(looks)))

    def script(moment: Moment) -> str | None:
        gone = moment.stage == "RCPT" and moment.recipient.startswith("gone")
        return "550 5.1.1 no such user" if gone else None

    relay = relay_with(script)
    for n in range(60):
        name = "gone" if n % 10 < 3 else "fine"
        a_digest(a_reader(email=f"{name}{n}@example.org"))
    counts = sending.send(Delivery, digests)
    # Six of the first eighteen; what was begun of the batch behind those has ended.
    assert counts.failed in range(6, 10) and counts.sent in range(12, 20)
    left = 60 - counts.sent - counts.failed
    assert Delivery.objects.filter(state=State.PENDING).count() == left
    assert sending.send(Delivery, digests).sent == 0
    while pauses.resume_all(now()):
        sending.send(Delivery, digests)
    assert sorted(relay.recipients()) == sorted(
        f"fine{n}@example.org" for n in range(60) if n % 10 >= 3
    )
    assert not Delivery.objects.open().exists()
