"""kill -9 of the worker in the middle of a round: nothing lost, nothing doubled but
what was in flight, and that with the same Message-ID."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.end_to_end.service import ask, backend, eventually, rows, spawn
from tests.ingestion.invented import an_hf_item
from tests.sending.oracle import Moment, Oracle
from tests.up.running import ROOT, environment

DAY = date(2026, 7, 6)
READERS = 200
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "digest_site"]
WORKER = [*CELERY, "worker", "-P", "threads", "-c", "2", "--without-mingle"]
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
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            in_flight |= leased(settings)
        assert in_flight, "the worker was killed after its last batch"
        worker = start(settings, tmp_path)
        eventually(lambda: states(settings).get("sent") == READERS)
        worker.terminate()
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


def a_round_to_send(settings: dict[str, str], folder: Path) -> None:
    papers = folder / f"{DAY}.json"
    items = [an_hf_item(f"2607.{number:05}", DAY) for number in range(1, 6)]
    papers.write_text(json.dumps(items))
    readers = folder / "readers.csv"
    with readers.open("w", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["address", "filters", "zone", "hour", "confirmed_at"])
        for number in range(READERS):
            address = f"reader{number}@example.org"
            lines.writerow([address, "*", "UTC", 8, "2026-01-05"])
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env=settings,
        check=True,
    )
    assert ask(settings, "ingest", "--file", str(papers))["new"] == 5
    assert ask(settings, "import_subscribers", str(readers))["imported"] == READERS
    ask(settings, "publish", "--day", str(DAY))
    assert ask(settings, "compose", "--day", str(DAY))["pending"] == READERS


def start(settings: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    """A worker, and the bell it answers."""
    name = f"--hostname=chaos-{time.monotonic_ns()}@localhost"
    worker = spawn(settings, folder / "worker.log", *WORKER, name)
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", RING],
        cwd=ROOT,
        env=settings,
        check=True,
    )
    return worker


def states(settings: dict[str, str]) -> dict[str, int]:
    counted = "SELECT state, count(*) FROM subscriptions_delivery GROUP BY state"
    return dict(rows(settings, counted))


def leased(settings: dict[str, str]) -> set[str]:
    """Whose mail the dead worker held."""
    held = """SELECT email FROM subscriptions_subscriber reader
              JOIN subscriptions_delivery mail ON mail.subscriber_id = reader.id
              WHERE mail.state = 'leased'"""
    return {address for (address,) in rows(settings, held)}
