"""Places where the process can be made to die, for the tests that prove it may.

`PAPER_ROUND_CRASH=name:n:KILL` in the environment ends the process by SIGKILL the n-th
time it comes by the point of that name; `STOP` stops it by SIGSTOP until a SIGCONT,
`RAISE` raises `Crashed`. Several are separated by commas. Read once, at import: without
it a point is an empty function.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

# In the order in which a day comes by them.
POINTS = (
    "subscribe.owed",
    "confirm.written",
    "ingest.stored",
    "publish.frozen",
    "publish.published",
    "compose.locked",
    "compose.drafted",
    "compose.written",
    "compose.committed",
    "recovery.read",
    "recovery.outcomes",
    "recovery.doubt",
    "recovery.freed",
    "recovery.done",
    "claim.leased",
    "claim.committed",
    "judge.asked",
    "judge.ended",
    "prepare.journalled",
    "prepare.read",
    "wanted.asked",
    "wanted.renewed",
    "handover.before",
    "render.before",
    "render.made",
    "letter.made",
    "journal.begun",
    "journal.written",
    "smtp.after_dot",
    "smtp.replied",
    "call.answered",
    "journal.ended",
    "handover.after",
    "record.locked",
    "record.written",
    "record.coverage",
    "record.committed",
    "release.done",
    "journal.renewed",
    "round.closing",
    "round.closed",
)


class Crashed(Exception):
    """What `RAISE` raises."""


def _armed(asked: str) -> Callable[[str], None]:
    """The point's function for `name:n:how,...`; ValueError where that names none."""
    if not asked:
        return lambda name: None
    left: dict[tuple[str, str], int] = {}
    for each in asked.split(","):
        wanted, number, how = each.split(":")
        if wanted not in POINTS or how not in {"KILL", "STOP", "RAISE"}:
            raise ValueError(f"PAPER_ROUND_CRASH is {asked!r}; it takes name:n:KILL")
        left[wanted, how] = int(number)

    def crash(name: str) -> None:
        for (wanted, how), number in left.items():
            if name == wanted:
                left[wanted, how] = number - 1
                if number == 1:
                    _crash(name, how)

    return crash


def _crash(name: str, how: str) -> None:
    if how == "RAISE":
        raise Crashed(name)
    # To this thread: else it goes on for the moment that another takes to be stopped.
    signal.pthread_kill(threading.get_ident(), getattr(signal, f"SIG{how}"))


crashpoint = _armed(os.environ.get("PAPER_ROUND_CRASH", ""))
