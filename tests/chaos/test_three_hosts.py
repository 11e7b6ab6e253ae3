"""Three hosts with a worker each against one PostgreSQL, one Redis and one relay.

Where namespaces may be made each has a network and a host name of its own, else three
processes with three VAR_DIRs stand for them (`hosts`). Which host had a mail is asked
of the ledger while the relay still has it in hand: the lease names the process.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from celery import Celery

from tests.end_to_end.service import READERS, a_round_to_send, eventually, rows
from tests.sending.oracle import Moment, Oracle
from tests.up.program import Program
from tests.up.running import environment

from .hosts import Host, Network, hosts, kinds
from .servers import Cluster, Redis, cluster, redis
from .service import IN_EARNEST
from .world import CONNECTIONS, World

pytestmark = pytest.mark.chaos
NAMES = ["ash", "birch", "cedar"]
WORKER = ("celery", "--quiet", "-A", "digest_site", "worker", "--without-mingle")
# The relay is on none of the hosts, so this is no trial.
SERVICE = IN_EARNEST | {"SEND_BATCH": "8", "SMTP_CONNECTIONS": str(CONNECTIONS)}
OWNER = """SELECT lease_owner FROM subscriptions_delivery mail
           JOIN subscriptions_subscriber reader ON reader.id = mail.subscriber_id
           WHERE reader.email = %s"""
IN_HAND = """SELECT lease_owner, count(*) FROM subscriptions_delivery
             WHERE state = 'leased' GROUP BY lease_owner"""
HELD = """SELECT lease_owner, reason FROM subscriptions_delivery
          WHERE state = 'in_doubt' AND next_at IS NULL"""
OVER = """UPDATE subscriptions_delivery SET leased_until = '2020-01-01'
          WHERE state = 'leased'"""
# What `digest_site.values.database` asks of PostgreSQL, in seconds instead of a minute.
SOON_GONE = "?options=" + quote(
    "-c tcp_keepalives_idle=1 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=2"
    " -c tcp_user_timeout=3000"
)
# And of libpq.
SOON_NOTICED = (
    "&keepalives_idle=1&keepalives_interval=1&keepalives_count=3"
    "&tcp_user_timeout=4000&connect_timeout=2"
)
WAITS = """SELECT pid FROM pg_stat_activity
           WHERE wait_event_type = 'Lock' AND datname = current_database()"""


@dataclass
class Place:
    network: Network
    server: Cluster
    broker: Redis
    settings: dict[str, str]  # of the database with the digests that wait


@pytest.fixture(scope="module", params=kinds())
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Hosts and servers, and a round that is composed."""
    with (
        # pytest's own folder is closed to PostgreSQL when another run of it starts.
        TemporaryDirectory(prefix="paper-round-tests-") as name,
        hosts(request.param, NAMES) as network,
    ):
        folder, at = Path(name), network.address
        with cluster(folder, at) as server, redis(folder, at) as broker:
            settings = SERVICE | {
                "DATABASE_URL": server.database("composed"),
                "CELERY_BROKER_URL": broker.url,
            }
            settings = environment(folder / "var", **settings)
            a_round_to_send(settings, folder)
            yield Place(network, server, broker, settings)


