"""kill -9 of the worker in the middle of a round: nothing lost, nothing doubled but
what was in flight, and that with the same Message-ID."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.service import (
    READERS,
    a_round_to_send,
    backend,
    eventually,
    rows,
    states,
)
from tests.sending.oracle import Moment, Oracle
from tests.up.program import Program
from tests.up.running import environment

CELERY = ("celery", "--quiet", "-A", "digest_site")
WORKER = (*CELERY, "worker", "-P", "threads", "-c", "2", "--without-mingle")
RING = "from subscriptions import tasks; tasks.ring(tasks.send)"


@pytest.mark.parametrize("kind", ["sqlite and files", "postgresql and redis"])
def test_a_worker_killed_twice_in_a_round(kind: str, tmp_path: Path) -> None:
    with Oracle(tmp_path / "taken.jsonl", slowly) as relay:
        settings = environment(
            tmp_path / "var", EMAIL_URL=relay.url, **backend(kind, tmp_path)
        )
        a_round_to_send(settings, tmp_path)
        in_flight: set[str] = set()
        for taken in (READERS // 4, READERS // 2):
            worker = start(settings, tmp_path)
            eventually(lambda goal=taken: len(relay.taken()) >= goal)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            in_flight |= leased(settings)
        assert in_flight, "the worker was killed after its last batch"
        worker = start(settings, tmp_path)
        eventually(lambda: states(settings).get("sent") == READERS)
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
        taken_by = Counter(each.recipient for each in relay.taken())
        message_ids = {(each.recipient, each.message_id) for each in relay.taken()}
    # One final delivery for every reader, none lost.
    assert states(settings) == {"sent": READERS}
    assert len(taken_by) == READERS
    # A second copy only of what was leased when the worker died, and the same mail.
    twice = {address for address, copies in taken_by.items() if copies > 1}
    assert twice <= in_flight
    assert len(message_ids) == READERS
    assert "Traceback" not in (tmp_path / "worker.log").read_text()


def slowly(moment: Moment) -> None:
    """Slow enough that a kill lands in the middle."""
    if moment.stage == "dot":
        time.sleep(0.02)


def start(settings: dict[str, str], folder: Path) -> Program:
    """A worker, and the bell it answers."""
    name = f"--hostname=chaos-{time.monotonic_ns()}@localhost"
    worker = Program((*WORKER, name), settings, folder / "worker.log")
    bell = Program(("shell", "-v0", "-c", RING), settings, folder / "bell.log")
    assert bell.wait(60) == 0, bell.said
    return worker


def leased(settings: dict[str, str]) -> set[str]:
    """Whose mail the dead worker held."""
    held = """SELECT email FROM subscriptions_subscriber reader
              JOIN subscriptions_delivery mail ON mail.subscriber_id = reader.id
              WHERE mail.state = 'leased'"""
    return {address for (address,) in rows(settings, held)}
