"""`mutate` takes each safeguard out; here only that it would find it."""

from __future__ import annotations

import pytest

from tests.up.program import ROOT

from .safeguards_of_a_batch import RELAY
from .safeguards_of_returns import WHAT_COMES_BACK
from .safeguards_of_services import SERVICES
from .safeguards_of_the_brakes import BRAKES_AND_ROUNDS
from .safeguards_of_the_ledger import LEDGER, Safeguard

EVERY = [*LEDGER, *RELAY, *SERVICES, *BRAKES_AND_ROUNDS, *WHAT_COMES_BACK]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_its_text_stands_in_its_file_once(one: Safeguard) -> None:
    text = (ROOT / f"{one.file}.py").read_text()
    assert text.count(one.text) == 1, one.text
    assert one.instead != one.text


def test_no_two_have_the_same_name() -> None:
    names = [one.name for one in EVERY]
    assert len(names) == len(set(names))
