"""The same round in three processes at once sends nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.service import (
    DAY,
    READERS,
    a_round_to_send,
    answered,
    ask,
    backend,
    states,
)
from tests.sending.oracle import Oracle
from tests.up.running import environment


@pytest.mark.parametrize("kind", ["sqlite and files", "postgresql and redis"])
def test_three_rounds_at_once(kind: str, tmp_path: Path) -> None:
    with Oracle(tmp_path / "taken.jsonl") as relay:
        settings = environment(
            tmp_path / "var", EMAIL_URL=relay.url, **backend(kind, tmp_path)
        )
        a_round_to_send(settings, tmp_path, composed=False)
        command = ("round", "--day", str(DAY), "--json")
        running = [answered(settings, *command) for _ in range(3)]
        reports = [answer() for answer in running]
        copies = Counter(each.recipient for each in relay.taken())
    assert sum(report["sent"] for report in reports) == READERS
    assert len(copies) == READERS
    assert set(copies.values()) == {1}
    assert states(settings) == {"sent": READERS}
    again = ask(settings, "round", "--day", str(DAY))
    assert (again["sent"], again["due"], again["totals"]["sent"]) == (
        0,
        READERS,
        READERS,
    )
