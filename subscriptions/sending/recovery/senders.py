"""Senders that died: who is alive is who holds the lock on its journal.

A journal nobody holds is that of a dead sender of this host. What it ended goes to the
ledger, what it had begun is in doubt, the rest was never sent and is given back, at
once. A lease of another host runs out by time; what such a one had is held for the
operator, or until that host comes back.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from subscriptions.crashpoint import crashpoint
from subscriptions.sending.ledger import attempts
from subscriptions.sending.ledger.attempts import Tally

from . import journal, lost
from .journal import SUFFIX, Journal

log = logging.getLogger(__name__)


@contextmanager
def sender() -> Iterator[Journal]:
    """The journal of a sender that counts as alive inside; its `owner` names the
    sender in its leases.

    The file stays behind when an error ends it: it may have left leases.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    own = Journal(_folder(), owner)
    finished = False
    try:
        yield own
        finished = True
    finally:
        own.close(finished)


def recover(tally: Tally | None = None) -> None:
    """Take over from senders that died, and hold what has a lease that ran out.

    `tally` counts the mails whose outcomes were found, and those quarantined (the
    third crash in a row on one mail).
    """
    tally = Counter() if tally is None else tally
    alive: list[tuple[str, list[int]]] = []
    for path in sorted(_folder().glob(f"*{SUFFIX}")):
        held = _locked(path)
        if held is None:
            alive += _begun_by(path)
            continue
        try:
            _take_over(path, tally)
            path.unlink()
        finally:
            os.close(held)
        crashpoint("recovery.done")
    if mails := lost.hold(alive):
        log.error(
            "the leases of %d mails ran out and nobody knows whether they went: they "
            "are in doubt and held for the operator",
            mails,
        )


def _take_over(path: Path, tally: Tally) -> None:
    owner, told = path.stem, journal.read(path)
    crashpoint("recovery.read")
    lost.revive(owner)
    ended = attempts.record(told.ended.items())
    tally.update(ended.values())
    crashpoint("recovery.outcomes")
    doubtful = lost.doubt(told.doubtful)
    if doubtful:
        tally["in_doubt"] += doubtful
    crashpoint("recovery.doubt")
    freed = lost.free(owner, told.in_hand, tally)
    crashpoint("recovery.freed")
    if ended or doubtful or freed:
        log.warning(
            "sender %s died; it had %d mails: %d with an outcome, %d in doubt, %d "
            "not begun",
            owner,
            len(ended) + doubtful + freed,
            len(ended),
            doubtful,
            freed,
        )


def _begun_by(path: Path) -> list[tuple[str, list[int]]]:
    try:
        told = journal.read(path)
    except FileNotFoundError:  # it has finished
        return []
    # Of another boot it is a dead sender's, and another is taking over from it.
    begun = told.begun | set(told.ended) | told.doubtful
    return [(path.stem, [lease.id for lease in begun])]


def _folder() -> Path:
    folder = Path(settings.VAR_DIR) / "senders"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock on `path`; None if another has it or it went."""
    try:
        held = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(held).st_ino == path.stat().st_ino:
            return held
    except OSError:  # held by a living sender, or removed meanwhile
        pass
    os.close(held)
    return None
