"""The whole service as an operator runs it, on ports and in a folder of its own."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest

from tests.ingestion.invented import an_hf_item
from tests.up.program import Program
from tests.up.running import PATIENCE, manage

T = TypeVar("T")
DAY = date(2026, 7, 6)
READERS = 200


def backend(name: str, folder: Path) -> dict[str, str]:
    """The settings of a database and a broker nobody else uses."""
    if name == "sqlite and files":
        return {}
    postgres = os.environ.get("TEST_POSTGRES_URL")
    redis = os.environ.get("TEST_REDIS_URL")
    if not postgres or not redis:
        pytest.skip("bin/test starts PostgreSQL and Redis for this")
    database = f"round_{uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{database}"')
    parts = urlsplit(postgres)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    return {
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{database}")),
        # Another worker of this run must not answer these bells.
        "CELERY_BROKER_URL": f"{redis.rpartition('/')[0]}/{worker + 1}",
    }


def ask(settings: dict[str, str], *arguments: str) -> Any:
    """What `manage.py ... --json` answers."""
    done = manage(*arguments, "--json", settings=settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answered(settings: dict[str, str], *command: str) -> Callable[[], Any]:
    """Start `manage.py ... --json`; call what comes back for its answer."""
    folder = tempfile.TemporaryDirectory()
    log, out = Path(folder.name) / "log", Path(folder.name) / "out"
    program = Program(command, settings, log, out=out)

    def answer() -> Any:
        with folder:
            assert program.wait(PATIENCE) == 0, program.said
            return json.loads(program.answer)

    return answer


def migrate(settings: dict[str, str]) -> None:
    done = manage("migrate", "-v0", settings=settings)
    assert done.returncode == 0, done.stderr


def mails_in(var: Path) -> list[EmailMessage]:
    """What the embedded inbox took, oldest first."""
    found = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted((var / "inbox").glob("*.eml"))
    ]
    return [mail for mail in found if isinstance(mail, EmailMessage)]


def eventually(look: Callable[[], T], within: float = 75.0) -> T:
    """The first answer of `look` that is true."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


def rows(settings: dict[str, str], statement: str) -> list[Any]:
    """What the service's database answers, asked from outside."""
    url = settings.get("DATABASE_URL")
    if url:
        with psycopg.connect(url) as postgres:
            return postgres.execute(statement).fetchall()
    path = Path(settings["VAR_DIR"]) / "paper_round.sqlite3"
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as lite:
        return lite.execute(statement).fetchall()


def a_round_to_send(
    settings: dict[str, str], folder: Path, composed: bool = True
) -> None:
    """Five papers and READERS who want them all; `composed`: their digests wait."""
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
    migrate(settings)
    assert ask(settings, "ingest", "--file", str(papers))["new"] == 5
    assert ask(settings, "import_subscribers", str(readers))["imported"] == READERS
    if not composed:
        return
    ask(settings, "publish", "--day", str(DAY))
    assert ask(settings, "compose", "--day", str(DAY))["pending"] == READERS


def states(settings: dict[str, str]) -> dict[str, int]:
    counted = "SELECT state, count(*) FROM subscriptions_delivery GROUP BY state"
    return dict(rows(settings, counted))
