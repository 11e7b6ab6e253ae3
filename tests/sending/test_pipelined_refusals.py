"""A refusal when the commands behind it are out already (RFC 2920 section 3.1)."""

from __future__ import annotations

import pytest

from subscriptions.sending.smtp import Relay, Timeouts

from .handing import hand_over
from .literal import Answer, Literal
from .rows import an_outgoing, server

SHORT = Timeouts(2, 2, 2, 2, 2, 2)


def two_mails(answer: Answer) -> tuple[list[tuple[str, str]], Literal]:
    """Kind and stage of the first and the second, at a relay that answers so."""
    with (
        Literal(answer) as relay_,
        Relay(server(relay_.url), "[127.0.0.1]", timeouts=SHORT) as relay,
    ):
        handed = hand_over(
            relay, an_outgoing("first@example.org"), an_outgoing("second@example.org")
        )
    assert handed.down is None
    return [(one.kind, one.stage) for _, one in sorted(handed.outcomes.items())], relay_


def first_of(verb: str, *replies: str) -> Answer:
    """These replies to the first commands with this verb, in the first session."""
    left = list(replies)

    def answer(line: str, session: int) -> str | None:
        return left.pop(0) if left and line.split(" ")[0] == verb else None

    return answer


def all_of(*answers: Answer) -> Answer:
    def answer(line: str, session: int) -> str | None:
        said = [one(line, session) for one in answers]
        return next((one for one in said if one is not None), None)

    return answer


@pytest.mark.parametrize(
    ("verb", "reply", "kind"),
    [
        ("MAIL", "450 4.3.0 not now", "deferred"),
        ("MAIL", "552 5.3.4 too big", "failed"),
        ("RCPT", "450 4.2.1 not now", "deferred"),
        ("RCPT", "550 5.1.1 who?", "failed"),
    ],
)
def test_a_refused_envelope_is_reset_and_the_next_goes_behind_it(verb, reply, kind):
    refuses = first_of(verb, reply)
    others = [first_of("DATA", "503 5.5.1 no recipient")]
    if verb == "MAIL":
        others.append(first_of("RCPT", "503 5.5.1 no sender"))
    ended, relay = two_mails(all_of(refuses, *others))
    assert ended == [(kind, verb), ("sent", "dot")]
    assert relay.commands(1) == [
        *("MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA", ".", "QUIT")
    ]
    assert len(relay.bodies) == 1


def test_data_refused_for_a_good_recipient_is_reset(tmp_path):
    ended, relay = two_mails(first_of("DATA", "451 4.3.0 disk full"))
    assert ended == [("deferred", "DATA"), ("sent", "dot")]
    assert (relay.sessions, len(relay.bodies)) == (1, 1)


def test_a_go_ahead_without_a_recipient_is_ended_with_nothing_but_a_dot():
    """The relay says 554 then; the mail itself must not go."""
    ended, relay = two_mails(
        all_of(
            first_of("RCPT", "550 5.1.1 who?"),
            first_of(".", "554 5.5.1 no valid recipients"),
        )
    )
    assert ended == [("failed", "RCPT"), ("sent", "dot")]
    assert relay.bodies[0] == b"" and b"Good morning" in relay.bodies[1]
    assert relay.commands(1) == [
        *("MAIL", "RCPT", "DATA", ".", "MAIL", "RCPT", "DATA", ".", "QUIT")
    ]


def test_no_empty_mail_is_sent_where_only_the_sender_was_refused():
    """Its recipient was let through, and DATA too: a lone dot would be a mail."""
    ended, relay = two_mails(first_of("MAIL", "450 4.3.0 not now"))
    assert ended == [("deferred", "MAIL"), ("sent", "dot")]
    assert relay.sessions == 2
    assert [b"Good morning" in body for body in relay.bodies] == [True]


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_421_behind_the_envelope_defers_at_its_stage(verb):
    ended, relay = two_mails(first_of(verb, "421 4.3.2 bye"))
    assert ended == [("deferred", verb), ("sent", "dot")]
    assert relay.sessions == 2


def test_a_refusal_stands_where_the_connection_closes_after_it():
    ended, _ = two_mails(
        all_of(first_of("RCPT", "550 5.1.1 who?"), first_of("DATA", "421 4.3.2 bye"))
    )
    assert ended == [("failed", "RCPT"), ("sent", "dot")]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_an_answer_out_of_place_ends_the_session(verb):
    ended, relay = two_mails(first_of(verb, "250 ok" if verb == "DATA" else "354 go"))
    assert ended == [("deferred", verb), ("sent", "dot")]
    assert (relay.sessions, len(relay.bodies)) == (2, 1)


def test_taken_at_rcpt_and_refused_at_the_dot_is_refused():
    ended, _ = two_mails(first_of(".", "550 5.1.1 no such user after all"))
    assert ended == [("failed", "dot"), ("sent", "dot")]
