"""Bytes to inboxes: what is owed in the ledger goes to the relay, once.

In: rows of Delivery and Letter, and a function that turns their ids into finished
mails. Out: their states, `DeliveryEvent`s, and how many of each. `ledger` says who may
send what, `recovery` takes over from senders that died, `smtp` hands mails over with
the stage of every failure, `pace` says how fast, `inbox` is the embedded inbox for a
trial without a relay.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings

from . import ledger, recovery
from .ledger import Lease, Model, totals
from .outcome import (
    UNMADE,
    Counts,
    NothingMade,
    Offer,
    Outcome,
    Outgoing,
    RelayDown,
    kind_and_place,
)
from .smtp import Relay

__all__ = [
    "Counts",
    "NothingMade",
    "Outcome",
    "Outgoing",
    "RelayDown",
    "send",
    "totals",
]

Render = Callable[[Sequence[int]], Mapping[int, Outgoing]]
log = logging.getLogger(__name__)

# A mail is begun while its lease lasts longer than payload and reply may take
# (13 of its 15 minutes, smtp.Timeouts); a batch not begun by half a lease goes back.
_BEGIN_WITHIN = 2 * 60
_BATCH_WITHIN = ledger.LEASE.total_seconds() / 2
_MISSING = Outcome("deferred", "rendering", UNMADE + "nothing came")


def send(
    model: Model,
    render: Render,
    until: float | None = None,
    due_date: date | None = None,
) -> Counts:
    """Send what is due of `model` until nothing is, or until the monotonic `until`.

    `render` gets ids of a batch and returns the mail of each. Any number of senders
    may run at once. Raises RelayDown, with `counts`, when the relay takes nothing, and
    its NothingMade when `render` makes none of a batch's mails; what was not tried is
    as it was before.
    """
    tally: ledger.Tally = Counter()
    stop = math.inf if until is None else until
    with recovery.sender() as owner:
        recovery.recover(tally)
        try:
            with Relay(
                settings.EMAIL_SERVER, _host_name(), settings.SMTP_CONNECTIONS
            ) as relay:
                while time.monotonic() < stop:
                    leases = ledger.claim(
                        model, owner, settings.SEND_BATCH, due_date, tally
                    )
                    if not leases:
                        break
                    _send_batch(leases, render, relay, stop, tally)
        except RelayDown as error:
            log.error("sending stops: %s", error)
            error.counts = Counts.of(tally)
            down = error
        else:
            return Counts.of(tally)
    raise down


def _send_batch(
    leases: Sequence[Lease],
    render: Render,
    relay: Relay,
    stop: float,
    tally: ledger.Tally,
) -> None:
    stop = min(stop, time.monotonic() + _BATCH_WITHIN)
    try:
        mails = _rendered(leases, render)
    except NothingMade:
        ledger.release(leases)
        raise
    for position, lease in enumerate(leases):
        if time.monotonic() >= stop:
            ledger.release(leases[position:])
            return
        mail = mails[lease.id]
        recipient = mail.recipient if isinstance(mail, Outgoing) else None
        if not ledger.still_wanted(lease, tally, recipient):
            continue
        begin_by = time.monotonic() + _BEGIN_WITHIN
        if isinstance(mail, Outcome):
            outcome = mail
        else:
            offer = Offer(lease.id, mail.sender, mail.recipient, _made(mail))
            handed = relay.hand_over([offer], _NoJournal(), begin_by)
            if lease.id not in handed.outcomes:
                ledger.release(leases[position:])
                if handed.down:
                    raise handed.down
                return
            outcome = handed.outcomes[lease.id]
        state = ledger.record(lease, outcome)
        if state:
            tally[state] += 1


def _rendered(leases: Sequence[Lease], render: Render) -> dict[int, Outgoing | Outcome]:
    """The mail of each lease, or why there is none: one bad row spoils no other.

    Raises NothingMade where none can be made even alone: then it is not the rows, and
    they must not be quarantined for it. That takes two that did not fail among good
    ones before; bad rows that are due again together are no common fault.
    """
    ids = [lease.id for lease in leases]
    try:
        mails = render(ids)
    except Exception as error:
        fault = kind_and_place(error)
    else:
        return {one: mails.get(one, _MISSING) for one in ids}
    made: dict[int, Outgoing | Outcome] = {}
    faults: dict[int, tuple[str, str]] = {}
    for one in ids:
        try:
            made[one] = render([one]).get(one, _MISSING)
        except Exception as error:
            faults[one] = kind_and_place(error)
    if not made and sum(not lease.unmade for lease in leases) > 1:
        raise NothingMade("no mail could be made: {} at {}".format(*fault))
    log.warning("mails could not be made at once: %s at %s", *fault)
    for one, (kind, place) in faults.items():
        log.error("mail %d could not be made: %s at %s", one, kind, place)
        made[one] = Outcome("deferred", "rendering", UNMADE + kind)
    return made


class _NoJournal:
    """Each outcome goes to the ledger before the next mail begins."""

    def begun(self, key: Hashable) -> None:
        pass

    def ended(self, key: Hashable, outcome: Outcome) -> None:
        pass


def _made(mail: Outgoing) -> Callable[[], bytes]:
    return lambda: mail.message


def _host_name() -> str:
    """What EHLO says: the site's host, as a literal where it is an IP address."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
