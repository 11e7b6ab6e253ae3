"""One write and one read a mail, on many connections, and what is left when they go."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from subscriptions.sending.outcome import Offer
from subscriptions.sending.smtp import Relay, Timeouts

from .handing import Notes, hand_over, outcomes
from .literal import CLOSE, DEAF, Literal
from .oracle import Do, Moment, Oracle
from .rows import an_outgoing, server

SHORT = Timeouts(2, 2, 2, 2, 2, 2)
MAIL = an_outgoing()


def a_relay(url: str, connections: int = 1, times: Timeouts = SHORT) -> Relay:
    return Relay(server(url), "[127.0.0.1]", connections, times)


def to(*names: str) -> list:
    return [an_outgoing(f"{name}@example.org") for name in names]


def kinds(handed) -> list[str]:
    return [handed.outcomes[key].kind for key in sorted(handed.outcomes)]


# --- round trips


def test_in_the_steady_state_a_mail_is_one_write(tmp_path):
    """Its end and the next envelope come in one piece, answered in one piece."""
    with Oracle(tmp_path / "taken.jsonl") as oracle, a_relay(oracle.url) as relay:
        outcomes(relay, *to("a", "b", "c", "d"))
    first, *middle, last, quit_ = oracle.reads[1]
    assert first.startswith(b"MAIL") and first.endswith(b"\r\nDATA\r\n")
    assert len(middle) == 3
    for read in middle:
        assert b"\r\n.\r\nMAIL FROM" in read and read.endswith(b"\r\nDATA\r\n")
    assert last.endswith(b"Good morning.\r\n.\r\n")
    assert quit_ == b"QUIT\r\n"


def test_without_pipelining_each_command_waits_for_its_reply(tmp_path):
    with (
        Oracle(tmp_path / "taken.jsonl", features={"SIZE"}) as oracle,
        a_relay(oracle.url) as relay,
    ):
        outcomes(relay, *to("a", "b"))
    assert [read.split()[0] for read in oracle.reads[1]] == [
        *(b"MAIL", b"RCPT", b"DATA", b"Message-ID:"),
        *(b"MAIL", b"RCPT", b"DATA", b"Message-ID:"),
        b"QUIT",
    ]


def test_a_next_call_goes_on_with_the_same_connection(tmp_path):
    with Oracle(tmp_path / "taken.jsonl") as oracle, a_relay(oracle.url) as relay:
        for _ in range(3):
            outcomes(relay, MAIL)
    assert (oracle.sessions, len(oracle.taken())) == (1, 3)


def test_many_connections_are_all_used(tmp_path):
    with (
        Oracle(tmp_path / "taken.jsonl", lambda m: time.sleep(0.002)) as oracle,
        a_relay(oracle.url, 20) as relay,
    ):
        handed = hand_over(relay, *[MAIL] * 200)
    assert kinds(handed) == ["sent"] * 200
    assert len(oracle.taken()) == 200
    busy = [reads for reads in oracle.reads.values() if len(reads) > 2]
    assert oracle.sessions == len(busy) == 20


def test_no_more_connections_are_opened_than_there_are_mails(tmp_path):
    with Oracle(tmp_path / "taken.jsonl") as oracle, a_relay(oracle.url, 20) as relay:
        hand_over(relay, *[MAIL] * 3)
    assert oracle.sessions <= 3


def test_at_most_one_mail_is_made_ahead_of_the_one_on_its_way(tmp_path):
    made, most = 0, 0

    def script(moment: Moment) -> None:
        nonlocal most
        if moment.stage == "dot":
            most = max(most, made - len(oracle.taken()))

    def message() -> bytes:
        nonlocal made
        made += 1
        return MAIL.message()

    offers = [Offer(n, MAIL.sender, MAIL.recipient, message) for n in range(20)]
    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        a_relay(oracle.url) as relay,
    ):
        relay.hand_in(offers, Notes()).result()
    assert (made, most) == (20, 2)


def test_replies_octet_by_octet_are_read_with_pipelining_too(tmp_path):
    def script(moment: Moment) -> str | None:
        gone = moment.stage == "RCPT" and moment.recipient.startswith("gone")
        return "550-5.1.1 no\r\n550 5.1.1 such user" if gone else None

    with (
        Oracle(tmp_path / "taken.jsonl", script, dribble=True) as oracle,
        a_relay(oracle.url, 3) as relay,
    ):
        handed = hand_over(relay, *to("a", "gone", "b", "gone", "c", "d"))
    assert kinds(handed) == ["sent", "failed", "sent", "failed", "sent", "sent"]
    assert sorted(oracle.recipients()) == [f"{n}@example.org" for n in "abcd"]


def test_it_runs_inside_a_loop_that_stands_still(tmp_path):
    async def outer(relay: Relay) -> str:
        return outcomes(relay, MAIL)[0].kind

    # In a thread of its own: in this one Playwright may have left a loop running.
    with (
        Oracle(tmp_path / "taken.jsonl") as oracle,
        a_relay(oracle.url) as relay,
        ThreadPoolExecutor(1) as thread,
    ):
        assert thread.submit(lambda: asyncio.run(outer(relay))).result() == "sent"


# --- a session that ends with an envelope behind a mail


@pytest.mark.parametrize("how", ["421 4.3.2 shutting down", Do.CLOSE])
def test_what_is_pipelined_behind_the_end_of_a_session_is_offered_again(tmp_path, how):
    """It is no word on it, however often it happens."""

    def script(moment: Moment) -> str | Do | None:
        ends = moment.stage == "MAIL" and moment.mail % 3 == 0
        return how if ends else None

    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        a_relay(oracle.url) as relay,
    ):
        handed = hand_over(relay, *to(*"abcdefgh"))
    assert kinds(handed) == ["sent"] * 8
    assert oracle.recipients() == [f"{n}@example.org" for n in "abcdefgh"]
    assert oracle.sessions == 4


def test_421_to_the_dot_defers_that_mail_and_no_other(tmp_path):
    def script(moment: Moment) -> str | None:
        ends = moment.stage == "dot" and moment.recipient.startswith("b")
        return "421 4.3.2 shutting down" if ends else None

    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        a_relay(oracle.url) as relay,
    ):
        handed = hand_over(relay, *to("a", "b", "c", "d"))
    assert kinds(handed) == ["sent", "deferred", "sent", "sent"]
    assert (handed.outcomes[1].stage, oracle.sessions) == ("dot", 2)


def test_of_a_lost_connection_only_the_mail_whose_dot_was_out_is_in_doubt(tmp_path):
    def script(moment: Moment) -> Do | None:
        lost = moment.stage == "dot" and moment.recipient.startswith("b")
        return Do.TAKE_AND_CLOSE if lost else None

    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        a_relay(oracle.url) as relay,
    ):
        handed = hand_over(relay, *to("a", "b", "c", "d"))
    assert kinds(handed) == ["sent", "in_doubt", "sent", "sent"]
    assert oracle.recipients() == [f"{n}@example.org" for n in "abcd"]


def test_no_reply_to_the_dot_leaves_the_mail_behind_it_for_another_session(tmp_path):
    def script(moment: Moment) -> Do | None:
        lost = moment.stage == "dot" and moment.recipient.startswith("a")
        return Do.HANG if lost else None

    times = Timeouts(2, 2, 2, 2, 2, 0.4)
    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        a_relay(oracle.url, 1, times) as relay,
    ):
        handed = hand_over(relay, *to("a", "b"))
    assert kinds(handed) == ["in_doubt", "sent"]
    assert handed.outcomes[0].reply == "no reply: no answer in time"


def test_a_mail_that_is_still_being_written_at_its_timeout_is_not_in_doubt():
    """Its dot never left."""
    large = an_outgoing(body=b"0123456789\r\n" * 2_000_000)
    deaf = Literal(lambda line, session: DEAF if line == "DATA" else None)
    with deaf, a_relay(deaf.url, 1, Timeouts(payload=0.3)) as relay:
        [outcome] = outcomes(relay, large)
    assert (outcome.kind, outcome.stage) == ("deferred", "payload")
    assert outcome.reply == "no answer in time"


# --- relays that are down, in part or for good


def test_a_connection_that_is_refused_is_done_without(caplog):
    """As long as another one stands."""
    few = Literal(lambda line, n: "421 too many" if not line and n > 2 else None)
    with few, a_relay(few.url, 10) as relay:
        handed = hand_over(relay, *[MAIL] * 100)
    assert (kinds(handed), handed.down) == (["sent"] * 100, None)
    assert "one connection less: 127.0.0.1" in caplog.text
    assert few.sessions <= 10  # each of them was tried once


def test_a_wrong_password_is_tried_on_one_connection_only(tmp_path):
    with (
        Oracle(tmp_path / "taken.jsonl", login=("paper", "round")) as oracle,
        Relay(server(oracle.url, "paper", "no"), "[127.0.0.1]", 10, SHORT) as relay,
    ):
        handed = hand_over(relay, *[MAIL] * 100)
    assert (len(handed.untried), handed.outcomes) == (100, {})
    assert "refused the login (535)" in str(handed.down)
    assert oracle.sessions == 1


@pytest.mark.parametrize("greeting", [CLOSE, "421 4.3.2 overloaded"])
def test_a_relay_that_closes_at_the_greeting_is_soon_left_alone(greeting):
    shut = Literal(lambda line, session: "" if line else greeting)
    with shut, a_relay(shut.url, 10) as relay:
        handed = hand_over(relay, *[MAIL] * 100)
    assert handed.down and len(handed.untried) == 100
    assert shut.sessions == 1


def test_a_relay_that_closes_every_session_before_a_mail_is_soon_left_alone():
    shut = Literal(lambda line, session: CLOSE if line[:4] == "MAIL" else None)
    with shut, a_relay(shut.url) as relay:
        handed = hand_over(relay, *[MAIL] * 100)
    assert "closes every session" in str(handed.down)
    assert {(o.kind, o.stage) for o in handed.outcomes.values()} == {
        ("deferred", "MAIL")
    }
    assert (len(handed.outcomes), len(handed.untried), shut.sessions) == (5, 95, 5)


def test_a_relay_that_turns_us_away_on_the_way_ends_what_is_under_way(tmp_path):
    """Nothing is lost: each mail is taken, or untried."""

    def script(moment: Moment) -> str | None:
        full = moment.stage == "MAIL" and moment.mail > 30
        return "550 5.7.1 sender rejected" if full else None

    with (
        Oracle(tmp_path / "taken.jsonl", script) as oracle,
        a_relay(oracle.url, 5) as relay,
    ):
        handed = hand_over(relay, *[MAIL] * 100)
    assert handed.down and "refuses our sender" in str(handed.down)
    assert kinds(handed) == ["sent"] * 30
    assert len(oracle.taken()) == 30
    assert sorted([*handed.outcomes, *(offer.key for offer in handed.untried)]) == list(
        range(100)
    )
