"""Who may send what: leases on mails that wait, consent asked in the same statement."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower, Now, StrIndex, Substr
from django.db.models.lookups import In
from django.utils import timezone

from subscriptions.crashpoint import crashpoint
from subscriptions.models import Delivery, Mailing
from subscriptions.models.mailings import HORIZON
from subscriptions.sending.brakes import pauses
from subscriptions.sending.outcome import UNMADE

from . import statements
from .attempts import LEASE, End, Lease, State, Tally, by_model, end, mine, release
from .refusals import refusal, suppressed_among
from .statements import Model, Owed

# What a lease may have lost when a batch is begun; more is renewed.
_FRESH = timedelta(seconds=30)


def claim(
    model: Model,
    owner: str,
    limit: int,
    due_date: date | None = None,
    tally: Tally | None = None,
    blocked: Collection[str] = (),
    sound: bool = False,
) -> list[Lease]:
    """Lease up to `limit` mails that are to be sent now; none: there is nothing to do.

    Mails that must not go any more (`refusals`) or whose time is over end here; `tally`
    counts those by state. What is paused is left alone, and readers at the domains
    `blocked`. A mail that a crash interrupted is leased alone, so that the one
    that causes crashes is found and the rest of its batch goes on; where only `sound`
    ones are asked for it is left. One in doubt comes last.
    """
    tally = Counter() if tally is None else tally
    now = timezone.now()
    if pauses.why_nothing_goes(now):
        return []
    pauses.note_opening(now)
    mails: QuerySet[Any] = model._default_manager.filter(pauses.may_go(model))
    if due_date is not None:
        mails = mails.filter(due_date=due_date)
    if blocked:
        mails = mails.exclude(_at(model, blocked))
    leases: list[Lease] = []
    for ready, alone, again in _ready(mails):
        if sound and alone:
            continue
        while len(leases) < limit and not (alone and leases):
            most = 1 if alone else limit - len(leases)
            got = _lease(model, ready[:most], owner, again, tally)
            if got is None:
                break
            leases += got
        if leases and (alone or len(leases) >= limit):
            break
    return leases


def _ready(mails: QuerySet[Any]) -> Iterator[tuple[QuerySet[Any], bool, bool]]:
    """What waits, in order: the rows, whether each is leased alone, and whether it was
    in doubt. Each is a range of a partial index: a million others are not read."""
    now = Q(next_at__lte=Now(), state__in=Mailing.WAITING)
    deferred = mails.filter(now, state=State.DEFERRED).order_by("next_at", "id")
    pending = mails.filter(state=State.PENDING).order_by("id")
    doubtful = mails.filter(_in_time(), now, state=State.IN_DOUBT)
    doubtful = doubtful.order_by("next_at", "id")
    yield deferred.filter(crashes=0), False, False
    yield pending.filter(crashes=0), False, False
    yield deferred.filter(crashes__gt=0), True, False
    yield pending.filter(crashes__gt=0), True, False
    yield doubtful.filter(crashes=0), False, True
    yield doubtful.filter(crashes__gt=0), True, True


def _lease(
    model: Model, ready: QuerySet[Any], owner: str, again: bool, tally: Tally
) -> list[Lease] | None:
    """Leases on those of these mails that may go, None where there are none at all."""
    token = uuid.uuid4()
    with transaction.atomic(durable=True):
        rows = statements.lease(ready, owner, token, LEASE)
        crashpoint("claim.leased")
    crashpoint("claim.committed")
    if not rows:
        return None
    leases = {
        row.id: Lease(
            model,
            row.id,
            token.hex,
            row.subscriber_id,
            row.attempts,
            again,
            row.reason.startswith(UNMADE),
        )
        for row in rows
    }
    return _judged(rows, leases, tally)


def _judged(
    rows: Sequence[Owed], leases: Mapping[int, Lease], tally: Tally
) -> list[Lease]:
    """The leases of these mails that may go; the others end."""
    suppressed = suppressed_among(rows)
    crashpoint("judge.asked")
    ends, good = [], []
    for row in rows:
        lease = leases[row.id]
        why = refusal(row, suppressed)
        if why is None and row.time_left <= timedelta(0):
            why = State.EXPIRED, row.reason or "not tried in time"
        if why:
            ends.append(End(lease, *why))
        else:
            good.append(lease)
    if ends:
        tally.update(end(ends).values())
        crashpoint("judge.ended")
    return good


def still_wanted(
    leases: Sequence[Lease],
    tally: Tally | None = None,
    recipients: Mapping[int, str] | None = None,
) -> list[Lease]:
    """Ask right before a batch is offered: which are ours, and may the mails still go?

    Leases that are not fresh are renewed. Mails that must not go any more end here;
    those that were paused meanwhile go back, as do those that were made for
    another address than they have now (`recipients`, by id).
    """
    tally = Counter() if tally is None else tally
    wanted: list[Lease] = []
    for model, some in by_model(leases):
        by_id = {lease.id: lease for lease in some}
        held = mine(model, some)
        rows = statements.owed(held)
        crashpoint("wanted.asked")
        if any(row.lease_left < LEASE - _FRESH for row in rows):
            held.update(leased_until=Now() + LEASE)
            crashpoint("wanted.renewed")
            rows = statements.owed(held)
        back = pauses.held_among(held)
        for row in rows:
            if (recipients or {}).get(row.id, row.address) != row.address:
                back.add(row.id)
        release([by_id[each] for each in back])
        rows = [row for row in rows if row.id not in back]
        wanted += _judged(rows, by_id, tally)
    order = {lease: n for n, lease in enumerate(leases)}
    return sorted(wanted, key=order.__getitem__)


def _at(model: Model, domains: Collection[str]) -> Q:
    """Mails to addresses at these; a letter may have another than its reader's."""
    at_readers = Q(subscriber__domain__in=domains)
    if model is Delivery:
        return at_readers
    sign = StrIndex("recipient", Value("@"))
    own = Lower(Substr("recipient", sign + 1))
    # One list, however many rest: SQLite takes no thousand conditions.
    return at_readers & Q(recipient="") | Q(In(own, list(domains)))


def _in_time() -> Q:
    """Mails whose horizon is not over."""
    return Q(expires_at__gt=Now()) | Q(expires_at=None, created_at__gt=Now() - HORIZON)
