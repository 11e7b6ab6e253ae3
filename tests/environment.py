"""The environment of a test run, set before Django reads its settings.

Loaded early (`-p tests.environment`), so that `pytest` typed by hand tests the same
as `bin/test`: nothing from `.env`, nothing in `var/`. What is set already, stays.
"""

import os
import tempfile

os.environ.setdefault("ENV_FILE", "")
os.environ.setdefault("DEBUG", "true")
if "VAR_DIR" not in os.environ:
    # Held for the life of the process; workers of xdist inherit the variable.
    _folder = tempfile.TemporaryDirectory(prefix="paper-round-tests-")
    os.environ["VAR_DIR"] = _folder.name
