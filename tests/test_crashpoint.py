"""Crash points: every name stands in the code, unarmed they do nothing."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from subscriptions.crashpoint import POINTS

ROOT = Path(__file__).resolve().parent.parent


def named_in_the_code() -> set[str]:
    found = set()
    for path in (ROOT / "subscriptions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "crashpoint":
                found.add(ast.literal_eval(node.args[0]))
    return found


def run(armed: str) -> subprocess.CompletedProcess[str]:
    """Passes "claim.leased" twice and another point once, then says so."""
    code = (
        "from subscriptions.crashpoint import crashpoint as point\n"
        "point('claim.leased'); point('claim.committed'); point('claim.leased')\n"
        "print('passed')"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PAPER_ROUND_CRASH": armed},
        capture_output=True,
        text=True,
    )


def test_the_list_names_what_stands_in_the_code() -> None:
    assert named_in_the_code() == set(POINTS)
    assert len(POINTS) == len(set(POINTS)) >= 25


def test_unarmed_nothing_happens() -> None:
    assert run("").stdout == "passed\n"


def test_an_armed_point_kills_at_the_time_asked_for() -> None:
    assert run("claim.leased:2:KILL").returncode == -signal.SIGKILL
    assert run("claim.leased:3:KILL").stdout == "passed\n"


def test_several_may_be_armed() -> None:
    armed = "claim.committed:2:RAISE,claim.leased:2:KILL"
    assert run(armed).returncode == -signal.SIGKILL


def test_an_armed_point_can_raise() -> None:
    assert "Crashed: claim.leased" in run("claim.leased:1:RAISE").stderr


@pytest.mark.parametrize("wrong", ["nowhere:1:KILL", "claim.leased:1:EXPLODE"])
def test_a_point_that_is_not_there_stops_the_start(wrong: str) -> None:
    assert "it takes name:n:KILL" in run(wrong).stderr
