"""The database or the broker dies in the middle of a round: a delay, nothing else."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from celery import Celery

from digest_site.values import broker_options
from tests.end_to_end.service import DAY, eventually
from tests.sending.oracle import Moment
from tests.up.program import Program

from .servers import cluster, redis
from .world import READERS, World, world

pytestmark = pytest.mark.chaos
POOL = ["-P", "threads", "-c", "2", "--without-mingle"]


def slowly(moment: Moment) -> None:
    """Slow enough that an outage lands in the middle."""
    if moment.stage == "dot":
        time.sleep(0.03)


def in_the_middle(here: World) -> None:
    eventually(lambda: len(here.relay.taken()) >= READERS // 3)


def test_postgresql_dies_in_the_middle_of_a_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a batch: what the relay had said is in the journal, so nothing
    is sent again."""
    killed: list[int] = []

    def script(moment: Moment) -> None:
        if moment.stage == "dot" and moment.mail > READERS // 2 and not killed:
            killed.append(moment.mail)
            server.kill()

    with cluster(tmp_path) as server:
        monkeypatch.setenv("TEST_POSTGRES_URL", server.url)
        with world("its own postgresql", tmp_path, script) as here:
            sender = here.start("round", "--day", str(DAY))
            eventually(lambda: killed)
            at_rest(here)
            assert sender.poll() is None  # it waits for the database, with outcomes
            sender.send_signal(signal.SIGKILL)
            here.ended(sender)
            assert len(here.relay.digests()) < READERS
            server.start()
            here.settle()
            assert here.broken() == []
            assert here.states() == {"sent": READERS}
            assert here.copies() == 0


def at_rest(here: World) -> None:
    """The batch is over: the relay has not been given anything for a second."""
    before = -1
    while (taken := len(here.relay.taken())) != before:
        before = taken
        time.sleep(1)


def test_every_connection_to_postgresql_is_cut_again_and_again(tmp_path: Path) -> None:
    with world("postgresql", tmp_path, slowly) as here:
        for _ in range(3):
            sender = here.start("round", "--day", str(DAY))
            while sender.poll() is None and len(here.relay.taken()) < READERS:
                here.cut_off()
                time.sleep(0.2)
            here.ended(sender)
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
                bell(here)  # as beat would, each minute
                time.sleep(0.5)
                assert time.monotonic() < deadline, here.states()
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)
            assert len(here.relay.digests()) == READERS
            assert here.broken() == []


def start_worker(here: World) -> Program:
    return here.start("celery", "--quiet", "-A", "digest_site", "worker", *POOL)


def ring(here: World) -> None:
    here.do("from subscriptions import tasks; tasks.ring(tasks.send)")


def bell(here: World) -> None:
    """The same without a program for it, where it is asked for again and again."""
    url = here.settings.get("CELERY_BROKER_URL", "filesystem://")
    folder = Path(here.settings["VAR_DIR"]) / "broker"
    with Celery(broker=url, set_as_current=False) as bells:
        bells.conf.broker_transport_options = broker_options(url, folder)
        bells.send_task("subscriptions.tasks.send", expires=55)
