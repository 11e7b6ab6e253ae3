"""Senders that died: who is alive is who holds the lock on its file.

A sender holds `flock` on VAR_DIR/senders/<owner>.lock as long as it lives; the kernel
lets go of it however the process ends. So a file nobody holds names a dead sender of
this host, whose leases are freed at once. A lease of another host runs out by time.
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
from django.db.models import Q
from django.db.models.functions import Now

from subscriptions.models import Delivery, Letter

from . import ledger

log = logging.getLogger(__name__)


@contextmanager
def sender() -> Iterator[str]:
    """The name of a sender that counts as alive inside; `lease_owner` of its leases.

    Its file stays behind when an error ends it: it may have left leases.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    path = _folder() / f"{owner}.lock"
    # Locked before it has the name that `recover` looks for: the lock stays with it.
    unseen = path.with_name(f"{owner}.new")
    held = os.open(unseen, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        unseen.rename(path)
        yield owner
        path.unlink(missing_ok=True)
    finally:
        os.close(held)


def recover(tally: ledger.Tally | None = None) -> None:
    """Free the leases of senders that died, and those that ran out.

    `tally` counts the mails quarantined (the third crash in a row on one mail).
    """
    tally = Counter() if tally is None else tally
    for path in sorted(_folder().glob("*.lock")):
        held = _locked(path)
        if held is None:
            continue
        try:
            if freed := _free(Q(lease_owner=path.stem), tally):
                log.warning("sender %s died; it had %d mails", path.stem, freed)
            path.unlink()
        finally:
            os.close(held)
    _free(Q(leased_until__lt=Now()), tally)


def _free(lost: Q, tally: ledger.Tally) -> int:
    return ledger.free(Delivery, lost, tally) + ledger.free(Letter, lost, tally)


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
