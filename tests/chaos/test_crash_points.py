"""kill -9 at every named point up to the relay: nothing lost, and a second
copy only of a mail whose last byte was out."""

from __future__ import annotations

from pathlib import Path

import pytest

from .crash import cases, killed_at


@pytest.mark.chaos
@pytest.mark.parametrize(("engine", "point", "time"), cases(before_the_relay=True))
def test_a_kill_at(engine: str, point: str, time: int, tmp_path: Path) -> None:
    killed_at(engine, point, time, tmp_path)
