"""kill -9 at every named point, then everything again: nothing lost, and a second copy
only of a mail whose last byte was out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subscriptions.crashpoint import POINTS

from .world import CONNECTIONS, READERS, World, world

FULL = bool(os.environ.get("TEST_CHAOS"))
ENGINES = ["postgresql", "sqlite"] if FULL else ["postgresql"]
# How often a round comes by a point: once a mail, once a batch, or once.
MAILS = {"render", "journal.begun", "journal.written", "smtp", "journal.ended"}
BATCHES = {"claim", "judge", "prepare", "handover", "record", "journal", "compose"}
# Only something else that happened brings a round there.
ELSEWHERE = {
    "letter.made": "test_a_kill_while_a_letter_is_made",
    "judge.ended": "test_a_kill_while_a_mail_that_must_not_go_ends",
    "wanted.asked": "test_a_kill_while_it_is_asked_again",
    "wanted.renewed": "test_a_kill_while_it_is_asked_again",
    "record.coverage": "test_a_kill_while_coverage_is_given_back",
    "release.done": "test_a_kill_after_mails_went_back",
    "round.closing": "test_a_kill_while_a_round_is_closed",
    "round.closed": "test_a_kill_while_a_round_is_closed",
}


def times(point: str) -> list[int]:
    """The first, a middle and the last time it is come by; by default the middle."""
    stage = point.partition(".")[0]
    if {point, stage} & MAILS:
        every = [1, READERS // 2, READERS]
    elif stage in BATCHES:
        every = [1, 2, 3]
    else:
        return [1]
    return every if FULL else every[1:2]


CASES = [
    pytest.param(engine, point, time, id=f"{engine}-{point}-{time}")
    for engine in ENGINES
    for point in POINTS
    if point not in ELSEWHERE
    for time in times(point)
]


@pytest.mark.chaos
@pytest.mark.parametrize(("engine", "point", "time"), CASES)
def test_a_kill_at(engine: str, point: str, time: int, tmp_path: Path) -> None:
    with world(engine, tmp_path) as here:
        before = prepare(here, point)
        code = here.round(crash=f"{point}:{time}:KILL")
        assert code == -9, f"{point} was not come by {time} times: {code}"
        here.settle()
        assert here.broken() == []
        copies = len(here.relay.digests()) - READERS
        assert copies <= in_the_air(point) + before


def prepare(here: World, point: str) -> int:
    """Points of the recovery need somebody who died before; what that may repeat."""
    if not point.startswith("recovery"):
        return 0
    here.round(crash="smtp.after_dot:2:KILL")
    return CONNECTIONS


def in_the_air(point: str) -> int:
    """How many mails a kill there may leave in doubt: of each connection the one whose
    final dot is out and whose outcome is not in the journal yet."""
    if point in {"journal.written", "smtp.after_dot", "smtp.replied"}:
        return CONNECTIONS
    if {point, point.partition(".")[0]} & MAILS:
        return CONNECTIONS - 1  # those of the others
    return 0
