"""A database that cannot be used is told in one line, whatever was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from subscriptions import links

from .running import ROOT, environment, free_port, manage

COMMANDS = [["migrate"], ["send"], ["export_subscribers"], ["match", "x"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_one_that_is_not_there_is_told(command: list[str], tmp_path: Path) -> None:
    url = f"postgres://round:sesame@127.0.0.1:{free_port()}/papers"
    answer = manage(*command, settings=environment(tmp_path, DATABASE_URL=url))
    assert answer.returncode == 1
    assert answer.stderr.startswith("The database of DATABASE_URL cannot be used: ")
    assert "Connection refused" in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert "sesame" not in answer.stderr


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none/papers.sqlite3"
    answer = manage("migrate", settings=environment(tmp_path, DATABASE_URL=url))
    assert answer.returncode == 1
    assert answer.stderr == (
        "The database of DATABASE_URL cannot be used: unable to open database file\n"
    )


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_one_that_was_never_migrated_is_told(
    command: list[str], tmp_path: Path
) -> None:
    answer = manage(*command, settings=environment(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.startswith("The database lacks ")
    assert answer.stderr.endswith(
        "of this version's migrations; it takes manage.py migrate.\n"
    )


def test_the_traceback_is_there_for_the_asking(tmp_path: Path) -> None:
    settings = environment(tmp_path)
    answer = manage("send", "--traceback", settings=settings)
    assert "Traceback" in answer.stderr and "no such table" in answer.stderr


def test_a_report_from_a_pipe_is_left_for_later(tmp_path: Path, settings: Any) -> None:
    """Postfix bounces what ends otherwise, and a report has nobody to bounce to."""
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"
    to = links.mailbox("digest", 1)
    env = environment(
        tmp_path,
        BOUNCE_ADDRESS=settings.BOUNCE_ADDRESS,
        SECRET_KEY=settings.SECRET_KEY,
        DATABASE_URL=f"postgres://127.0.0.1:{free_port()}/papers",
    )

    def piped(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "returns", "-", "--to", to],
            input="Subject: Undelivered\n\nno such user\n",
            env=env,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    answer = piped(env)
    assert answer.returncode == 75
    assert "Connection refused" in answer.stderr
    wrong = piped(env | {"SOURCES": "nature"})
    assert (wrong.returncode, wrong.stderr[:13]) == (75, "Cannot start:")


@pytest.mark.postgresql
@pytest.mark.django_db
def test_one_that_has_another_name_is_told(tmp_path: Path) -> None:
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + "/no_such_database"
    answer = manage("send", settings=environment(tmp_path, DATABASE_URL=url))
    assert answer.returncode == 1
    assert 'database "no_such_database" does not exist' in answer.stderr
    assert answer.stderr.count("\n") == 1
