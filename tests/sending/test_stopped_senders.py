"""A sender that is stopped for longer than its leases last, and goes on."""

from __future__ import annotations

import signal
import time

import pytest

from tests.end_to_end.service import eventually
from tests.up.program import Program

from .oracle import Moment, Oracle
from .processes import finished, run

__all__ = ["run"]


AT_RCPT = pytest.param("RCPT", 0, marks=pytest.mark.thorough)  # much like MAIL


@pytest.mark.parametrize(("stage", "held"), [("MAIL", 0), AT_RCPT, ("dot", 1)])
def test_a_sender_stopped_past_its_lease_sends_and_writes_nothing_when_it_goes_on(
    run, tmp_path, stage, held
):
    """Another takes over what it had not begun. What it had begun is held."""
    run.seed(6)
    victims: list[Program] = []

    def script(moment: Moment) -> None:
        if moment.stage == stage and moment.mail == 4 and len(victims) == 1:
            # Not while it asks the ledger for more: SQLite would stay locked for all.
            time.sleep(1)
            victims[0].send_signal(signal.SIGSTOP)
            eventually(victims[0].is_stopped)  # it shall not read what comes next

    with Oracle(tmp_path / "taken.jsonl", script) as relay:
        victims.append(run("send_on_short_leases", relay=relay.url))
        eventually(victims[0].is_stopped)
        time.sleep(5.5)  # the lease is over
        victims.append(run("send", relay=relay.url))
        finished(victims[1])
        before = run.states()
        victims[0].send_signal(signal.SIGCONT)
        victims[0].wait(60)
        assert run.states() == before
        taken = relay.taken()
    # The third had its outcome in the journal of a sender that was not dead.
    assert before == {"sent": 5 - held, "in_doubt": 1 + held}
    assert len(taken) == len({one.recipient for one in taken}) == 6


def test_a_sender_that_slept_after_it_had_asked_sends_nothing_when_it_goes_on(
    run, tmp_path
):
    """It was told that its mails are wanted, and their leases were over when it woke:
    another has sent them."""
    run.seed(4)
    with Oracle(tmp_path / "taken.jsonl") as relay:
        stop = "wanted.asked:1:STOP"
        sleeper = run("send_on_short_leases", relay=relay.url, PAPER_ROUND_CRASH=stop)
        eventually(sleeper.is_stopped)
        time.sleep(5.5)  # the lease is over
        finished(run("send", relay=relay.url))
        sleeper.send_signal(signal.SIGCONT)
        sleeper.wait(60)
        taken = relay.taken()
    assert len(taken) == len({one.recipient for one in taken})
