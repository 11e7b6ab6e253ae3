"""While one batch is with the relay the next is prepared, and none spoils the other."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping, Sequence

import pytest

from subscriptions.models import Delivery, Mailing
from subscriptions.sending import Counts, NothingMade, Outcome, Outgoing, loop, send
from subscriptions.sending.brakes.pace import FIRST_AT_ONCE, Pace
from subscriptions.sending.smtp import Relay

from .handing import Notes, an_offer
from .oracle import Moment, Oracle
from .rows import a_digest, an_outgoing, digests, server

pytestmark = pytest.mark.django_db(transaction=True)
State = Mailing.State


def test_the_next_batch_is_prepared_while_one_is_with_the_relay(relay_with):
    """The fifth mail is not answered before the batch behind it has been prepared."""
    prepared = threading.Event()
    asked: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        asked.append(len(ids))
        if len(asked) == 3:
            prepared.set()
        return digests(ids)

    waited: list[bool] = []

    def script(moment: Moment) -> None:
        if moment.stage == "dot" and moment.mail == 5:
            waited.append(prepared.wait(timeout=20))

    relay_with(script)
    for _ in range(10):
        a_digest()
    assert send(Delivery, render).sent == 10
    assert waited == [True]
    assert asked == [2, 4, 4]  # the first is to show that mails can be made and go


def test_a_connection_goes_from_one_run_to_the_next_without_a_pause(tmp_path):
    """The first mail of the second run follows the last of the first in one write."""
    both_are_in = threading.Event()

    def script(moment: Moment) -> None:
        if moment.mail == 1 and moment.stage == "DATA":
            both_are_in.wait(timeout=20)

    mails = [an_outgoing(f"reader{number}@example.org") for number in range(4)]
    offers = [an_offer(mail, key) for key, mail in enumerate(mails)]
    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        Relay(server(oracle.url), "[127.0.0.1]") as relay,
    ):
        runs = [relay.hand_in(offers[:2], Notes()), relay.hand_in(offers[2:], Notes())]
        both_are_in.set()
        kinds = [[o.kind for o in run.result().outcomes.values()] for run in runs]
    assert kinds == [["sent", "sent"]] * 2
    (reads,) = oracle.reads.values()
    assert any(b"\r\n.\r\nMAIL" in read and b"reader2@" in read for read in reads)


def test_what_a_mail_is_begun_by_is_its_own_run(tmp_path):
    """One run's journal hears of its own mails only."""
    notes = Notes(), Notes()
    mails = [an_offer(an_outgoing(), key) for key in range(6)]
    with (
        Oracle(tmp_path / "taken.jsonl") as oracle,
        Relay(server(oracle.url), "[127.0.0.1]", 2) as relay,
    ):
        runs = [
            relay.hand_in(some, note)
            for some, note in zip((mails[:3], mails[3:]), notes, strict=True)
        ]
        assert [len(run.result().outcomes) for run in runs] == [3, 3]
    keys = [{key for _, key in note.lines} for note in notes]
    assert keys == [{0, 1, 2}, {3, 4, 5}]


def test_an_error_while_one_is_prepared_loses_no_outcome_of_the_other(relay_with):
    third_is_asked = threading.Event()
    asked: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        asked.append(len(ids))
        if len(asked) == 3:
            third_is_asked.set()
            raise KeyError("the disk is gone")
        if len(asked) > 3:  # each alone, to see whether it is one row's fault
            raise KeyError("the disk is gone")
        return digests(ids)

    def script(moment: Moment) -> None:
        if moment.mail == 6 and moment.stage == "dot":
            third_is_asked.wait(timeout=20)

    relay = relay_with(script)
    for _ in range(10):
        a_digest()
    with pytest.raises(Exception, match="KeyError") as caught:
        send(Delivery, render)
    assert caught.value.counts == Counts(sent=6)
    rows = Delivery.objects.values_list("state", "attempts")
    assert sorted(rows) == [("pending", 0)] * 4 + [("sent", 1)] * 6
    assert len(relay.taken()) == 6


def test_a_mail_that_crashed_its_sender_is_sent_with_no_other_in_hand(relay_with):
    """At the next crash there is one to suspect."""
    for crashes in (0, 0, 1, 1, 1):
        a_digest(crashes=crashes)
    leased: list[int] = []

    def script(moment: Moment) -> None:
        if moment.stage == "dot":
            leased.append(moment.mail)

    relay_with(script)
    in_hand: list[int] = []

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        in_hand.append(Delivery.objects.filter(state=State.LEASED).count())
        return digests(ids)

    assert send(Delivery, render).sent == 5
    assert in_hand == [2, 1, 1, 1]


def test_what_ends_one_run_ends_those_that_come_after_it(tmp_path):
    """As a full disk does: each of them would leave mails in doubt again."""

    class Full(Notes):
        def ended(self, key: Hashable, outcome: Outcome) -> None:
            raise OSError("the disk is full")

    offers = [an_offer(an_outgoing(), key) for key in range(2)]
    pace = Pace()
    with (
        Oracle(tmp_path / "taken.jsonl") as oracle,
        Relay(server(oracle.url), "[127.0.0.1]", pace=pace) as relay,
    ):
        for offer in offers:
            with pytest.raises(OSError, match="the disk is full"):
                relay.hand_in([offer], Full()).result()
    assert len(oracle.taken()) == 1
    # What was under way is so no more: the pace outlives the relay.
    assert [pace.admit("example.org", 0.0) for _ in range(FIRST_AT_ONCE)] == [0.0] * 5


def test_of_a_process_one_sender_at_a_time_sends_what_crashed_one(relay):
    """Else two of them would be suspected of the next crash."""
    suspect = a_digest(crashes=1)
    with loop._SUSPECTS:
        assert send(Delivery, digests) == Counts()
    suspect.refresh_from_db()
    assert (suspect.state, suspect.attempts, suspect.crashes) == (State.PENDING, 0, 1)
    assert send(Delivery, digests).sent == 1


def test_a_mail_of_which_nothing_came_goes_back_where_none_can_be_made(relay, settings):
    """With those that were tried: nobody would hold its lease any more."""
    owed = [a_digest() for _ in range(3)]

    def render(ids: Sequence[int]) -> Mapping[int, Outgoing]:
        mails = {
            pk: Outgoing(mail.sender, mail.recipient, lambda: bytes(1 // 0))
            for pk, mail in digests(ids).items()
        }
        mails.pop(owed[0].pk, None)
        return mails

    settings.SMTP_CONNECTIONS = 3
    with pytest.raises(NothingMade):
        send(Delivery, render)
    rows = Delivery.objects.values_list("state", "attempts", "lease_owner")
    assert set(rows) == {("pending", 0, "")}
