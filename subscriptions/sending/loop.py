"""The way of a batch: claim, prepare, hand in, record, until nothing waits.

While one batch is with the relay, in its thread, the next is claimed and prepared here,
so that neither the relay waits for the database nor the database for the relay. No
transaction is open while mails are made or the relay is talked to.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from collections import Counter, deque
from collections.abc import Sequence
from datetime import date
from threading import Lock
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings

from subscriptions.crashpoint import crashpoint

from .backend import Service
from .batch import (
    Making,
    Render,
    Size,
    UnderWay,
    awake,
    prepared,
    refuse_common,
)
from .brakes import breaker, pace
from .ledger import attempts, claims, epoch
from .ledger.attempts import Lease, Tally
from .ledger.persistence import persistently
from .ledger.statements import Model
from .outcome import (
    Counts,
    JournalFull,
    NothingMade,
    Outcome,
    Outgoing,
    RelayDown,
)
from .recovery import senders
from .recovery.journal import Journal
from .run import Handed, Way
from .smtp import Relay

log = logging.getLogger(__name__)

# A mail is begun while its lease lasts longer than payload and reply may take
# (13 of its 15 minutes, smtp.Timeouts); it was fresh to half a minute.
_BEGIN_WITHIN = 90.0
_END_WITHIN = attempts.LEASE.total_seconds() - 60
# A relay that turns slow in the middle of a large batch: what it has not begun by then
# goes back, and the next batch is smaller.
_BATCH_WITHIN = 10.0
# What goes back because its domain takes no more is not claimed again at once, as far
# as there is other mail: it would be all of each batch, and those behind it would wait.
_FEW_DOMAINS = 20  # where there are more, it is the relay that is slow
_SUSPECTS = Lock()


def send(
    model: Model,
    render: Render,
    until: float | None = None,
    due_date: date | None = None,
) -> Counts:
    """Send what is due of `model` until nothing is, or until the monotonic `until`.

    `render` gets ids of a batch and returns the mail of each; it may read the database,
    the mails' `message` may not. Any number of senders may run at once. Raises
    RelayDown, with `counts`, when the relay takes nothing: NothingMade when none of a
    batch's mails can be made, JournalFull where the disk is full, LedgerRestored while
    an operator has to decide. What was not tried is as it was before. Raises LeaseOver
    where this process was stopped for so long that others have taken over.
    """
    tally: Tally = Counter()
    stop = math.inf if until is None else until
    try:
        with senders.sender() as one, senders.sender() as other:
            try:
                epoch.refuse_restored()
                senders.recover(tally)
                _Run(model, render, (one, other), stop, tally).all_of(due_date)
                return Counts.of(tally)
            except JournalFull:
                raise  # both stay, for what they say
            except RelayDown as error:
                down = error
    except JournalFull as error:
        down = error
    log.error("sending stops: %s", down)
    down.counts = Counts.of(tally)
    raise down


class _Run:
    """One call of `send`.

    While a batch is under way the next one is claimed and prepared, so a journal each:
    what is in one of them is in the database when the other's batch ends.
    """

    def __init__(
        self,
        model: Model,
        render: Render,
        journals: tuple[Journal, Journal],
        stop: float,
        tally: Tally,
    ) -> None:
        self._model, self._render = model, render
        self._stop, self._tally = stop, tally
        self._free = deque(journals)
        self._under_way: deque[UnderWay] = deque()
        self._pace = pace.of_this_process()
        self._size = Size(settings.SMTP_CONNECTIONS, settings.SEND_BATCH)
        self._others_first: dict[str, float] = {}  # domains, and until when

    def all_of(self, due_date: date | None) -> None:
        clock = epoch.Clock()
        with _way_out(self._pace) as way:
            try:
                self._send_all(way, due_date, clock)
            except Exception as error:
                self._end_all()
                if isinstance(error, RelayDown):  # it may have taken some before
                    clock.stop()
                raise
        clock.stop()

    def _send_all(self, way: Way, due_date: date | None, clock: epoch.Clock) -> None:
        watch, at_once = breaker.Watch(), 1
        while time.monotonic() < self._stop:
            if watch.trips(self._tally["failed"]):
                way.cut_short()
                break
            if leases := self._claimed(due_date, sound=True):
                clock.tick()
                self._begin(leases, way)
                if len(self._under_way) == at_once:
                    self._end_first()
                    at_once = 2  # the first was to show that mails can be made and go
            elif self._under_way:
                self._end_first()
            elif not self._send_suspects(way, due_date, clock):
                break
        self._end_all()

    def _send_suspects(
        self, way: Way, due_date: date | None, clock: epoch.Clock
    ) -> bool:
        """Send what crashed its sender, a mail by itself: at the next crash there must
        be no other to suspect, of no other sender of this process either. False where
        there is none, or another sender is at it."""
        if not _SUSPECTS.acquire(blocking=False):
            return False
        try:
            leases = self._claimed(due_date, sound=False)
            if leases:
                clock.tick()
                self._begin(leases, way)
                self._end_first()
            return bool(leases)
        finally:
            _SUSPECTS.release()

    def _claimed(self, due_date: date | None, sound: bool) -> list[Lease]:
        now = time.monotonic()
        blocked = set(self._pace.blocked(now))
        for domain in [name for name, at in self._others_first.items() if at <= now]:
            del self._others_first[domain]
        if self._others_first.keys() - blocked:
            others = blocked | self._others_first.keys()
            if leases := self._claimed_but(others, due_date, sound):
                return leases
            self._others_first.clear()
        return self._claimed_but(blocked, due_date, sound)

    def _claimed_but(
        self, domains: set[str], due_date: date | None, sound: bool
    ) -> list[Lease]:
        return claims.claim(
            self._model,
            self._free[0].owner,
            self._size.now,
            due_date,
            self._tally,
            domains,
            sound,
        )

    def _begin(self, leases: Sequence[Lease], way: Way) -> None:
        """Have these mails made, and hand them in behind those that are under way."""
        journal = self._free[0]
        journal.preparing(leases)
        try:
            mails = prepared(leases, self._render)
        except NothingMade:
            journal.ready()  # this sender lives: none of these mails was its end
            _give_back(leases, journal)
            raise
        journal.ready()
        crashpoint("prepare.read")
        if self._under_way:
            self._under_way[-1].run.wait()
        recipients = {
            lease.id: mail.recipient
            for lease, mail in mails.items()
            if isinstance(mail, Outgoing)
        }
        now = awake()  # before it is asked: the machine may sleep right after
        wanted = claims.still_wanted(leases, self._tally, recipients)
        making = Making(journal, now + _BEGIN_WITHIN, now + _END_WITHIN)
        offers = [
            making.offer(lease, mail)
            for lease in wanted
            if isinstance(mail := mails[lease], Outgoing)
        ]
        unmade = {
            lease: mail for lease in wanted if isinstance(mail := mails[lease], Outcome)
        }
        journal.prepared()
        crashpoint("handover.before")
        begun = time.monotonic()
        run = way.hand_in(offers, making, min(self._stop, begun + _BATCH_WITHIN))
        self._free.popleft()
        self._under_way.append(UnderWay(run, making, unmade, begun))

    def _end_first(self) -> None:
        """Wait for the batch that was begun first, and write what came of it."""
        batch = self._under_way.popleft()
        handed = batch.run.result()
        crashpoint("handover.after")
        self._size.after(time.monotonic() - batch.begun)
        self._close(handed, batch)
        self._note_slow(handed)
        batch.making.journal.renew()
        self._free.append(batch.making.journal)
        if handed.down:
            raise handed.down

    def _note_slow(self, handed: Handed) -> None:
        domains = {offer.domain for offer in handed.untried}
        if len(domains) <= _FEW_DOMAINS:
            until = time.monotonic() + _BATCH_WITHIN
            self._others_first |= dict.fromkeys(domains, until)

    def _end_all(self) -> None:
        while self._under_way:
            self._end_first()

    def _close(self, handed: Handed, batch: UnderWay) -> None:
        """Write what came of a batch to the ledger; what was not tried goes back."""
        making = batch.making
        untried = [cast(Lease, offer.key) for offer in handed.untried]
        untried += making.late
        tried = {k: o for k, o in handed.outcomes.items() if k not in making.late}
        if tried and not tried.keys() - making.faults.keys():
            try:
                refuse_common(making.faults)
            except NothingMade:
                _give_back([*untried, *tried, *batch.unmade], making.journal)
                raise
        outcomes = batch.unmade | {k: making.outcome(k, o) for k, o in tried.items()}
        states = persistently(outcomes)
        self._tally.update(states.values())
        if untried:
            attempts.release(untried)


def _give_back(leases: Sequence[Lease], journal: Journal) -> None:
    attempts.release(leases)
    journal.renew()


def _way_out(pace_: pace.Pace) -> Way:
    """To the relay, or to the backend that the operator chose instead of one."""
    server, connections = settings.EMAIL_SERVER, settings.SMTP_CONNECTIONS
    if server.backend:
        return Service(server.backend, connections, pace_)
    return Relay(server, _host_name(), connections, pace=pace_)


def _host_name() -> str:
    """What EHLO says: the site's host, as a literal where it is an IP address."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
