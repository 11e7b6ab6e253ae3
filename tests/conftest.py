"""What every test may use; factories.py has the rows, environment.py the settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from subscriptions.sending.brakes import pace

from .emptying import empty_instead_of_truncating

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))

# A file is one worker's work: of these none shall be begun when the others are done.
LONG = {
    *("test_a_day", "test_agreement", "test_bench", "test_bench_send"),
    *("test_crash_points", "test_crash_points_at_the_relay", "test_every_list"),
    *("test_every_page", "test_in_the_middle", "test_killed_senders"),
    *("test_killed_worker", "test_oracle", "test_outages", "test_random_readers"),
    *("test_relays_at_full_size", "test_simulation", "test_stopped_senders"),
    "test_three_hosts",
}

empty_instead_of_truncating()

# Playwright keeps an event loop in this thread; Django's ORM is called beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

if "VAR_DIR" not in os.environ:
    raise pytest.UsageError(
        "These tests would run on this installation's own .env and var/. "
        "Run bin/test, or python -m pytest -p tests.environment."
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what belongs to another run: the full sizes without --full, what is
    thorough without --chaos, what only PostgreSQL can show on SQLite, and on PostgreSQL
    what asks no database; and what pulls a cable where there can be none."""
    others = set()
    if not os.environ.get("TEST_FULL"):
        others.add("full")
    if not os.environ.get("TEST_CHAOS"):
        others.add("thorough")
    on_postgresql = os.environ.get("DATABASE_URL", "").startswith("postgres")
    if not on_postgresql:
        others.add("postgresql")
    if any(item.get_closest_marker("cables") for item in items) and not has_cables():
        others.add("cables")
    left, asked = [], []
    for item in items:
        elsewhere = any(map(item.get_closest_marker, others)) or (
            on_postgresql and not asks_the_database(item)
        )
        (left if elsewhere else asked).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = sorted(asked, key=lambda item: item.path.stem not in LONG)


def asks_the_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"}
    uses = fixtures & {*getattr(item, "fixturenames", ())}
    return bool(uses or item.get_closest_marker("django_db"))


def has_cables() -> bool:
    from tests.chaos.hosts import kinds

    return kinds()[0] == "namespaces"


@pytest.fixture(autouse=True)
def a_pace_of_its_own() -> Iterator[None]:
    """A domain that had to rest in one test does not rest in the next."""
    pace.of_this_process.cache_clear()
    yield
    pace.of_this_process.cache_clear()


@pytest.fixture(autouse=True)
def nobody_has_asked_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process counts by readers' keys, and tests give the same ones again; nor do
    they wait where that would only keep something from whoever measures it."""
    from subscriptions.matching.preview import shelves
    from subscriptions.web import evenly, networks, tune
    from subscriptions.web.pace import Pace

    monkeypatch.setattr(shelves, "FRESH", 0.0)
    monkeypatch.setattr(evenly, "STEP", 0.001)
    for path, known in networks.PACES.items():
        anew = Pace(known.most, known.seconds)
        monkeypatch.setitem(networks.PACES, path, anew)
    monkeypatch.setattr(tune, "PACE", Pace(tune.PACE.most, tune.PACE.seconds))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded source data beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not here: it holds the recorded days of the sources")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process: Playwright can be started once."""
    if not CHROMIUM.exists():
        reason = f"no browser at {CHROMIUM}: apt-get install chromium, or set CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield chromium
        chromium.close()
