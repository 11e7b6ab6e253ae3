"""Where a transaction ended decides what becomes of the mail."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from subscriptions.sending.outcome import Outcome, RelayDown
from subscriptions.sending.smtp import Relay, Timeouts

from .handing import hand_over, outcomes
from .oracle import Do, Moment, Oracle, Script
from .rows import an_outgoing, server

SHORT = Timeouts(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
MAIL = an_outgoing()


def a_relay(oracle: Oracle, times: Timeouts = SHORT) -> Relay:
    return Relay(server(oracle.url), "[127.0.0.1]", timeouts=times)


def at(stage: str, answer: str | Do, mail: int | None = None) -> Script:
    def script(moment: Moment) -> str | Do | None:
        now = moment.stage == stage and mail in {None, moment.mail}
        return answer if now else None

    return script


def a_slow(stage: str, seconds: float) -> Script:
    """A relay that takes its time at this stage."""

    def script(moment: Moment) -> None:
        if moment.stage == stage:
            time.sleep(seconds)

    return script


@pytest.fixture(params=["pipelined", "one by one"])
def features(request: pytest.FixtureRequest) -> set[str]:
    """What the relay announces: the stages are the same with and without pipelining."""
    always = {"SIZE", "SMTPUTF8"}
    return always | {"PIPELINING"} if request.param == "pipelined" else always


@pytest.fixture
def offer(
    tmp_path: Path, features: set[str]
) -> Callable[[Script | None], tuple[Outcome, Oracle]]:
    """The outcome of one mail at a relay with this script."""

    def offer(script: Script | None) -> tuple[Outcome, Oracle]:
        with (
            Oracle(tmp_path / "taken.jsonl", script, features=features) as oracle,
            a_relay(oracle) as relay,
        ):
            return outcomes(relay, MAIL)[0], oracle

    return offer


def test_a_mail_that_is_taken_is_sent_with_the_reply(offer):
    outcome, oracle = offer(at("dot", "250 2.6.0 queued as 4711"))
    assert outcome == Outcome("sent", "dot", "250 2.6.0 queued as 4711", "2.6.0")
    assert oracle.messages == [MAIL.message()]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "dot"])
def test_a_temporary_refusal_defers_at_its_stage(offer, stage):
    outcome, oracle = offer(at(stage, "451 4.7.1 greylisted, try later"))
    assert outcome == Outcome(
        "deferred", stage, "451 4.7.1 greylisted, try later", "4.7.1"
    )
    assert oracle.taken() == []


@pytest.mark.parametrize("stage", ["RCPT", "DATA", "dot"])
def test_a_permanent_refusal_fails_at_its_stage(offer, stage):
    outcome, oracle = offer(at(stage, "550 5.1.1 no such user"))
    assert outcome == Outcome("failed", stage, "550 5.1.1 no such user", "5.1.1")
    assert oracle.taken() == []


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("what", [Do.CLOSE, Do.HANG])
def test_a_connection_lost_before_the_data_defers(offer, stage, what):
    outcome, oracle = offer(at(stage, what))
    assert (outcome.kind, outcome.stage) == ("deferred", stage)
    assert oracle.taken() == []


def test_a_go_ahead_and_then_a_closed_connection_is_not_taken_for_sent(offer):
    """354 was said, and nothing after it: the dot may have arrived."""
    outcome, _ = offer(at("dot", Do.CLOSE))
    assert (outcome.kind, outcome.stage) == ("in_doubt", "dot")


@pytest.mark.parametrize("what", [Do.TAKE_AND_CLOSE, Do.TAKE_AND_HANG])
def test_no_reply_after_the_dot_leaves_the_mail_in_doubt(offer, what):
    outcome, oracle = offer(at("dot", what))
    assert (outcome.kind, outcome.stage) == ("in_doubt", "dot")
    assert len(oracle.taken()) == 1


def test_something_that_is_not_smtp_after_the_dot_leaves_it_in_doubt(offer):
    outcome, _ = offer(at("dot", "ok thanks"))
    assert outcome.kind == "in_doubt"
    assert outcome.reply == "no reply: the relay answered something that is not SMTP"


def test_a_go_ahead_in_place_of_the_last_reply_leaves_it_in_doubt(offer):
    assert offer(at("dot", "354 more please"))[0].kind == "in_doubt"


def test_a_taken_in_place_of_the_go_ahead_is_not_taken_for_sent(offer):
    outcome, _ = offer(at("DATA", "250 fine"))
    assert (outcome.kind, outcome.stage) == ("deferred", "DATA")


def test_no_mail_is_begun_after_the_time_is_over(tmp_path, features):
    with (
        Oracle(tmp_path / "taken.jsonl", features=features) as oracle,
        a_relay(oracle) as relay,
    ):
        late = hand_over(relay, MAIL, MAIL, stop=0)
        on_time = hand_over(relay, MAIL)
    assert (late.outcomes, late.down) == ({}, None)
    assert [offer.key for offer in late.untried] == [0, 1]
    assert on_time.outcomes[0].kind == "sent"
    assert len(oracle.taken()) == oracle.mails == 1


def test_a_mail_under_way_ends_after_its_time_and_the_next_stays_untried(
    tmp_path, features
):
    script = a_slow("RCPT", 0.3)
    with (
        Oracle(tmp_path / "taken.jsonl", script, features=features) as oracle,
        a_relay(oracle) as relay,
    ):
        handed = hand_over(relay, MAIL, MAIL, stop=time.monotonic() + 0.15)
    assert {key: one.kind for key, one in handed.outcomes.items()} == {0: "sent"}
    assert [offer.key for offer in handed.untried] == [1]
    assert len(oracle.taken()) == 1


def test_a_body_is_not_begun_long_after_its_time(tmp_path, features):
    """By then another sender may hold the mail."""
    script = a_slow("RCPT", 0.3)
    with (
        Oracle(tmp_path / "taken.jsonl", script, features=features) as oracle,
        a_relay(oracle, replace(SHORT, begin=0.05)) as relay,
    ):
        handed = hand_over(relay, MAIL, stop=time.monotonic() + 0.15)
    assert (handed.outcomes, len(handed.untried)) == ({}, 1)
    assert oracle.taken() == []


def test_the_session_goes_on_after_a_refusal(tmp_path, features):
    script = at("RCPT", "550 5.1.1 no such user", mail=1)
    with (
        Oracle(tmp_path / "taken.jsonl", script, features=features) as oracle,
        a_relay(oracle) as relay,
    ):
        kinds = [one.kind for one in outcomes(relay, MAIL, MAIL, MAIL)]
    assert kinds == ["failed", "sent", "sent"]
    assert oracle.sessions == 1


@pytest.mark.parametrize("how", ["421 4.7.0 too many mails in this session", Do.CLOSE])
def test_a_session_that_ends_between_two_mails_is_opened_again(tmp_path, features, how):
    """Relays close after so many mails; the mail that meets it is not at fault."""
    with (
        Oracle(
            tmp_path / "taken.jsonl", at("MAIL", how, mail=2), features=features
        ) as oracle,
        a_relay(oracle) as relay,
    ):
        kinds = [one.kind for one in outcomes(relay, MAIL, MAIL, MAIL)]
    assert kinds == ["sent", "sent", "sent"]
    assert oracle.sessions == 2


def test_after_421_in_a_transaction_the_next_mail_gets_a_new_session(
    tmp_path, features
):
    script = at("RCPT", "421 4.3.2 shutting down", mail=1)
    with (
        Oracle(tmp_path / "taken.jsonl", script, features=features) as oracle,
        a_relay(oracle) as relay,
    ):
        kinds = [one.kind for one in outcomes(relay, MAIL, MAIL)]
    assert kinds == ["deferred", "sent"]
    assert oracle.sessions == 2


def test_a_relay_that_is_not_there_says_nothing_about_a_mail(tmp_path):
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        pass
    with (
        a_relay(oracle) as relay,
        pytest.raises(RelayDown, match="nothing listens there"),
    ):
        outcomes(relay, MAIL)


@pytest.mark.parametrize(
    "greeting", ["421 4.3.2 overloaded", "554 5.7.1 you are not welcome", "hello"]
)
def test_a_relay_that_greets_with_a_refusal_is_down(tmp_path, greeting):
    with (
        Oracle(tmp_path / "taken.jsonl", greeting=greeting) as oracle,
        a_relay(oracle) as relay,
        pytest.raises(RelayDown),
    ):
        outcomes(relay, MAIL)


def test_a_relay_that_wants_a_login_is_down_for_us(tmp_path, features):
    script = at("MAIL", "530 5.7.0 authentication required")
    with (
        Oracle(tmp_path / "taken.jsonl", script, features=features) as oracle,
        a_relay(oracle) as relay,
        pytest.raises(RelayDown, match="wants a login"),
    ):
        outcomes(relay, MAIL)


@pytest.mark.parametrize("reply", ["550 5.7.1 sender rejected", "553 not your domain"])
def test_a_relay_that_refuses_our_sender_is_down_for_us(offer, reply):
    with pytest.raises(RelayDown, match=f"refuses our sender: {reply}"):
        offer(at("MAIL", reply))


@pytest.mark.parametrize("reply", ["552 5.3.4 too big", "552 no", "550 5.3.4 too big"])
def test_a_refusal_of_the_size_is_about_the_mail(offer, reply):
    outcome, _ = offer(at("MAIL", reply))
    assert (outcome.kind, outcome.stage, outcome.reply) == ("failed", "MAIL", reply)


def test_a_refusal_of_a_mail_that_asks_for_smtputf8_is_about_the_mail(
    tmp_path, features
):
    script = at("MAIL", "550 5.6.7 not such an address", mail=1)
    with (
        Oracle(tmp_path / "taken.jsonl", script, features=features) as oracle,
        a_relay(oracle) as relay,
    ):
        mails = an_outgoing("δοκιμή@example.org"), MAIL
        kinds = [one.kind for one in outcomes(relay, *mails)]
    assert kinds == ["failed", "sent"]
