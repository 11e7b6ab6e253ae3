"""A world to break: a database, a folder and a relay that tells the truth, and senders
that die in it.

    with world("postgresql", tmp_path) as here:
        here.run("round", crash="smtp.after_dot:3:KILL")
        here.settle()
        assert here.broken() == []

`broken` asks only what must hold for the whole, whatever happened on the way. Its lines
carry the numbers of docs/operating.md's promises where there is one.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from tests.end_to_end.service import DAY, ask, migrate, rows
from tests.ingestion.invented import an_hf_item
from tests.sending.mail_service import MailService
from tests.sending.oracle import Oracle, Script
from tests.up.program import Program
from tests.up.running import environment

READERS, CONNECTIONS, BATCH = 24, 3, 8
FINAL = {
    "sent",
    "skipped",
    "suppressed",
    "unsubscribed",
    "failed",
    "expired",
    "quarantined",
}
_ADDRESSES = "SELECT email FROM subscriptions_subscriber ORDER BY id"
OPEN = "('pending', 'leased', 'deferred')"
FOLLOWED = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)


def _is_told(line: str) -> bool:
    """Not where it was raised, nor what another process says of itself in between: many
    lose their connections in the same moment and write to the same file."""
    return line[:1] not in {"", " "} and not re.fullmatch(r"Process \S+:", line)


@dataclass
class World:
    settings: dict[str, str]
    relay: Oracle | MailService
    folder: Path
    errors: str = ""
    kills: int = 0
    cuts: int = 0  # of connections to the database
    held: list[Program] = field(default_factory=list)

    def start(
        self,
        *command: str,
        crash: str = "",
        file_size: int | None = None,
        **settings: str,
    ) -> Program:
        """A program of the service; `crash` arms crash points (name:n:KILL)."""
        armed = {"PAPER_ROUND_CRASH": crash} if crash else {}
        log = self.folder / f"program-{len(self.held)}.log"
        program = Program(command, self.settings | armed | settings, log, file_size)
        self.held.append(program)
        return program

    def run(self, *command: str, crash: str = "", **settings: str) -> int:
        """The same to its end: its exit code, negative for a signal."""
        return self.ended(self.start(*command, crash=crash, **settings))

    def round(self, crash: str = "") -> int:
        return self.run("round", "--day", str(DAY), crash=crash)

    def compose(self) -> None:
        """Publish the day and write its digests; nothing is sent."""
        for command in ("publish", "compose"):
            assert self.run(command, "--day", str(DAY)) == 0
        assert self.states() == {"pending": READERS}

    def settle(self, within: float = 60.0) -> None:
        """Run the day, and send what waits, until it ends well and nothing is open."""
        deadline = time.monotonic() + within
        while True:
            code = self.round()
            if not code and not self._open():
                return
            self.hurry()
            self.run("send")  # letters too
            said = self.errors[-2000:]
            assert time.monotonic() < deadline, (code, self.states(), said)

    def _open(self) -> int:
        """How many mails still have a way to go."""
        waiting = f"state IN {OPEN} OR (state = 'in_doubt' AND next_at IS NOT NULL)"
        count = "SELECT count(*) FROM subscriptions_{} WHERE " + waiting
        return sum(self.one(count.format(table))[0] for table in ("delivery", "letter"))

    def hurry(self) -> None:
        """Let what was put off be due: the pauses between attempts are not the test."""
        past = "'2020-01-01 00:00:00+00:00'"
        for table in ("delivery", "letter"):
            self.write(
                f"UPDATE subscriptions_{table} SET next_at = {past} "
                "WHERE state IN ('deferred', 'in_doubt') AND next_at IS NOT NULL"
            )

    def do(self, code: str) -> None:
        """What a reader or operator does meanwhile, as lines for `manage.py shell`."""
        assert self.run("shell", "-v0", "-c", code) == 0, self.errors

    def ended(self, program: Program, within: float = 90.0) -> int:
        """Wait for it; its exit code. What it said and how it died is kept."""
        code = program.wait(within)
        self.errors += program.said
        self.kills += code == -signal.SIGKILL
        return code

    def addresses(self) -> list[str]:
        return [one for (one,) in rows(self.settings, _ADDRESSES)]

    def one(self, statement: str) -> Any:
        return rows(self.settings, statement)[0]

    def write(self, statement: str) -> None:
        if url := self.settings.get("DATABASE_URL"):
            with psycopg.connect(url, autocommit=True) as postgres:
                postgres.execute(statement)
            return
        import sqlite3

        path = Path(self.settings["VAR_DIR"]) / "paper_round.sqlite3"
        with sqlite3.connect(path, timeout=20) as lite:
            lite.execute(statement)
        lite.close()

    def cut_off(self) -> None:
        """End every connection that anybody has to the database."""
        url = self.settings.get("DATABASE_URL")
        self.cuts += 1
        if url:
            with psycopg.connect(url, autocommit=True) as postgres:
                postgres.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    def states(self) -> dict[str, int]:
        counted = "SELECT state, count(*) FROM subscriptions_delivery GROUP BY state"
        return dict(rows(self.settings, counted))

    def copies(self) -> int:
        """Digests that the relay took beyond the first of each reader and day."""
        taken = self.relay.digests()
        return len(taken) - len({each.message_id for each in taken})

    def broken(self, connections: int = CONNECTIONS) -> list[str]:
        """What does not hold, in words; nothing: the world is whole."""
        told = [*self._rows(), *self._copies(connections), *self._papers()]
        return told + [f"a traceback: {one}" for one in self._tracebacks()]

    def _tracebacks(self) -> set[str]:
        """What was raised and not caught; that the database was gone is told so."""
        lines = [
            line
            for one in self.errors.split("Traceback (most recent call last):\n")[1:]
            # Of a chain the last counts: on the way to it others were caught.
            if not one.rstrip().endswith(FOLLOWED)
            for line in list(filter(_is_told, one.splitlines()))[:1]
        ]
        lost = ("psycopg.", "django.db.utils.OperationalError", "django.db.utils.Inter")
        return {one for one in lines if not (self.cuts and one.startswith(lost))}

    def _rows(self) -> Iterator[str]:
        unserved = (
            "SELECT count(*) FROM subscriptions_subscriber s WHERE state = 'active' "
            "AND NOT EXISTS (SELECT 1 FROM subscriptions_delivery d "
            f"WHERE d.subscriber_id = s.id AND due_date = '{DAY}')"
        )
        if missing := self.one(unserved)[0]:
            yield f"{missing} readers were due and have no row"
        pairs = "SELECT count(*) FROM subscriptions_delivery GROUP BY {} HAVING {}"
        if rows(self.settings, pairs.format("subscriber_id, due_date", "count(*) > 1")):
            yield "a reader has two rows of a day"
        if strange := self.states().keys() - FINAL - {"in_doubt"}:
            yield f"not final: {strange}"
        (open_,) = self.one(
            "SELECT count(*) FROM subscriptions_delivery d JOIN subscriptions_round r "
            f"ON r.id = d.round_id WHERE r.state = 'complete' AND d.state IN {OPEN}"
        )
        if open_:
            yield f"a complete round has {open_} open rows"

    def _copies(self, connections: int) -> Iterator[str]:
        taken = self.relay.digests()
        copies = Counter(each.message_id for each in taken)
        said = rows(
            self.settings,
            "SELECT email, d.state, d.message_id FROM subscriptions_delivery d "
            "JOIN subscriptions_subscriber s ON s.id = d.subscriber_id",
        )
        of_state: dict[str, set[str]] = defaultdict(set)
        for _, state, message_id in said:
            of_state[state].add(message_id)
        sent, doubted = of_state["sent"], of_state["in_doubt"]
        if lost := sent - copies.keys():
            yield f"sent by the ledger, never taken by the relay: {len(lost)}"
        if unknown := copies.keys() - sent - doubted:
            yield f"taken by the relay, not sent by the ledger: {len(unknown)}"
        twice, ends = self.copies(), self.kills * connections + self.relay.unanswered
        if twice > ends:
            yield f"{twice} second copies, {ends} mails were in the air at a death"
        theirs = {(email, message_id) for email, _, message_id in said}
        if {(each.recipient, each.message_id) for each in taken} - theirs:
            yield "a mail went to another address or has a Message-ID of its own"

    def _papers(self) -> Iterator[str]:
        had: Counter[tuple[int, int]] = Counter()
        sent = "SELECT subscriber_id, picks FROM subscriptions_delivery"
        for reader, picks in rows(self.settings, f"{sent} WHERE state = 'sent'"):
            found = json.loads(picks) if isinstance(picks, str) else picks
            had.update((reader, pick["paper"]) for pick in found)
        if again := [key for key, times in had.items() if times > 1]:
            yield f"{len(again)} papers came to a reader twice"


# --- making one --------------------------------------------------------------------


@contextmanager
def world(
    kind: str,
    folder: Path,
    script: Script | None = None,
    login: tuple[str, str] | None = None,
    **settings: str,
) -> Iterator[World]:
    """READERS who all want the five papers of a day that is not published yet."""
    with Oracle(folder / "taken.jsonl", script, login=login) as relay:
        url = relay.url.replace("//", "//{}:{}@".format(*login)) if login else relay.url
        with around(relay, kind, folder, {"EMAIL_URL": url} | settings) as here:
            yield here


@contextmanager
def around(
    relay: Oracle | MailService, kind: str, folder: Path, settings: dict[str, str]
) -> Iterator[World]:
    """A world that hands its mails to this one, by these settings."""
    made = {
        "SMTP_CONNECTIONS": str(CONNECTIONS),
        "SEND_BATCH": str(BATCH),
        "COMPOSE_SLICE": str(BATCH),
    } | settings
    var = folder / "var"
    here = World(environment(var, **_like(kind, var), **made), relay, folder)
    try:
        yield here
    finally:
        for process in here.held:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        _drop(here.settings)


_templates: dict[str, Path | str] = {}


def _like(kind: str, var: Path) -> dict[str, str]:
    """A copy of what was seeded once in this process: seconds less than seeding."""
    if kind == "sqlite":
        if kind not in _templates:
            _templates[kind] = _seeded(var.parent / "seed", {})
        shutil.copytree(_templates[kind], var)
        return {}
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        pytest.skip("bin/test starts a PostgreSQL for this")
    kind = server  # a server of a test's own has a template of its own
    if kind not in _templates:
        name = _create(server)
        _seeded(var.parent / "seed", {"DATABASE_URL": _at(server, name)})
        _templates[kind] = name
    return {"DATABASE_URL": _at(server, _create(server, str(_templates[kind])))}


def _create(server: str, template: str = "template1") -> str:
    name = f"chaos_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


def _drop(settings: dict[str, str]) -> None:
    server, url = os.environ.get("TEST_POSTGRES_URL"), settings.get("DATABASE_URL")
    if server and url:
        name = urlsplit(url).path[1:]
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _at(server: str, name: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def _seeded(folder: Path, database: dict[str, str]) -> Path:
    """A `var` with the day ingested and the readers imported."""
    folder.mkdir()
    here = environment(folder / "var", **database)
    papers, readers = folder / f"{DAY}.json", folder / "readers.csv"
    items = [an_hf_item(f"2607.{number:05}", DAY) for number in range(1, 6)]
    papers.write_text(json.dumps(items))
    with readers.open("w", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["address", "filters", "zone", "hour", "confirmed_at"])
        for number in range(READERS):
            address = f"reader{number}@domain{number % 3}.example.org"
            lines.writerow([address, "*", "UTC", 8, "2026-01-05"])
    migrate(here)
    assert ask(here, "ingest", "--file", str(papers))["new"] == 5
    assert ask(here, "import_subscribers", str(readers))["imported"] == READERS
    return folder / "var"
