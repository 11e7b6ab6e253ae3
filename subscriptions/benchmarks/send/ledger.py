"""The ledger alone: leases and outcomes as a sender writes them, against one UPDATE of
Django's for each mail."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import connection
from django.utils import timezone

from subscriptions.models import Delivery
from subscriptions.sending import Outcome
from subscriptions.sending.ledger import attempts as own
from subscriptions.sending.ledger import claims
from subscriptions.sending.recovery import senders

_SAMPLED = 300  # mails that are updated one by one
_REPLY = "250 2.0.0 Ok: queued as 4bKq7T1xkSz9rWn"


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds for one mail: on the clock, and of this process's CPU."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The ledger's milliseconds and the loop's, by rows as wide as they are."""

    ledger: Taken
    orm: Taken

    @property
    def ratios(self) -> tuple[float, float]:
        """How often the loop's is the ledger's: on the clock, of CPU."""
        return self.orm.wall / self.ledger.wall, self.orm.cpu / self.ledger.cpu


def compare(day: date) -> Compared:
    """The digests of a due date that wait: the first updated one by one, the others
    claimed and told of. Both durable: with `synchronous_commit` on."""
    due = Delivery.objects.filter(due_date=day).order_by("pk")
    ids = list(due.values_list("pk", flat=True))
    some = ids[: max(1, min(_SAMPLED, len(ids) // 2))]
    with _durable():
        orm = _one_by_one(some)
        ledger = _in_batches(day)
    return Compared(ledger, orm)


def _one_by_one(ids: Sequence[int]) -> Taken:
    watch = _Watch()
    for pk in ids:
        now = timezone.now()
        Delivery.objects.filter(pk=pk).update(
            state=Delivery.State.SENT, reason=_REPLY, sent_at=now, updated_at=now
        )
    return watch.taken(len(ids))


def _in_batches(day: date) -> Taken:
    """As many at a time as a sender claims when it goes quickly."""
    sent, most = Outcome("sent", "dot", _REPLY, "2.0.0"), settings.SEND_BATCH
    with senders.sender() as journal:
        watch, mails = _Watch(), 0
        while leases := claims.claim(Delivery, journal.owner, most, day):
            own.record((lease, sent) for lease in leases)
            mails += len(leases)
        return watch.taken(mails)


class _Watch:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def taken(self, mails: int) -> Taken:
        wall = time.perf_counter() - self._wall
        cpu = time.process_time() - self._cpu
        return Taken(wall * 1000 / mails, cpu * 1000 / mails)


@contextmanager
def _durable() -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        yield
        cursor.execute("RESET synchronous_commit")
