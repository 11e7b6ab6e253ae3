"""What a command says to input it cannot take: one line, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import a_listing, a_paper, a_reader, a_subscription

from .asking import refusal

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "command", ["ingest", "publish", "compose", "send", "round", "preview"]
)
@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "7.7.2026", ""])
def test_a_day_that_is_none(command: str, day: str) -> None:
    address = ["one@example.org"] if command == "preview" else []
    line = refusal(command, *address, f"--day={day}")
    assert f"{day!r} is not a day; write it like 2026-07-06" in line


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["ingest", "--file", "/nowhere/day.json"], "No such file: /nowhere/day.json."),
        (
            ["ingest", "--to", "2026-07-07"],
            "--to takes a day that is not before --day.",
        ),
        (
            ["ingest", "--day", "2026-07-07", "--to", "2026-07-06"],
            "--to takes a day that is not before --day.",
        ),
        (["ingest", "--source", "blog"], "choose from 'hf', 'arxiv'"),
        (["ingest", "--source", "sample"], "choose from 'hf', 'arxiv'"),
        (["publish"], "required: --day"),
        (["match"], "required: query"),
        (["match", ""], "At character 1: the filter is empty."),
        (["match", "(gradient"], "At character 1: "),
        (["match", "gradient", "--days", "0"], "--days takes a number from 1 up."),
        (["match", "gradient", "--days", "many"], "invalid int value: 'many'"),
        (
            ["explain", "nobody@example.org", "2607.00001"],
            "No reader has the address nobody@example.org.",
        ),
        (["explain", "nobody@example.org"], "required: arxiv_id"),
        (
            ["preview", "nobody@example.org", "--day", "2026-07-07"],
            "No reader has the address nobody@example.org.",
        ),
        (["preview", "nobody@example.org"], "preview ADDRESS --day DAY"),
        (["import_subscribers"], "required: csv"),
        (["import_subscribers", "/nowhere.csv"], "/nowhere.csv: "),
        (["export_subscribers", "--csv"], "unrecognized arguments: --csv"),
    ],
)
def test_what_is_wrong_and_what_would_be_right(given: list[str], told: str) -> None:
    assert told in refusal(*given)


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    a_listing(a_paper(title="Gradient flows"))
    reader = a_reader()
    a_subscription(reader, "gradient")
    taken = tmp_path / "taken"
    taken.touch()
    line = refusal("preview", reader.email, "--day", "2026-07-07", "--out", taken)
    assert line == f"--out {taken}: File exists."


@pytest.mark.parametrize("content", ["", "name,topics\n", "\0\0", '"'])
def test_a_csv_of_something_else_is_told_its_header(
    content: str, tmp_path: Path
) -> None:
    path = tmp_path / "readers.csv"
    path.write_text(content)
    line = refusal("import_subscribers", path)
    assert "it must be 'address,filters,zone,hour,confirmed_at'." in line


def test_a_folder_is_no_csv(tmp_path: Path) -> None:
    assert refusal("import_subscribers", tmp_path).startswith(f"{tmp_path}: ")


def test_from_a_shell_it_is_one_line_and_a_status(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "ingest", "--file", "nowhere.json"],
        cwd=ROOT,
        env=os.environ | {"VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "CommandError: No such file: nowhere.json.\n"
