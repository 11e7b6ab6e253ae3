"""Commands of sender.py as processes of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from django.db import connection

from tests.up.program import Program

Run = Callable[..., Program]


@pytest.fixture
def run(tmp_path: Path, transactional_db: None) -> Run:
    """Start a command of sender.py on a database, relay and var/ of its own."""
    database = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    if connection.vendor == "postgresql":
        of = connection.settings_dict
        database = (
            f"postgres://{of['USER']}:{of['PASSWORD']}@{of['HOST']}:{of['PORT']}"
            f"/{of['NAME']}"
        )

    numbers = count()

    def start(
        *arguments: str, relay: str = "smtp://127.0.0.1:9", **given: str
    ) -> Program:
        number = next(numbers)
        return Program(
            ("-m", "tests.sending.sender", *arguments),
            os.environ
            | {
                "ENV_FILE": "",
                "DEBUG": "true",
                "VAR_DIR": str(tmp_path / "var"),
                "DATABASE_URL": database,
                "EMAIL_URL": relay,
                "SEND_BATCH": "10",
                "SMTP_CONNECTIONS": "1",
            }
            | given,
            tmp_path / f"{number}.log",
            out=tmp_path / f"{number}.out",
        )

    return start


def finished(program: Program) -> str:
    assert program.wait(60) == 0, program.said
    return program.answer
