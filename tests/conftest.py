"""What every test may use; factories.py has the rows, environment.py the settings."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

if "VAR_DIR" not in os.environ:
    raise pytest.UsageError(
        "These tests would run on this installation's own .env and var/. "
        "Run bin/test, or pytest with -p tests.environment."
    )


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded source data beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not here: it holds the recorded days of the sources")
    return folder
