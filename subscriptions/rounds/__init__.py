"""Who is due when, and which editions are theirs: the arithmetic of rounds.md.

In: readers' schedules, editions, source runs and an instant. Out: dates and editions.
Nothing here writes. The numbers in the docstrings are those of the design's rules.
"""

from .coverage import REACH, Covering, advance, editions_for
from .due import (
    BEGINS,
    CLOSES,
    Due,
    all_on,
    due_now,
    instant,
    next_due,
    overdue,
)
from .ramp import Ramp, ramp
from .unmatched import unmatched
from .waiting import missing_sources

__all__ = [
    "BEGINS",
    "CLOSES",
    "REACH",
    "Covering",
    "Due",
    "Ramp",
    "advance",
    "all_on",
    "due_now",
    "editions_for",
    "instant",
    "missing_sources",
    "next_due",
    "overdue",
    "ramp",
    "unmatched",
]
