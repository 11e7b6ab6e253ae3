"""Senders by a mail service, killed at each step of a call or stopped past a lease."""

from __future__ import annotations

import signal
import time

import pytest

from tests.end_to_end.service import eventually
from tests.up.program import Program

from .mail_service import MAILGUN, Answer, Call, MailService
from .processes import finished, run

__all__ = ["run"]
AT_ONCE, OWED = 3, 24


def by(service: MailService, at_once: int = AT_ONCE) -> dict[str, str]:
    return {
        "relay": f"backend:{MAILGUN}",
        "ANYMAIL": ",".join(f"{k}={v}" for k, v in service.settings.items()),
        "SMTP_CONNECTIONS": str(at_once),
    }


def thorough(*values: object) -> object:
    return pytest.param(*values, marks=pytest.mark.thorough)


# Copies: a call is open for each connection, less the one whose mail is on the way to
# its call, or back from it and in the journal.
@pytest.mark.parametrize(
    ("point", "number", "least", "most"),
    [
        thorough("handover.before", 2, 0, AT_ONCE),
        thorough("render.made", 7, 0, AT_ONCE - 1),
        thorough("journal.begun", 7, 0, AT_ONCE - 1),
        thorough("journal.written", 7, 0, AT_ONCE - 1),
        ("call.answered", 7, 1, AT_ONCE),
        thorough("journal.ended", 7, 0, AT_ONCE - 1),
        thorough("handover.after", 2, 0, AT_ONCE),
        thorough("record.written", 2, 0, AT_ONCE),
        thorough("record.committed", 2, 0, AT_ONCE),
        thorough("journal.renewed", 2, 0, AT_ONCE),
    ],
)
def test_a_kill_at(run, tmp_path, point, number, least, most):
    """Nothing is lost, and twice go out at most those whose call was open."""
    run.seed(OWED)

    def script(call: Call) -> Answer:
        time.sleep(0.02)  # so that several are open
        return None

    with MailService(tmp_path / "taken.jsonl", script) as service:
        crash = f"{point}:{number}:KILL"
        victim = run("send", PAPER_ROUND_CRASH=crash, **by(service))
        assert victim.wait(60) == -signal.SIGKILL, victim.said
        eventually(lambda: not service.open)  # what was open is taken yet
        assert 0 < len(service.taken()) < OWED
        finished(run("send", **by(service)))
        taken = service.taken()
    assert run.states() == {"sent": OWED}
    assert len({recipient for recipient, _ in taken}) == OWED
    assert least <= len(taken) - OWED <= most
    assert len(set(taken)) == OWED  # a second copy has the same Message-ID


def test_what_a_killed_sender_had_in_a_call_is_held_where_the_operator_wants_it(
    run, tmp_path
):
    """So it is known which calls were open, and none of them is made a second time."""
    run.seed(OWED)
    with MailService(
        tmp_path / "taken.jsonl", lambda call: time.sleep(0.02)
    ) as service:
        given = by(service) | {"IN_DOUBT": "hold"}
        victim = run("send", PAPER_ROUND_CRASH="call.answered:7:KILL", **given)
        assert victim.wait(60) == -signal.SIGKILL, victim.said
        eventually(lambda: not service.open)
        finished(run("send", **given))
        taken = service.taken()
    states = run.states()
    assert 1 <= states["in_doubt"] <= AT_ONCE
    assert states == {"sent": OWED - states["in_doubt"], "in_doubt": states["in_doubt"]}
    assert len(taken) == len(set(taken)) >= states["sent"]


@pytest.mark.thorough
def test_a_sender_stopped_in_a_call_past_its_lease_goes_on_with_no_other(run, tmp_path):
    """The mail whose call was open is held; the others went out by another sender."""
    run.seed(6)
    victims: list[Program] = []

    def script(call: Call) -> Answer:
        if call.number == 4:
            time.sleep(0.5)  # SQLite must not stay locked for all
            victims[0].send_signal(signal.SIGSTOP)
            eventually(victims[0].is_stopped)
        return None

    with MailService(tmp_path / "taken.jsonl", script) as service:
        given = by(service, at_once=1)
        victims.append(run("send_on_short_leases", **given))
        eventually(lambda: service.calls and victims[0].is_stopped())
        time.sleep(5.5)  # the lease is over
        finished(run("send", **given))
        before = run.states()
        victims[0].send_signal(signal.SIGCONT)
        victims[0].wait(60)
        assert run.states() == before
        taken = service.taken()
    # The third had its outcome in the journal of a sender that was not dead.
    assert before == {"sent": 4, "in_doubt": 2}
    assert len(taken) == len({recipient for recipient, _ in taken}) == 6


@pytest.mark.thorough
@pytest.mark.parametrize(("point", "held"), [("begun", 1), ("written", 2)])
def test_a_sender_stopped_before_a_call_past_its_lease_makes_none(
    run, tmp_path, point, held
):
    """Whether the call is noted by then or not: if it is, the mail is held."""
    run.seed(4)
    with MailService(tmp_path / "taken.jsonl") as service:
        given = by(service, at_once=1)
        stop = f"journal.{point}:4:STOP"
        sleeper = run("send_on_short_leases", PAPER_ROUND_CRASH=stop, **given)
        eventually(sleeper.is_stopped)
        time.sleep(5.5)  # the lease is over
        finished(run("send", **given))
        sleeper.send_signal(signal.SIGCONT)
        sleeper.wait(60)
        taken = service.taken()
    states = run.states()
    # The third had its outcome in the journal of a sender that was not dead.
    assert states == {"sent": 4 - held, "in_doubt": held}
    assert len(taken) == len({recipient for recipient, _ in taken})
