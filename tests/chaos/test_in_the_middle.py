"""What else may happen in the middle of a round: somebody leaves, a mail cannot be
made, the disk is full, a sender sleeps, programs are started anew."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.end_to_end.service import DAY, eventually
from tests.sending.oracle import Moment
from tests.up.program import Program

from .test_outages import POOL, bell, ring
from .world import CONNECTIONS, READERS, World, world

pytestmark = pytest.mark.chaos


def test_who_leaves_in_the_middle_of_a_round_gets_no_digest(tmp_path: Path) -> None:
    """Their mails are leased, or wait; nothing of them was offered."""
    with world("postgresql", tmp_path) as here:
        sender = here.start("round", "--day", str(DAY), crash="prepare.read:2:STOP")
        eventually(sender.is_stopped)
        held = "WHERE d.state IN ('leased', 'pending')"
        leave = f"SELECT subscriber_id FROM subscriptions_delivery d {held}"
        leased = here.states()["leased"]
        here.do(
            "from subscriptions import consent; from django.db import connection\n"
            f"with connection.cursor() as c: c.execute({leave!r}); ids = c.fetchall()\n"
            "for pk, in ids: consent.unsubscribe(pk, 'one-click')"
        )
        sender.send_signal(signal.SIGCONT)
        assert here.ended(sender) == 0
        here.settle()
        assert here.broken() == []
        states = here.states()
        assert states.keys() == {"sent", "unsubscribed"}
        assert states["unsubscribed"] >= leased > 0
        assert len(here.relay.digests()) == states["sent"] < READERS


def test_a_mail_that_cannot_be_made_is_quarantined_and_the_rest_goes(
    tmp_path: Path,
) -> None:
    with world("postgresql", tmp_path) as here:
        here.compose()
        here.write(
            "UPDATE subscriptions_delivery SET picks = '[{}]' WHERE id = "
            "(SELECT min(id) + 5 FROM subscriptions_delivery)"
        )
        assert here.round() == 0
        assert here.states() == {"sent": READERS - 1, "deferred": 1}
        here.settle()
        assert here.states() == {"sent": READERS - 1, "quarantined": 1}
        assert here.copies() == 0
        (why,) = here.one(
            "SELECT reason FROM subscriptions_delivery WHERE state = 'quarantined'"
        )
        assert why.startswith("it could not be made: ")


def test_a_disk_that_is_full_stops_the_sender_and_loses_nothing(
    tmp_path: Path,
) -> None:
    """No file may grow beyond what a batch's beginning takes in the journal."""
    with world("postgresql", tmp_path) as here:
        here.compose()
        sender = here.start("round", "--day", str(DAY), file_size=1_500)
        assert here.ended(sender) == 1
        assert "is full" in here.errors and "Traceback" not in here.errors
        assert len(here.relay.digests()) < READERS
        here.errors = ""
        here.kills += 1  # it died of it
        here.settle()
        assert here.broken() == []
        assert here.states() == {"sent": READERS}
        assert here.copies() <= CONNECTIONS


def test_a_sender_that_slept_through_its_lease_sends_and_writes_nothing(
    tmp_path: Path,
) -> None:
    """Frozen before its first batch was offered; another has taken over since. One that
    is frozen later is in tests/sending/test_stopped_senders.py."""
    with world("postgresql", tmp_path) as here:
        frozen = here.start("round", "--day", str(DAY), crash="prepare.read:1:STOP")
        eventually(frozen.is_stopped)
        here.write(
            "UPDATE subscriptions_delivery SET leased_until = '2020-01-01' "
            "WHERE state = 'leased'"
        )
        here.settle()
        assert here.states() == {"sent": READERS}
        frozen.send_signal(signal.SIGCONT)
        assert here.ended(frozen) == 0
        assert here.broken() == []
        assert here.states() == {"sent": READERS}
        assert here.copies() == 0


def test_workers_are_started_anew_again_and_again_and_beat_is_killed(
    tmp_path: Path,
) -> None:
    """Three workers; one at a time is asked to end, and another takes its place."""

    def slowly(moment: Moment) -> None:
        if moment.stage == "dot":
            time.sleep(0.1)

    with world("postgresql", tmp_path, slowly) as here:
        here.compose()
        beats = [beat(here, n) for n in range(2)]
        workers = [worker(here, n) for n in range(3)]
        for number in range(3, 6):
            ring(here)
            time.sleep(0.7)
            beats[0].send_signal(signal.SIGKILL)
            oldest = workers.pop(0)
            oldest.send_signal(signal.SIGTERM)
            workers.append(worker(here, number))
            # By the signal itself: it had not come so far as to listen for it.
            assert oldest.wait(60) in {0, -signal.SIGTERM}
        deadline = time.monotonic() + 60
        while here.states() != {"sent": READERS}:
            bell(here)
            time.sleep(0.3)
            assert time.monotonic() < deadline, here.states()
        for each in [*workers, beats[1]]:
            each.send_signal(signal.SIGTERM)
            each.wait(60)
        assert beats[0].wait(5) == -signal.SIGKILL
        assert here.broken() == []
        assert here.copies() == 0


def worker(here: World, number: int) -> Program:
    name = f"--hostname=worker{number}@localhost"
    return here.start("celery", "--quiet", "-A", "digest_site", "worker", *POOL, name)


def beat(here: World, number: int) -> Program:
    schedule = f"--schedule={here.folder}/beat-{number}"
    return here.start("celery", "--quiet", "-A", "digest_site", "beat", schedule)
