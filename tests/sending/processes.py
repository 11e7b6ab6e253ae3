"""Senders of sender.py as processes of their own, and the database they share."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from django.db import connection

from tests.end_to_end import service
from tests.up.program import Program

from . import rows


class Run:
    """Start a command of sender.py on a database, relay and var/ of its own.

    On PostgreSQL the database is that of the test. On SQLite that is in memory, where
    no other process sees it: `seed` copies it into a file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count()
        self._settings = {
            **{name: is_ for name, is_ in os.environ.items() if name != "DATABASE_URL"},
            "ENV_FILE": "",
            "DEBUG": "true",
            "VAR_DIR": str(folder / "var"),
            "SEND_BATCH": "10",
            "SMTP_CONNECTIONS": "1",
        }
        if connection.vendor == "postgresql":
            of = connection.settings_dict
            self._settings["DATABASE_URL"] = (
                f"postgres://{of['USER']}:{of['PASSWORD']}@{of['HOST']}:{of['PORT']}"
                f"/{of['NAME']}"
            )

    def __call__(
        self, command: str, relay: str = "smtp://127.0.0.1:9", **given: str
    ) -> Program:
        number = next(self._numbers)
        return Program(
            ("-m", "tests.sending.sender", command),
            self._settings | {"EMAIL_URL": relay} | given,
            self._folder / f"{number}.log",
        )

    def seed(self, digests: int) -> None:
        """So many that wait to be sent. Once in a test."""
        for _ in range(digests):
            rows.a_digest()
        if connection.vendor == "sqlite":
            var = self._folder / "var"
            var.mkdir(0o700)
            with closing(sqlite3.connect(var / "paper_round.sqlite3")) as file:
                connection.connection.backup(file)

    def states(self) -> dict[str, int]:
        """How many digests are in each state."""
        return service.states(self._settings)


@pytest.fixture
def run(tmp_path: Path, transactional_db: None) -> Run:
    return Run(tmp_path)


def finished(program: Program) -> None:
    assert program.wait(60) == 0, program.said
