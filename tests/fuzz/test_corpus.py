"""The inputs that a fuzzer begins with, and those by which it found something."""

from __future__ import annotations

from pathlib import Path

import pytest

from subscriptions.matching import FilterError

from .promises import check, check_error

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_the_promises_hold_for_every_input_of_the_corpus(path: Path) -> None:
    check(path.read_bytes().decode(errors="surrogateescape"))


def test_a_place_outside_of_the_text_would_be_found() -> None:
    with pytest.raises(AssertionError):
        check_error("ab", FilterError("wrong", 2, 1, "Write it otherwise."))
