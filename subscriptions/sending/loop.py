"""The way of a batch: claim, prepare, hand over, record, until nothing waits.

No transaction is open while mails are made or the relay is talked to.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings

from subscriptions.crashpoint import crashpoint

from .batch import Making, Render, Size, awake, prepared, refuse_common
from .brakes import breaker, pace
from .ledger import attempts, claims, epoch
from .ledger.attempts import Lease, Tally
from .ledger.persistence import persistently
from .ledger.statements import Model
from .outcome import Counts, NothingMade, Outcome, Outgoing, RelayDown
from .recovery import senders
from .recovery.journal import Journal
from .smtp import Handed, Relay

log = logging.getLogger(__name__)

# A mail is begun while its lease lasts longer than payload and reply may take
# (13 of its 15 minutes, smtp.Timeouts); it was fresh to half a minute.
_BEGIN_WITHIN = 90.0
_END_WITHIN = attempts.LEASE.total_seconds() - 60
# A relay that turns slow in the middle of a large batch: what it has not begun by then
# goes back, and the next batch is smaller.
_BATCH_WITHIN = 10.0


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
    batch's mails can be made, LedgerRestored while an operator has to decide. What was
    not tried is as it was before. Raises LeaseOver where this process was stopped for
    so long that others have taken over.
    """
    tally: Tally = Counter()
    stop = math.inf if until is None else until
    with senders.sender() as journal:
        try:
            epoch.refuse_restored()
            senders.recover(tally)
            _Run(model, render, journal, stop, tally).all_of(due_date)
        except RelayDown as error:
            log.error("sending stops: %s", error)
            error.counts = Counts.of(tally)
            down = error
        else:
            return Counts.of(tally)
    raise down


class _Run:
    """One call of `send`."""

    def __init__(
        self,
        model: Model,
        render: Render,
        journal: Journal,
        stop: float,
        tally: Tally,
    ) -> None:
        self._model, self._render, self._journal = model, render, journal
        self._stop, self._tally = stop, tally

    def all_of(self, due_date: date | None) -> None:
        clock, own_pace = epoch.Clock(), pace.of_this_process()
        connections = settings.SMTP_CONNECTIONS
        size = Size(connections, settings.SEND_BATCH)
        with Relay(
            settings.EMAIL_SERVER, _host_name(), connections, pace=own_pace
        ) as relay:
            watch = breaker.Watch()
            while time.monotonic() < self._stop:
                if watch.trips(self._tally["failed"]):
                    break
                begun = time.monotonic()
                leases = claims.claim(
                    self._model,
                    self._journal.owner,
                    size.now,
                    due_date,
                    self._tally,
                    own_pace.blocked(begun),
                )
                if not leases:
                    break
                clock.tick()
                self._batch(leases, relay)
                size.after(time.monotonic() - begun)
            clock.stop()

    def _batch(self, leases: Sequence[Lease], relay: Relay) -> None:
        """Everything of these mails, to the end of their leases."""
        self._journal.preparing(leases)
        try:
            mails = prepared(leases, self._render)
        except NothingMade:
            self._give_back(leases)
            raise
        crashpoint("prepare.read")
        recipients = {
            lease.id: mail.recipient
            for lease, mail in mails.items()
            if isinstance(mail, Outgoing)
        }
        wanted = claims.still_wanted(leases, self._tally, recipients)
        now = awake()
        making = Making(self._journal, now + _BEGIN_WITHIN, now + _END_WITHIN)
        offers = [
            making.offer(lease, mail)
            for lease in wanted
            if isinstance(mail := mails[lease], Outgoing)
        ]
        self._journal.prepared()
        crashpoint("handover.before")
        stop = min(self._stop, time.monotonic() + _BATCH_WITHIN)
        handed = relay.hand_over(offers, making, stop)
        crashpoint("handover.after")
        outcomes = {
            lease: mail for lease in wanted if isinstance(mail := mails[lease], Outcome)
        }
        self._close(handed, outcomes, making)
        self._journal.renew()
        if handed.down:
            raise handed.down

    def _close(
        self, handed: Handed, unmade: dict[Lease, Outcome], making: Making
    ) -> None:
        """Write what came of a batch to the ledger; what was not tried goes back."""
        untried = [cast(Lease, offer.key) for offer in handed.untried]
        untried += making.late
        tried = {k: o for k, o in handed.outcomes.items() if k not in making.late}
        if tried and not tried.keys() - making.faults.keys():
            try:
                refuse_common(making.faults)
            except NothingMade:
                self._give_back([*untried, *tried])
                raise
        outcomes = unmade | {k: making.outcome(k, o) for k, o in tried.items()}
        states = persistently(outcomes)
        self._tally.update(states.values())
        if untried:
            attempts.release(untried)

    def _give_back(self, leases: Sequence[Lease]) -> None:
        attempts.release(leases)
        self._journal.renew()


def _host_name() -> str:
    """What EHLO says: the site's host, as a literal where it is an IP address."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
