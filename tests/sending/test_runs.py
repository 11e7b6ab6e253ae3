"""A run from the ledger to a relay and back."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence

import pytest
from django.db import connections
from django.utils import timezone

from subscriptions.models import Delivery, DeliveryEvent, Letter, Mailing, Subscriber
from subscriptions.sending import Counts, NothingMade, Outgoing, RelayDown, send

from .oracle import Do, Moment, Oracle
from .rows import (
    TUESDAY,
    a_digest,
    a_letter,
    a_reader,
    digests,
    letters,
    server,
    suppress,
    wait_over,
)

pytestmark = pytest.mark.django_db(transaction=True)
State = Mailing.State


def test_everything_that_waits_is_sent_once(relay):
    owed = [a_digest() for _ in range(5)]
    assert send(Delivery, digests) == Counts(sent=5)
    assert [one.message_id for one in relay.taken()] == [d.message_id for d in owed]
    assert relay.sessions == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}


def test_a_second_run_sends_nothing(relay):
    a_digest()
    send(Delivery, digests)
    assert send(Delivery, digests) == Counts()
    assert len(relay.taken()) == 1


def test_without_anything_to_send_no_connection_is_made(relay):
    send(Delivery, digests)
    assert relay.sessions == 0


def test_letters_go_the_same_way(relay):
    letter = a_letter(Letter.Kind.PREFERENCES)
    assert send(Letter, letters) == Counts(sent=1)
    assert relay.recipients() == [letter.subscriber.email]


def test_a_run_for_a_due_date_leaves_the_others(relay):
    a_digest(due_date=TUESDAY.replace(day=8))
    assert send(Delivery, digests, due_date=TUESDAY) == Counts()


def test_more_than_a_batch_goes_in_batches(relay, settings):
    settings.SEND_BATCH = 2
    for _ in range(5):
        a_digest()
    batches: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        batches.append(len(ids))
        return digests(ids)

    assert send(Delivery, render).sent == 5
    assert batches == [2, 2, 1]


def test_each_refusal_is_its_own(relay_with):
    replies = {"later": "450 4.2.1 slowly", "gone": "550 5.1.1 no such user"}

    def script(moment: Moment) -> str | None:
        return replies.get(moment.recipient.split("@")[0]) if moment.recipient else None

    relay = relay_with(script)
    for name in ("first", "later", "gone", "last"):
        a_digest(a_reader(email=f"{name}@example.org"))
    assert send(Delivery, digests) == Counts(sent=2, deferred=1, failed=1)
    assert relay.recipients() == ["first@example.org", "last@example.org"]
    assert DeliveryEvent.objects.get().subscriber.email == "gone@example.org"


def test_a_greylisting_relay_gets_the_mail_at_the_second_attempt(relay_with):
    seen: set[str] = set()

    def greylist(moment: Moment) -> str | None:
        if moment.stage != "RCPT" or moment.recipient in seen:
            return None
        seen.add(moment.recipient)
        return "450 4.7.1 greylisted for 300 seconds"

    relay = relay_with(greylist)
    digest = a_digest()
    assert send(Delivery, digests) == Counts(deferred=1)
    assert send(Delivery, digests) == Counts()
    wait_over(digest)
    assert send(Delivery, digests) == Counts(sent=1)
    assert len(relay.taken()) == 1


def test_a_lost_reply_means_one_more_copy_with_the_same_message_id(relay_with):
    def script(moment: Moment) -> Do | None:
        first = moment.stage == "dot" and moment.mail == 1
        return Do.TAKE_AND_CLOSE if first else None

    relay = relay_with(script)
    doubtful, other = a_digest(), a_digest()
    assert send(Delivery, digests) == Counts(in_doubt=1, sent=1)
    wait_over(doubtful)
    assert send(Delivery, digests) == Counts(sent=1)
    assert [one.message_id for one in relay.taken()] == [
        doubtful.message_id,
        other.message_id,
        doubtful.message_id,
    ]


def test_a_mail_that_cannot_be_made_does_not_stop_the_others(relay, caplog):
    good, bad = a_digest(), a_digest(a_reader(email="secret@example.org"))

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        if bad.pk in ids:
            raise ValueError(f"cannot render {bad.subscriber.email}")
        return digests(ids)

    assert send(Delivery, render) == Counts(sent=1, deferred=1)
    for _ in range(2):
        wait_over(bad)
        last = send(Delivery, render)
    assert last == Counts(quarantined=1)
    assert relay.recipients() == [good.subscriber.email]
    bad.refresh_from_db()
    assert bad.reason == "it could not be made: ValueError"
    assert "ValueError at " in caplog.text
    assert "secret@example.org" not in caplog.text


def test_a_fault_common_to_all_mails_stops_the_run_and_counts_for_none(relay, caplog):
    for n in range(3):
        a_digest(a_reader(email=f"secret{n}@example.org"))
    asked: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        asked.append(len(ids))
        raise ValueError("cannot render secret@example.org")

    for _ in range(4):  # one more than a mail that cannot be made is tried
        caplog.clear()
        with pytest.raises(NothingMade, match="no mail could be made: ValueError at "):
            send(Delivery, render)
        [line] = [x for x in caplog.records if x.name.startswith("subscriptions")]
        assert line.exc_info is None and "secret" not in caplog.text
        assert "ValueError at " in line.message and "test_runs.py:" in line.message
    assert asked == [2, 1, 1] * 4
    assert {(d.state, d.attempts) for d in Delivery.objects.all()} == {("pending", 0)}
    assert send(Delivery, digests) == Counts(sent=3)


def test_a_fault_common_to_all_mails_keeps_what_was_sent_before_it(relay, settings):
    settings.SEND_BATCH = 2
    made = {a_digest().pk for _ in range(2)}
    for _ in range(2):
        a_digest()

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        if made.isdisjoint(ids):
            raise ValueError
        return digests(ids)

    with pytest.raises(RelayDown) as down:
        send(Delivery, render)
    assert down.value.counts == Counts(sent=2)


def test_a_mail_that_cannot_be_made_alone_in_its_batch_is_its_own_fault(relay):
    bad = a_digest()

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        raise ValueError

    for expected in (Counts(deferred=1), Counts(deferred=1), Counts(quarantined=1)):
        assert send(Delivery, render) == expected
        wait_over(bad)


def test_two_bad_mails_that_are_due_again_together_are_their_own_fault(relay):
    good, bad, worse = a_digest(), a_digest(), a_digest()

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        if not {bad.pk, worse.pk}.isdisjoint(ids):
            raise ValueError
        return digests(ids)

    assert send(Delivery, render) == Counts(sent=1, deferred=2)
    wait_over(bad, worse)
    assert send(Delivery, render) == Counts(deferred=2)
    wait_over(bad, worse)
    assert send(Delivery, render) == Counts(quarantined=2)
    assert relay.recipients() == [good.subscriber.email]


def test_a_mail_that_rendering_leaves_out_does_not_stop_the_others(relay):
    good, bad = a_digest(), a_digest()

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        return {one: mail for one, mail in digests(ids).items() if one != bad.pk}

    assert send(Delivery, render) == Counts(sent=1, deferred=1)
    assert relay.recipients() == [good.subscriber.email]


def test_one_address_that_no_relay_takes_does_not_stop_the_others(relay_with):
    relay = relay_with(features={"SIZE"})
    for address in ("a@example.org", "δοκιμή@example.org", "b@example.org"):
        a_digest(a_reader(email=address))
    assert send(Delivery, digests) == Counts(sent=2, failed=1)
    assert relay.recipients() == ["a@example.org", "b@example.org"]


def test_a_relay_that_is_down_burns_no_attempts(relay, settings):
    owed = [a_digest() for _ in range(3)]
    relay.stop()
    with pytest.raises(RelayDown) as down:
        send(Delivery, digests)
    assert down.value.counts == Counts()
    assert {(d.state, d.attempts) for d in Delivery.objects.all()} == {("pending", 0)}
    with Oracle(relay.log) as again:
        settings.EMAIL_SERVER = server(again.url)
        assert send(Delivery, digests).sent == len(owed)


def test_a_relay_that_goes_down_on_the_way_keeps_what_was_sent(relay_with):
    def script(moment: Moment) -> str | None:
        wants = moment.stage == "MAIL" and moment.mail > 2
        return "530 5.7.0 authentication required" if wants else None

    relay = relay_with(script)
    for _ in range(5):
        a_digest()
    with pytest.raises(RelayDown) as down:
        send(Delivery, digests)
    assert down.value.counts == Counts(sent=2)
    left = Delivery.objects.exclude(state=State.SENT)
    assert [(d.state, d.attempts) for d in left] == [("pending", 0)] * 3
    assert len(relay.taken()) == 2


def test_a_relay_that_refuses_our_sender_fails_no_mail(relay_with):
    def script(moment: Moment) -> str | None:
        return "550 5.7.1 sender rejected" if moment.stage == "MAIL" else None

    relay_with(script)
    for _ in range(3):
        a_digest()
    with pytest.raises(RelayDown, match="refuses our sender"):
        send(Delivery, digests)
    assert {(d.state, d.attempts) for d in Delivery.objects.all()} == {("pending", 0)}
    assert not DeliveryEvent.objects.exists()


def test_when_the_time_is_over_the_rest_goes_back_untried(relay):
    for _ in range(3):
        a_digest()

    def slow(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        time.sleep(0.3)
        return digests(ids)

    assert send(Delivery, slow, until=time.monotonic() + 0.2) == Counts()
    assert relay.taken() == []
    assert {(d.state, d.attempts) for d in Delivery.objects.all()} == {("pending", 0)}


def test_who_unsubscribes_between_claim_and_mail_gets_none(relay):
    stays, leaves = a_digest(), a_digest()

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        reader = Subscriber.objects.filter(pk=leaves.subscriber_id)
        reader.update(state=Subscriber.State.UNSUBSCRIBED)
        return digests(ids)

    assert send(Delivery, render) == Counts(sent=1, unsubscribed=1)
    assert relay.recipients() == [stays.subscriber.email]


def test_a_run_counts_what_it_did_not_send_and_why(relay):
    suppress(a_digest().subscriber)
    a_digest(a_reader(state=Subscriber.State.UNSUBSCRIBED))
    a_digest(a_reader(paused_until=timezone.now().date().replace(year=2999)))
    a_digest(expires_at=timezone.now())
    assert send(Delivery, digests) == Counts(
        suppressed=1, unsubscribed=1, skipped=1, expired=1
    )
    assert relay.taken() == []


def test_no_transaction_is_open_while_a_mail_is_made_or_handed_over(relay_with):
    """Or no one else could write to the row meanwhile, on SQLite to no row at all."""
    open_ones: list[bool] = []

    def script(moment: Moment) -> None:
        open_ones.append(ours.in_atomic_block)

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        open_ones.append(ours.in_atomic_block)
        return digests(ids)

    ours = connections["default"]  # of this thread; the relay runs in another
    relay_with(script)
    a_digest()
    assert send(Delivery, render).sent == 1
    assert open_ones == [False] * 5


def test_counts_add_up():
    both = Counts(sent=2, failed=1) + Counts(sent=1, expired=3)
    assert both == Counts(sent=3, failed=1, expired=3)


def test_a_relay_that_does_not_even_greet_is_told_of(settings, monkeypatch, caplog):
    """A run is over before the greeting is overdue, and so would be all that follow."""
    monkeypatch.setattr("subscriptions.sending.smtp.session._LONG", 0.1)
    a_digest()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        settings.EMAIL_SERVER = server(f"smtp://{where}")
        assert send(Delivery, digests, until=time.monotonic() + 2) == Counts()
    assert f"{where} has not let us in so far" in caplog.text
    assert Delivery.objects.get().state == State.PENDING
