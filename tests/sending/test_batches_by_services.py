"""What becomes of a batch when the mail service turns: slow, busy, or against us."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from subscriptions.models import Delivery, Mailing, Subscriber
from subscriptions.sending import Counts, Outgoing, RelayDown, send
from subscriptions.sending.brakes import pace

from .mail_service import Answer, Call, MailService
from .rows import a_digest, a_reader, digests, wait_over
from .test_batches import failing

pytestmark = pytest.mark.django_db(transaction=True)
State = Mailing.State
Start = Callable[..., MailService]


def states() -> set[tuple[str, int]]:
    """Each pair of state and attempts that a digest has."""
    return set(Delivery.objects.values_list("state", "attempts"))


def test_a_key_that_is_refused_in_the_middle_burns_no_attempt(
    service_with: Start, settings: Any
) -> None:
    """Of four open calls each hears it, and none is a word on its mail."""
    settings.SMTP_CONNECTIONS = 4
    calm = False

    def script(call: Call) -> Answer:
        time.sleep(0.02)
        return None if calm or call.number <= 9 else 401

    service = service_with(script)
    for _ in range(30):
        a_digest()
    with pytest.raises(RelayDown, match="takes nothing from us: 401") as raised:
        send(Delivery, digests)
    assert raised.value.counts == Counts(sent=9)
    assert states() == {(State.SENT, 1), (State.PENDING, 0)}
    assert service.at_once > 1 and len(service.calls) <= 9 + 4
    calm = True
    assert send(Delivery, digests) == Counts(sent=21)
    assert len(service.taken()) == len(set(service.taken())) == 30


def test_a_service_that_answers_5xx_for_a_while_delays_and_loses_nothing(
    service_with: Start, settings: Any
) -> None:
    settings.SMTP_CONNECTIONS = 4
    answers = iter([500, 502, 503] * 4)
    service = service_with(lambda call: next(answers, None))
    owed = [a_digest() for _ in range(20)]
    assert send(Delivery, digests) == Counts(deferred=12, sent=8)
    wait_over(*Delivery.objects.filter(state=State.DEFERRED))
    assert send(Delivery, digests) == Counts(sent=12)
    expected = sorted((one.subscriber.email, one.message_id) for one in owed)
    assert sorted(service.taken()) == expected


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        (lambda: "40", 30, 51),
        (in_an_hour, 3500, 4600),
        (lambda: "99999999", 3500, 4600),  # an hour at most
    ],
)
def test_a_service_is_left_alone_for_as_long_as_it_asks(
    service_with: Start,
    code: int,
    asked: Callable[[], str],
    least: float,
    most: float,
) -> None:
    said = {"Retry-After": asked()}
    service = service_with(lambda call: (code, "busy", said))
    for _ in range(5):
        a_digest()
    for counts in (Counts(deferred=1), Counts()):  # the next tick does not call either
        with pytest.raises(RelayDown, match="asks for a pause") as raised:
            send(Delivery, digests)
        assert raised.value.counts == counts
    assert least < pace.of_this_process().relay_rests(time.monotonic()) < most
    assert len(service.calls) == 1


@pytest.mark.parametrize("asked", ["", "soon", "-5", "Wed, 01 Jan 2020 00:00:00 GMT"])
def test_what_asks_for_no_time_is_one_mail_put_off(
    service_with: Start, asked: str
) -> None:
    said = {"Retry-After": asked}
    service_with(lambda call: (503, "", said) if call.number == 1 else None)
    a_digest()
    a_digest()
    assert send(Delivery, digests) == Counts(deferred=1, sent=1)


def test_a_slow_service_does_not_keep_an_unsubscribing_reader_waiting(
    service_with: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a batch has not begun in its time goes back untried and is asked anew: the
    third mail, first of a batch of four, takes too long."""
    monkeypatch.setattr("subscriptions.sending.loop._BATCH_WITHIN", 0.2)
    readers = [a_reader() for _ in range(6)]
    for reader in readers:
        a_digest(reader)

    def script(call: Call) -> None:
        if call.number == 3:
            time.sleep(0.4)

    service = service_with(script)
    left: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        if len(service.calls) > 2 and not left:
            left.append(readers[4].pk)
            gone = Subscriber.objects.filter(pk=readers[4].pk)
            gone.update(state=Subscriber.State.UNSUBSCRIBED)
        return digests(ids)

    assert send(Delivery, render) == Counts(sent=5, unsubscribed=1)
    assert readers[4].email not in service.recipients()
    assert states() == {(State.SENT, 1), (State.UNSUBSCRIBED, 1)}


def test_a_mail_that_cannot_be_made_is_quarantined_and_the_rest_goes_by_a_service(
    service_with: Start,
) -> None:
    service = service_with()
    good, bad = a_digest(), a_digest()
    render = failing(bad.pk)
    assert send(Delivery, render) == Counts(sent=1, deferred=1)
    for expected in (Counts(deferred=1), Counts(quarantined=1)):
        wait_over(bad)
        assert send(Delivery, render) == expected
    bad.refresh_from_db()
    assert bad.reason == "it could not be made: ZeroDivisionError"
    assert service.recipients() == [good.subscriber.email]


def test_what_is_no_address_fails_alone_and_the_next_mail_goes_by_a_service(
    service_with: Start,
) -> None:
    service = service_with()
    bad, good = a_digest(a_reader(email="no address")), a_digest()
    assert send(Delivery, digests) == Counts(failed=1, sent=1)
    bad.refresh_from_db()
    assert bad.reason == "the address is not one"
    assert service.recipients() == [good.subscriber.email]
