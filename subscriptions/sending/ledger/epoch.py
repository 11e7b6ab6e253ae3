"""Was the database restored from a backup? Then what it owes may have been sent.

The ledger counts on as mails are sent, and each machine remembers the count in
VAR_DIR/ledger_epoch. A database with a smaller one than a machine remembers is older
than what was sent by it, and everything is held until an operator decides.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from subscriptions.models import Delivery, LedgerEpoch, Letter, Subscriber
from subscriptions.sending.outcome import LedgerRestored

# Seconds between two moves of the count while mails are sent.
_EVERY = 10.0
_HELD = (
    "the database is older than what was sent by it (it counts {count}, this machine "
    "remembers {remembered}): it was restored from a backup, and what it says is owed "
    "may have been sent. Nothing is sent until an operator resumes it."
)

# More rows than a hundred days of a million readers make.
_LEAP_BY = 100_000_000
# By the table's own counter: of a table that was emptied it alone knows how far it was.
_LEAP = {
    "postgresql": (
        "SELECT setval(pg_get_serial_sequence(%(table)s, 'id'),"
        " nextval(pg_get_serial_sequence(%(table)s, 'id')) + %(leap)s)",
    ),
    "sqlite": (
        "INSERT INTO sqlite_sequence (name, seq) SELECT %(table)s, 0 WHERE NOT EXISTS"
        " (SELECT 1 FROM sqlite_sequence WHERE name = %(table)s)",
        "UPDATE sqlite_sequence SET seq = seq + %(leap)s WHERE name = %(table)s",
    ),
}


class Clock:
    """Moves the count of one sender's ledger: at its first batch, then at times, and
    when it has sent the last, so that no backup made meanwhile counts as much."""

    def __init__(self) -> None:
        self._next = 0.0

    def tick(self) -> None:
        if time.monotonic() >= self._next:
            advance()
            self._next = time.monotonic() + _EVERY

    def stop(self) -> None:
        if self._next:
            advance()


def hold_check() -> str:
    """Why nothing is sent until an operator decides; "" where nothing is the matter."""
    remembered = _remembered()
    row = LedgerEpoch.objects.filter(pk=1).first()
    if row is None or remembered is None or remembered[0] != row.ledger:
        return ""
    if row.number >= remembered[1]:
        return ""
    return _HELD.format(count=row.number, remembered=remembered[1])


def refuse_restored() -> None:
    """Raise LedgerRestored where sending waits for an operator."""
    if why := hold_check():
        raise LedgerRestored(why)


def accept_restored() -> None:
    """Go on with the restored database: the operator knows what may go twice. Every
    machine goes on: the ledger has a new name, of which none remembers anything.

    Numbers that were given since the backup are left out. They stand in links and
    addresses of mails that the database has forgotten, to unsubscribe for one, and
    must not come to mean somebody else.
    """
    LedgerEpoch.objects.update_or_create(
        pk=1, defaults={"ledger": uuid.uuid4(), "number": 0}
    )
    with connection.cursor() as cursor:
        for model in (Subscriber, Delivery, Letter):
            for statement in _LEAP[connection.vendor]:
                cursor.execute(
                    statement, {"table": model._meta.db_table, "leap": _LEAP_BY}
                )


def advance() -> None:
    """Count on, first in the database, then in this machine's memory."""
    with transaction.atomic():
        LedgerEpoch.objects.get_or_create(pk=1)
        LedgerEpoch.objects.filter(pk=1).update(number=F("number") + 1)
        row = LedgerEpoch.objects.get(pk=1)
    _remember(row.ledger, row.number)


def _path() -> Path:
    return Path(settings.VAR_DIR) / "ledger_epoch"


def _remembered() -> tuple[uuid.UUID, int] | None:
    """The ledger's name and count; None where nothing, or nothing readable, is kept."""
    try:
        name, number = _path().read_text().split()
        return uuid.UUID(name), int(number)
    except (FileNotFoundError, ValueError):
        return None


def _remember(ledger: uuid.UUID, number: int) -> None:
    """Keep the larger count of one ledger: two senders may come here out of order."""
    path = _path()
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = _remembered()
        if before and before[0] == ledger and before[1] >= number:
            return
        draft = path.with_suffix(".new")
        draft.write_text(f"{ledger} {number}\n")
        draft.rename(path)
    finally:
        os.close(lock)
