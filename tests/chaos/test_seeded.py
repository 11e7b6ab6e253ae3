"""Seeded chaos: a quarter of a minute by default, an hour by `bin/test --chaos`."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from .seeded import chaos

FULL = bool(os.environ.get("TEST_CHAOS"))
SECONDS = float(os.environ.get("TEST_CHAOS_SECONDS", 3600 if FULL else 10))
ONE_RUN = 20.0
SEED = int(os.environ.get("TEST_CHAOS_SEED", random.randrange(10**6)))


@pytest.mark.chaos
@pytest.mark.parametrize("engine", ["postgresql", "sqlite"])
def test_chaos_breaks_no_promise(
    engine: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    ends, seed, log = time.monotonic() + SECONDS / 2, SEED, Counter[str]()
    while (left := ends - time.monotonic()) > 0:
        folder = tmp_path / str(seed)
        folder.mkdir()
        told = chaos(seed, min(ONE_RUN, left), engine, folder)
        assert told.broken == [], f"TEST_CHAOS_SEED={seed}: {told.log}"
        log += told.log
        seed += 1
    did = ", ".join(f"{what} {times:,}" for what, times in sorted(log.items()))
    record_property(f"seeds {SEED} to {seed - 1} on {engine}", did)
