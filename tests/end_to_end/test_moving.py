"""From SQLite to PostgreSQL by the commands that docs/operating.md gives."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.apps import apps

from tests.end_to_end.service import READERS, a_round_to_send, backend, rows
from tests.up.program import ROOT
from tests.up.running import environment, manage


def test_a_service_moves_to_postgresql_with_all_that_it_has(tmp_path: Path) -> None:
    old = environment(tmp_path / "var")
    new = {**old, **backend("postgresql and redis", tmp_path)}
    a_round_to_send(old, tmp_path)
    dump, migrate, load = the_commands(tmp_path)

    for command, settings in ((dump, old), (migrate, new), (load, new)):
        done = manage(*command, settings=settings)
        assert done.returncode == 0, done.stderr

    # No table was left out, and what is written down again is the same.
    assert sizes(new) == sizes(old)
    moved = written(tmp_path)
    assert manage(*dump, settings=new).returncode == 0
    assert written(tmp_path) == moved
    # The next reader gets a number of their own, and search finds the papers.
    following = (
        "SELECT nextval(pg_get_serial_sequence('subscriptions_subscriber', 'id'))"
    )
    assert rows(new, following) == [(READERS + 1,)]
    found = "SELECT count(*) FROM subscriptions_paper WHERE length(search) > 0"
    assert rows(new, found) == [(5,)]


def the_commands(folder: Path) -> list[list[str]]:
    """Those of `manage.py` in the section, with the file of rows in `folder`."""
    text = (ROOT / "docs" / "operating.md").read_text()
    section = text.split("## From SQLite to PostgreSQL\n")[1].split("\n## ")[0]
    lines = re.findall(r"^\$ \S+ manage\.py (.+)$", section, re.MULTILINE)
    return [
        line.replace("rows.jsonl", f"{folder}/rows.jsonl").split() for line in lines
    ]


def sizes(settings: dict[str, str]) -> dict[str, int]:
    """How many rows each of our tables has."""
    tables = [
        m._meta.db_table for m in apps.get_app_config("subscriptions").get_models()
    ]
    counts = " UNION ALL ".join(f"SELECT '{t}', count(*) FROM {t}" for t in tables)
    return dict(rows(settings, counts))


def written(folder: Path) -> list[str]:
    """The rows of the file. Databases differ in the order of a value's keys, and times
    are written to the millisecond, `.000` only where there was more."""
    lines = (folder / "rows.jsonl").read_text().replace(".000Z", "Z").splitlines()
    return sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines)
