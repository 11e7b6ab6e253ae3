"""The database or the broker dies in the middle of a round: a delay, nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.service import DAY, eventually
from tests.sending.oracle import Moment
from tests.up.running import ROOT

from .servers import cluster, redis
from .world import CONNECTIONS, READERS, World, world

pytestmark = pytest.mark.chaos
CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "digest_site"]


def slowly(moment: Moment) -> None:
    """Slow enough that an outage lands in the middle."""
    if moment.stage == "dot":
        time.sleep(0.03)


def in_the_middle(here: World) -> None:
    eventually(lambda: len(here.relay.taken()) >= READERS // 3)


def test_postgresql_dies_in_the_middle_of_a_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the relay had said is in the journal, so nothing is sent again."""
    with cluster(tmp_path) as server:
        monkeypatch.setenv("TEST_POSTGRES_URL", server.url)
        with world("its own postgresql", tmp_path, slowly) as here:
            sender = here.start("round", "--day", str(DAY))
            in_the_middle(here)
            server.kill()
            here.ended(sender)
            assert sender.returncode not in {0, -signal.SIGKILL}
            server.start()
            here.errors = ""  # that the database was gone is told as it is
            here.settle()
            assert here.broken() == []
            assert len(here.relay.digests()) == READERS


def test_every_connection_to_postgresql_is_cut_again_and_again(tmp_path: Path) -> None:
    with world("postgresql", tmp_path, slowly) as here:
        for _ in range(3):
            sender = here.start("round", "--day", str(DAY))
            while sender.poll() is None and len(here.relay.taken()) < READERS:
                here.cut_off()
                time.sleep(0.2)
            here.ended(sender)
        here.errors = ""
        here.settle()
        assert here.broken() == []
        assert len(here.relay.digests()) == READERS


@pytest.mark.parametrize("outage", ["flushed", "killed"])
def test_redis_loses_everything_in_the_middle_of_a_round(
    outage: str, tmp_path: Path
) -> None:
    with redis(tmp_path) as broker:
        broker_is = {"CELERY_BROKER_URL": broker.url}
        with world("postgresql", tmp_path, slowly, **broker_is) as here:
            here.compose()
            worker = start_worker(here)
            ring(here)
            in_the_middle(here)
            if outage == "flushed":
                assert broker.ask("flushall") == "OK"
            else:
                broker.kill()
                ring(here)  # nobody hears it, and nobody who rings waits
                broker.start()
            deadline = time.monotonic() + 60
            while here.states() != {"sent": READERS}:
                ring(here)  # as beat would, each minute
                time.sleep(0.5)
                assert time.monotonic() < deadline, here.states()
            os.killpg(worker.pid, signal.SIGTERM)
            worker.wait(30)
            assert len(here.relay.digests()) == READERS
            assert here.broken() == []


def test_a_sender_that_slept_through_its_lease_changes_nothing(tmp_path: Path) -> None:
    """Frozen with its mails claimed; the lease runs out, another host's would be held;
    woken up, it must not write over what the operator decided meanwhile."""
    with world("postgresql", tmp_path) as here:
        frozen = here.start("round", "--day", str(DAY), crash="handover.before:1:STOP")
        eventually(lambda: here.states().get("leased", 0) > 0)
        eventually(frozen.is_stopped)
        long_ago = "'2020-01-01 00:00:00+00:00'"
        here.write(
            f"UPDATE subscriptions_delivery SET leased_until = {long_ago} "
            "WHERE state = 'leased'"
        )
        here.settle()
        frozen.send_signal(signal.SIGCONT)
        here.ended(frozen)
        assert here.broken() == []
        assert len(here.relay.digests()) <= READERS + CONNECTIONS


def start_worker(here: World) -> subprocess.Popen[str]:
    command = [*CELERY, "worker", "-P", "threads", "-c", "2", "--without-mingle"]
    with (here.folder / "worker.log").open("a") as log:
        worker = subprocess.Popen(
            command,
            cwd=ROOT,
            env=here.settings,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    here.held.append(worker)
    return worker


def ring(here: World) -> None:
    code = "from subscriptions import tasks; tasks.ring(tasks.send)"
    assert here.run("shell", "-v0", "-c", code) == 0
