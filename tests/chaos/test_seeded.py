"""Seeded chaos: a quarter of a minute by default, an hour by `bin/test --chaos`."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from .seeded import chaos

FULL = bool(os.environ.get("TEST_CHAOS"))
SECONDS = float(os.environ.get("TEST_CHAOS_SECONDS", 3600 if FULL else 10))
ONE_RUN = 20.0
SEED = int(os.environ.get("TEST_CHAOS_SEED", random.randrange(10**6)))


@pytest.mark.chaos
@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_chaos_breaks_no_promise(engine: str, tmp_path: Path) -> None:
    ends, seed = time.monotonic() + SECONDS / 2, SEED
    while (left := ends - time.monotonic()) > 0:
        folder = tmp_path / str(seed)
        folder.mkdir()
        told = chaos(seed, min(ONE_RUN, left), engine, folder)
        print(f"seed {told.seed}: {dict(told.log)}")
        assert told.broken == [], f"TEST_CHAOS_SEED={seed}: {told.log}"
        seed += 1
