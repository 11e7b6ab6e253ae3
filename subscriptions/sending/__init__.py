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
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings

from . import ledger, recovery
from .ledger import Lease, Model, totals
from .outcome import Counts, Outcome, Outgoing, RelayDown
from .smtp import Relay

__all__ = ["Counts", "Outcome", "Outgoing", "RelayDown", "send", "totals"]

Render = Callable[[Sequence[int]], Mapping[int, Outgoing]]
log = logging.getLogger(__name__)

# A mail is begun while its lease lasts longer than payload and reply may take
# (13 of its 15 minutes, smtp.Timeouts); a batch not begun by half a lease goes back.
_BEGIN_WITHIN = 2 * 60
_BATCH_WITHIN = ledger.LEASE.total_seconds() / 2


def send(
    model: Model,
    render: Render,
    until: float | None = None,
    due_date: date | None = None,
) -> Counts:
    """Send what is due of `model` until nothing is, or until the monotonic `until`.

    `render` gets ids of a batch and returns the mail of each. Any number of senders
    may run at once. Raises RelayDown, with `counts`, when the relay takes nothing;
    what was not tried is as it was before.
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
            log.error("sending stops, the relay is down: %s", error)
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
    mails = _rendered(leases, render)
    for position, lease in enumerate(leases):
        if time.monotonic() >= stop:
            ledger.release(leases[position:])
            return
        mail = mails[lease.id]
        if not ledger.still_wanted(lease, tally):
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
    """The mail of each lease, or why there is none: one bad row spoils no other."""
    ids = [lease.id for lease in leases]
    missing = Outcome("deferred", "rendering", "it could not be made: nothing came")
    try:
        mails = render(ids)
    except Exception as error:
        log.warning("a batch of mails could not be made: %s", type(error).__name__)
        return {one: _rendered_alone(one, render, missing) for one in ids}
    return {one: mails.get(one, missing) for one in ids}


def _rendered_alone(one: int, render: Render, missing: Outcome) -> Outgoing | Outcome:
    try:
        return render([one]).get(one, missing)
    except Exception as error:
        # Its text may hold an address or a filter: the kind and the place must do.
        frame = error.__traceback__
        while frame and frame.tb_next:
            frame = frame.tb_next
        place = (
            f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
        )
        name = type(error).__name__
        log.error("mail %d could not be made: %s at %s", one, name, place)
        return Outcome("deferred", "rendering", f"it could not be made: {name}")


def _host_name() -> str:
    """What EHLO says: the site's host, as a literal where it is an IP address."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
