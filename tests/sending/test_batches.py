"""How large a batch is, and what becomes of one that does not go to its end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import pytest

from subscriptions.models import Delivery, Mailing, Subscriber
from subscriptions.sending import Counts, NothingMade, Outgoing, batch, send
from subscriptions.sending.batch import Size
from subscriptions.sending.ledger import claims

from .oracle import Moment
from .rows import a_digest, a_reader, digests

pytestmark = pytest.mark.django_db(transaction=True)
State = Mailing.State


def test_a_batch_doubles_while_it_is_quick_and_halves_when_it_is_slow():
    size = Size(least=10, most=50)
    sizes = [size.now]
    for seconds in (1, 1, 1, 5, 5, 5, 5):
        size.after(seconds)
        sizes.append(size.now)
    assert sizes == [10, 20, 40, 50, 25, 12, 10, 10]


def test_over_one_connection_the_first_batch_has_two_and_the_least_one():
    size = Size(least=1, most=50)
    assert size.now == 2
    size.after(5)
    assert size.now == 1
    assert Size(least=10, most=1).now == 1


def test_a_slow_relay_does_not_keep_an_unsubscribing_reader_waiting(
    relay_with, monkeypatch
):
    """What a batch has not begun in its time goes back untried and is asked anew.

    The third mail, first of a batch of four, takes too long; the envelope of the fourth
    is out by then.
    """
    monkeypatch.setattr("subscriptions.sending.loop._BATCH_WITHIN", 0.2)
    readers = [a_reader() for _ in range(6)]
    for reader in readers:
        a_digest(reader)

    def script(moment: Moment) -> None:
        if moment.stage == "dot" and moment.mail == 3:
            time.sleep(0.4)

    relay = relay_with(script)
    left: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        if relay.mails > 2 and not left:
            left.append(readers[4].pk)
            gone = Subscriber.objects.filter(pk=readers[4].pk)
            gone.update(state=Subscriber.State.UNSUBSCRIBED)
        return digests(ids)

    assert send(Delivery, render) == Counts(sent=5, unsubscribed=1)
    assert readers[4].email not in relay.recipients()
    attempts = Delivery.objects.filter(state=State.SENT).values_list("attempts")
    assert set(attempts) == {(1,)}


def test_a_mail_is_made_only_when_it_is_its_turn(relay_with):
    """So memory holds the mails in flight, not the batch."""
    made: list[int] = []
    seen: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        def lazily(one: Outgoing) -> Outgoing:
            def message() -> bytes:
                made.append(1)
                return one.message()

            return Outgoing(one.sender, one.recipient, message)

        return {pk: lazily(mail) for pk, mail in digests(ids).items()}

    def script(moment: Moment) -> None:
        if moment.stage == "MAIL":
            seen.append(len(made))

    relay_with(script)
    for _ in range(6):
        a_digest()
    assert send(Delivery, render).sent == 6
    assert seen == [1, 2, 3, 4, 5, 6]


def failing(*bad: int):
    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        mails = dict(digests(ids))
        for pk in set(ids) & set(bad):
            sender, to = mails[pk].sender, mails[pk].recipient
            mails[pk] = Outgoing(sender, to, lambda: bytes(1 // 0))
        return mails

    return render


def test_a_mail_whose_bytes_cannot_be_made_is_quarantined_and_spares_the_others(
    relay, caplog
):
    good, bad = a_digest(), a_digest(a_reader(email="secret@example.org"))
    render = failing(bad.pk)
    assert send(Delivery, render) == Counts(sent=1, deferred=1)
    for expected in (Counts(deferred=1), Counts(quarantined=1)):
        Delivery.objects.filter(pk=bad.pk).update(next_at=good.created_at)
        assert send(Delivery, render) == expected
    bad.refresh_from_db()
    assert bad.reason == "it could not be made: ZeroDivisionError"
    assert "ZeroDivisionError at " in caplog.text and "secret" not in caplog.text


def test_bytes_that_cannot_be_made_for_anybody_stop_the_run_and_count_for_none(relay):
    owed = [a_digest().pk for _ in range(3)]
    with pytest.raises(NothingMade, match="ZeroDivisionError at "):
        send(Delivery, failing(*owed))
    assert {(d.state, d.attempts) for d in Delivery.objects.all()} == {("pending", 0)}


def test_a_sender_that_slept_begins_nothing(relay, monkeypatch):
    """Another may hold the mail by the time it would be out: it goes back untried."""
    a_digest()
    monkeypatch.setattr(batch, "awake", iter([0.0, 1e6] + [2e6] * 9).__next__)
    monkeypatch.setattr("subscriptions.sending.loop.awake", batch.awake)
    stop = time.monotonic() + 0.5
    real = claims.claim
    calls: list[int] = []

    def once(*args, **options):
        calls.append(1)
        return real(*args, **options) if len(calls) == 1 else []

    monkeypatch.setattr(claims, "claim", once)
    assert send(Delivery, digests, until=stop) == Counts()
    digest = Delivery.objects.get()
    assert (digest.state, digest.attempts) == (State.PENDING, 0)
    assert relay.taken() == []
