"""The environment of a test run, set before Django reads its settings.

Loaded early (`-p tests.environment`), so that `pytest` typed by hand tests the same
as `bin/test`: nothing from `.env`, nothing in `var/`. What is set already, stays.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("ENV_FILE", "")
os.environ.setdefault("DEBUG", "true")
if "VAR_DIR" not in os.environ:
    # Held for the life of the process.
    _folder = tempfile.TemporaryDirectory(prefix="paper-round-tests-")
    os.environ["VAR_DIR"] = _folder.name

# Each worker has its own inside it: bells that hang at one queue are nobody else's.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if Path(os.environ["VAR_DIR"]).name != _worker:
    _own = Path(os.environ["VAR_DIR"]) / _worker
    _own.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["VAR_DIR"] = str(_own)