class Watch:
    """The relay's script: it is slow, and notes who had leased what it takes."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._ledger: psycopg.Connection | None = None
        self.had: dict[int, list[str]] = {}  # of each process the owners, a mail each
        self.workers = 0
        self.victim: Program | None = None  # met by `strike` while it sends a mail
        self.strike: Callable[[], None] = lambda: None

    def __call__(self, moment: Moment) -> None:
        if moment.stage != "dot":
            return
        # None is done before the last one has come.
        time.sleep(0.005 if len(self.had) == self.workers else 0.2)
        self._ledger = self._ledger or psycopg.connect(self._database, autocommit=True)
        found = self._ledger.execute(OWNER, [moment.recipient]).fetchone()
        assert found
        process = process_of(found[0])
        self.had.setdefault(process, []).append(found[0])
        if self.victim and process == self.victim.pid and self.fewest() > 9:
            self.strike()
            self.victim = None

    def fewest(self) -> int:
        """How many the worker had who had the fewest."""
        has_all = len(self.had) == self.workers
        return min(map(len, self.had.values())) if has_all else 0

    def close(self) -> None:
        if self._ledger:
            self._ledger.close()


def process_of(owner: str) -> int:
    return int(owner.split(":")[1])


@dataclass(kw_only=True)
class Scene(World):
    place: Place
    watch: Watch

    def start_worker(self, host: Host, **more: str) -> Program:
        name = f"--hostname=worker{len(host.programs)}@{host.name}"
        return self.start_on(host, *WORKER, "-P", "threads", "-c1", name, **more)

    def start_on(self, host: Host, *command: str, **more: str) -> Program:
        settings = self.settings | {"VAR_DIR": str(self.folder / host.name)} | more
        log = self.folder / f"{host.name}-{len(host.programs)}.log"
        self.watch.workers += 1
        return host.start(command, settings, log)

    def ring_until(self, look: Callable[[], bool], within: float = 60) -> None:
        """Ring the bell of `send` four times a second, as beat would each minute."""
        deadline = time.monotonic() + within
        with Celery(broker=self.place.broker.url, set_as_current=False) as bells:
            while not look():
                assert time.monotonic() < deadline, self.how_it_stands()
                bells.send_task("subscriptions.tasks.send", expires=55)
                time.sleep(0.25)

    def how_it_stands(self) -> object:
        running = [one for host in self.place.network.hosts for one in host.programs]
        said = {one.pid: (one.poll(), one.said[-2000:]) for one in running}
        return (
            self.states(),
            {pid: len(had) for pid, had in self.watch.had.items()},
            said,
        )

    def is_sent_but_for(self, worker: Program) -> bool:
        """Nothing waits any more, and nobody but this one has anything in hand."""
        left = rows(self.settings, IN_HAND)
        theirs = all(process_of(owner) == worker.pid for owner, _ in left)
        return theirs and self.states().keys() == {"sent", "leased"}

    def stop(self) -> None:
        running = [one for host in self.place.network.hosts for one in host.programs]
        for program in running:
            program.send_signal(signal.SIGTERM)
        for program in running:
            self.ended(program)


@contextmanager
def scene(place: Place, folder: Path, asks: str = "") -> Iterator[Scene]:
    """The round of `place` in a database of its own, with a relay of its own."""
    url = place.server.database(f"round_{uuid4().hex[:8]}", like="composed")
    place.broker.ask("flushall")
    all_ = place.network.hosts
    with (
        closing(Watch(url)) as watch,
        Oracle(folder / "taken.jsonl", watch, host=place.network.address) as relay,
    ):
        settings = place.settings | {"DATABASE_URL": url + asks, "EMAIL_URL": relay.url}
        try:
            yield Scene(settings, relay, folder, place=place, watch=watch)
        finally:
            for host in all_:
                host.kill()
                host.plug()
                host.programs.clear()


def test_three_hosts_send_a_round_once_and_each_sends_some(
    place: Place, tmp_path: Path
) -> None:
    with scene(place, tmp_path) as here:
        workers = [here.start_worker(host) for host in place.network.hosts]
        here.ring_until(here.watch.fewest)
        eventually(lambda: here.states() == {"sent": READERS})
        here.stop()
        assert here.broken() == []
        assert len(here.relay.digests()) == READERS
        assert sum(map(len, here.watch.had.values())) == READERS
        assert here.watch.fewest() > READERS // 20
        for name, worker in zip(NAMES, workers, strict=True):
            owners = here.watch.had[worker.pid]
            if place.network.has_names:
                assert {owner.split(":")[0] for owner in owners} == {name}


def test_a_host_whose_cable_is_pulled_loses_nothing_and_settles_it_when_it_is_back(
    place: Place, tmp_path: Path
) -> None:
    """It is pulled when the relay has a mail whose reply the host will not hear."""
    *_, cedar = place.network.hosts
    with scene(place, tmp_path) as here:
        *_, cut_off = [here.start_worker(host) for host in place.network.hosts]
        here.watch.strike, here.watch.victim = cedar.unplug, cut_off
        here.ring_until(lambda: here.watch.victim is None)
        cedar.kill()
        here.ring_until(lambda: here.is_sent_but_for(cut_off))
        in_hand = here.states()["leased"]
        assert here.copies() == 0

        here.write(OVER)
        held = {"sent": READERS - in_hand, "in_doubt": in_hand}
        here.ring_until(lambda: here.states() == held)
        assert here.run("send") == 0
        assert here.states() == held
        for owner, reason in rows(here.settings, HELD):
            assert process_of(owner) == cut_off.pid
            assert reason == "in doubt: its sender has not come back"
        assert here.copies() == 0

        cedar.plug()
        here.start_worker(cedar)
        here.ring_until(lambda: here.states() == {"sent": READERS})
        here.stop()
        assert here.broken() == []
        assert 1 <= here.copies() <= CONNECTIONS


@pytest.mark.thorough
def test_of_two_workers_on_a_host_one_takes_over_from_the_other_at_once(
    place: Place, tmp_path: Path
) -> None:
    """They share a VAR_DIR. No lease runs out meanwhile: they last 15 minutes."""
    ash, *_ = place.network.hosts
    with scene(place, tmp_path) as here:
        _, killed = here.start_worker(ash), here.start_worker(ash)
        here.watch.strike, here.watch.victim = killed.kill, killed
        here.ring_until(lambda: here.watch.victim is None)
        here.ring_until(lambda: here.states() == {"sent": READERS})
        here.stop()
        assert here.broken() == []
        assert 1 <= here.copies() <= CONNECTIONS


@pytest.mark.thorough
def test_what_a_host_had_locked_when_it_vanished_is_not_locked_for_long(
    place: Place, tmp_path: Path
) -> None:
    """Its machine says no goodbye. Whoever takes over writes to the very rows that
    PostgreSQL keeps for it, as a reader does who leaves."""
    ash, *_, cedar = place.network.hosts
    with scene(place, tmp_path, SOON_GONE) as here:
        here.start_worker(ash)
        stopped = here.start_worker(cedar, PAPER_ROUND_CRASH="record.written:2:STOP")
        here.ring_until(stopped.is_stopped)
        cedar.unplug()
        cedar.kill()
        here.ring_until(lambda: here.is_sent_but_for(stopped))
        with psycopg.connect(here.settings["DATABASE_URL"]) as ledger:
            ledger.execute("SET lock_timeout = '15s'")
            ledger.execute(OVER)
        here.ring_until(lambda: here.states().keys() == {"sent", "in_doubt"})
        here.stop()
        assert here.broken() == []
        assert here.copies() == 0


@pytest.mark.cables
@pytest.mark.parametrize("place", ["namespaces"], indirect=True)
@pytest.mark.parametrize(
    ("stopped", "asks", "within"),
    [
        pytest.param("", SOON_NOTICED, 20, id="an answer does not come"),
        pytest.param(
            *("record.locked:1:STOP", SOON_NOTICED, 20),
            marks=pytest.mark.thorough,
            id="a question does not arrive",
        ),
        pytest.param(
            *("", "", 90), marks=pytest.mark.thorough, id="no answer, by default"
        ),
        pytest.param(
            *("record.locked:1:STOP", "", 90),
            marks=pytest.mark.thorough,
            id="no question, by default",
        ),
    ],
)
def test_a_sender_notices_that_the_machine_of_its_database_is_gone(
    place: Place, tmp_path: Path, stopped: str, asks: str, within: float
) -> None:
    """In the middle of writing outcomes: while it waits for a reader's row that is
    locked, or before it goes on. Once the cable is back it has lost nothing."""
    *_, cedar = place.network.hosts
    with (
        scene(place, tmp_path, SOON_GONE + asks) as here,
        psycopg.connect(here.settings["DATABASE_URL"]) as other,
    ):
        if not stopped:
            other.execute("SELECT FROM subscriptions_subscriber FOR UPDATE")
        sender = here.start_on(cedar, "send", PAPER_ROUND_CRASH=stopped)
        eventually(sender.is_stopped if stopped else lambda: rows(here.settings, WAITS))
        cedar.unplug()
        other.rollback()
        sender.send_signal(signal.SIGCONT)
        lost = "outcomes could not be written (OperationalError)"
        eventually(lambda: lost in sender.said, within)

        cedar.plug()
        assert here.ended(sender) == 0
        assert here.states() == {"sent": READERS}
        assert here.broken() == []
        assert here.copies() == 0
