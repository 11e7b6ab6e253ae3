"""What every test may use; factories.py has the rows, environment.py the settings."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

if "VAR_DIR" not in os.environ:
    raise pytest.UsageError(
        "These tests would run on this installation's own .env and var/. "
        "Run bin/test, or python -m pytest -p tests.environment."
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out the full sizes unless bin/test --full asked for them."""
    if os.environ.get("TEST_FULL"):
        return
    full = [item for item in items if item.get_closest_marker("full")]
    if full:
        config.hook.pytest_deselected(items=full)
        items[:] = [item for item in items if item not in full]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded source data beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not here: it holds the recorded days of the sources")
    return folder
