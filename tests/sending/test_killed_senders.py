"""kill -9 of a real sender in the middle of a batch, and several senders at once."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from tests.up.program import Program

from .mail_service import MAILGUN, Answer, Call, MailService
from .oracle import Moment, Oracle
from .processes import finished, run

__all__ = ["run"]


@pytest.mark.parametrize(
    ("stage", "features", "copies"),
    [
        ("MAIL", set(), {0}),
        ("RCPT", set(), {0}),
        ("dot", set(), {1}),
        # The envelope follows the fourth mail's end, whose reply may not be read yet.
        ("MAIL", None, {0, 1}),
        ("RCPT", None, {0, 1}),
        ("dot", None, {1}),
    ],
)
def test_a_killed_sender_loses_nothing_and_repeats_only_the_mail_in_flight(
    run, tmp_path, stage, features, copies
):
    """The fifth mail, third of a batch of four, meets it; a new one does the rest."""
    run.seed(20)
    victims: list[Program] = []

    def script(moment: Moment) -> None:
        if moment.stage == stage and moment.mail == 5 and len(victims) == 1:
            victims[0].kill()

    with Oracle(tmp_path / "taken.jsonl", script, features=features) as relay:
        victims.append(run("send", relay=relay.url))
        assert victims[0].wait(60) == -signal.SIGKILL
        # Two and four of them were offered at once, and four or eight more may have
        # been leased meanwhile; the journal has the fifth.
        stopped_at = run.states()
        assert stopped_at["sent"] == 2
        assert stopped_at["leased"] in {4, 8, 12}
        assert sum(stopped_at.values()) == 20
        victims.append(run("send", relay=relay.url))
        finished(victims[1])
        assert run.states() == {"sent": 20}
        taken = relay.taken()
    assert len({one.recipient for one in taken}) == 20
    assert len(taken) - 20 in copies
    assert len({(one.recipient, one.message_id) for one in taken}) == 20


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_killed_sender_by_a_mail_service_repeats_only_its_open_calls(
    run, tmp_path, at_once
):
    run.seed(40)
    victims: list[Program] = []

    def script(call: Call) -> Answer:
        time.sleep(0.02)  # so that several are open
        if call.number == 12:
            victims[0].send_signal(signal.SIGKILL)
            victims[0].wait()
        return None

    with MailService(tmp_path / "taken.jsonl", script) as service:
        given = {
            "relay": f"backend:{MAILGUN}",
            "ANYMAIL": ",".join(f"{k}={v}" for k, v in service.settings.items()),
            "SMTP_CONNECTIONS": str(at_once),
        }
        victims.append(run("send", **given))
        assert victims[0].wait(60) == -signal.SIGKILL
        time.sleep(0.2)  # what was open at its end is taken yet
        finished(run("send", **given))
        taken = service.taken()
    assert run.states() == {"sent": 40}
    assert len({recipient for recipient, _ in taken}) == 40
    assert 1 <= len(taken) - 40 <= at_once
    assert len(set(taken)) == 40  # a second copy has the same Message-ID


def test_three_senders_at_once_send_nothing_twice(run, tmp_path):
    run.seed(60)

    def script(moment: Moment) -> None:  # none is done before the last one starts
        if moment.stage == "MAIL":
            time.sleep(0.1)

    with Oracle(tmp_path / "taken.jsonl", script) as relay:
        senders = [run("send", relay=relay.url) for _ in range(3)]
        for each in senders:
            finished(each)
        copies = Counter(relay.recipients())
        assert relay.sessions > 1
    assert run.states() == {"sent": 60}
    assert set(copies.values()) == {1}
    assert len(copies) == 60
