"""A round killed at a point: which points, how often it comes by, what may repeat."""

from __future__ import annotations

import os
from pathlib import Path

from subscriptions.crashpoint import POINTS

from .world import CONNECTIONS, READERS, World, world

FULL = bool(os.environ.get("TEST_CHAOS"))
ENGINES = ["postgresql", "sqlite"] if FULL else ["postgresql"]
# How often a round comes by a point: once a mail, once a batch, or once.
MAILS = {"render", "journal.begun", "journal.written", "smtp", "journal.ended"}
BATCHES = {
    *("claim", "judge.asked", "prepare", "wanted.asked", "handover"),
    *("record", "journal.renewed", "compose"),
}
# Only something else that happens brings a round there: test_crashes_on_occasion.py.
ON_OCCASION = {
    "subscribe.owed": "test_a_kill_while_somebody_signs_up_and_confirms",
    "confirm.written": "test_a_kill_while_somebody_signs_up_and_confirms",
    "ingest.stored": "test_a_kill_while_a_day_comes_in",
    "letter.made": "test_a_kill_while_a_letter_is_made",
    "judge.ended": "test_a_kill_while_a_mail_that_must_not_go_ends",
    "wanted.renewed": "test_a_kill_while_leases_are_renewed",
    "record.coverage": "test_a_kill_while_coverage_is_given_back",
    "release.done": "test_a_kill_after_mails_went_back",
}


# Not with a relay: tests/sending/test_senders_by_services.py.
BY_SERVICES = {"call.answered"}


def cases(before_the_relay: bool) -> list[tuple[str, str, int]]:
    """(engine, point, which time): of those up to where mails are offered, or the
    others. Two files, because one file is one process's work in `bin/test`."""
    middle = POINTS.index("handover.before")
    points = POINTS[:middle] if before_the_relay else POINTS[middle:]
    return [
        (engine, point, time)
        for engine in ENGINES
        for point in points
        if point not in ON_OCCASION.keys() | BY_SERVICES
        for time in _times(point)
    ]


def _times(point: str) -> list[int]:
    """The first, a middle and the last time it is come by; by default the middle."""
    stages = {point, point.partition(".")[0]}
    if stages & MAILS:
        every = [1, READERS // 2, READERS]
    elif stages & BATCHES:
        every = [1, 2, 3]
    else:
        return [1]
    return every if FULL else every[1:2]


def killed_at(engine: str, point: str, time: int, folder: Path) -> None:
    """Kill a round there, do it all again, and hold it to the promise."""
    with world(engine, folder) as here:
        before = _died_before(here, point)
        code = here.round(crash=f"{point}:{time}:KILL")
        assert code == -9, f"{point} was not come by {time} times: {code}"
        here.settle()
        assert here.broken() == []
        assert here.states() == {"sent": READERS}
        assert here.copies() <= in_the_air(point) + before


def _died_before(here: World, point: str) -> int:
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
    stages = {point, point.partition(".")[0]}
    if stages & MAILS:
        return CONNECTIONS - 1  # those of the others
    if stages & BATCHES and point[:7] != "compose":
        return CONNECTIONS  # of the batch before
    return 0
