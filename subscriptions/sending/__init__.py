"""Bytes to inboxes: what is owed in the ledger goes to the relay, once.

In: rows of Delivery and Letter, and a function that turns their ids into finished
mails. Out: their states, `DeliveryEvent`s, and how many of each. `ledger` says who may
send what, `recovery` takes over from senders that died, `smtp` hands a mail over with
the stage of every failure, `inbox` is the embedded inbox for a trial without a relay.
"""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings

from . import ledger, recovery
from .ledger import Lease, Model, totals
from .outcome import UNMADE, Counts, NothingMade, Outcome, Outgoing, RelayDown
from .smtp import Relay

__all__ = [
    "Counts",
    "NothingMade",
    "Outcome",
    "Outgoing",
    "RelayDown",
    "Render",
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
            with Relay(settings.EMAIL_SERVER, _host_name()) as relay:
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
        try:
            outcome = (
                relay.hand_over(mail, begin_by) if isinstance(mail, Outgoing) else mail
            )
        except RelayDown:
            ledger.release(leases[position:])
            raise
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
        mails = _made(ids, render)
    except Exception as error:
        fault = _kind_and_place(error)
    else:
        return {one: mails.get(one, _MISSING) for one in ids}
    made: dict[int, Outgoing | Outcome] = {}
    faults: dict[int, tuple[str, str]] = {}
    for one in ids:
        try:
            made[one] = _made([one], render).get(one, _MISSING)
        except Exception as error:
            faults[one] = _kind_and_place(error)
    if not made and sum(not lease.unmade for lease in leases) > 1:
        raise NothingMade("no mail could be made: {} at {}".format(*fault))
    log.warning("mails could not be made at once: %s at %s", *fault)
    for one, (kind, place) in faults.items():
        log.error("mail %d could not be made: %s at %s", one, kind, place)
        made[one] = Outcome("deferred", "rendering", UNMADE + kind)
    return made


def _made(ids: Sequence[int], render: Render) -> dict[int, Outgoing]:
    """What `render` returns, each mail's bytes made: so that what cannot be made is
    known before any of the batch is offered."""
    return {one: _ready(mail) for one, mail in render(ids).items()}


def _ready(mail: Outgoing) -> Outgoing:
    message = mail.message()
    return replace(mail, message=lambda: message)


def _kind_and_place(error: Exception) -> tuple[str, str]:
    """What may be told of an error: its text may hold an address or a filter."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
    return type(error).__name__, place


def _host_name() -> str:
    """What EHLO says: the site's host, as a literal where it is an IP address."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
