"""Who may send which mail, and what came of it: leases on rows of Delivery and Letter.

A lease runs on the database's clock and carries a token; what a sender writes, it
writes where the token is still its own. No transaction here outlives its function.
Locks are taken in one order, reader before mail, as everywhere else.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Letter,
    Mailing,
    Subscriber,
)
from subscriptions.models.mailings import HORIZON
from subscriptions.models.readers import fold_address

from . import pauses
from .outcome import REPLY_LENGTH, UNMADE, Outcome
from .refusals import refusal, suppressed_among

State = Mailing.State
Model = type[Delivery] | type[Letter]
Tally = Counter[str]

LEASE = timedelta(minutes=15)
# Greylisting asks for about five minutes (RFC 6647); doubled each time, up to 4 h.
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=4)
RENDERING_ATTEMPTS = 3
CRASHES = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send one mail until the lease runs out or is lost.

    `attempts` counts this one. `again`: the mail was in doubt, this is its second copy.
    `unmade`: it could not be made the last time.
    """

    model: Model
    id: int
    token: uuid.UUID
    subscriber_id: int
    attempts: int
    again: bool
    unmade: bool = False


def claim(
    model: Model,
    owner: str,
    limit: int,
    due_date: date | None = None,
    tally: Tally | None = None,
) -> list[Lease]:
    """Lease up to `limit` mails that are to be sent now; none: there is nothing to do.

    Mails that must not go any more (`refusals`) or whose time is over end here; `tally`
    counts those by state. What is paused is left alone. A mail that a crash
    interrupted is leased alone, so that the one that causes crashes is found and the
    rest of its batch goes on; one in doubt comes last.
    """
    tally = Counter() if tally is None else tally
    now = timezone.now()
    if pauses.why_nothing_goes(now):
        return []
    pauses.note_opening(now)
    mails: QuerySet[Any] = model._default_manager.filter(pauses.may_go(model))
    if due_date is not None:
        mails = mails.filter(due_date=due_date)
    waiting = mails.filter(
        Q(state=State.PENDING) | Q(state=State.DEFERRED, next_at__lte=Now())
    ).order_by("next_at", "id")
    doubtful = mails.filter(
        _in_time(), state=State.IN_DOUBT, next_at__lte=Now()
    ).order_by("id")
    for ready, most, again in (
        (waiting.filter(crashes=0), limit, False),
        (waiting.exclude(crashes=0), 1, False),
        (doubtful, limit, True),
    ):
        while ids := _lease(ready[:most], owner, token := uuid.uuid4()):
            if leases := _judge(model, ids, token, again, tally):
                return leases
    return []


def still_wanted(
    lease: Lease, tally: Tally | None = None, recipient: str | None = None
) -> bool:
    """Ask right before MAIL FROM: is the lease ours, may the mail still go?

    Renews the lease. A mail that must not go any more ends here; one that was paused
    meanwhile goes back, as does one that was made for another `recipient`
    than it has now.
    """
    if not _mine(lease).update(leased_until=Now() + LEASE):
        return False
    mail = _mine(lease).select_related("subscriber").first()
    if mail is None:
        return False
    if pauses.is_held(mail):
        release([lease])
        return False
    if recipient is not None and recipient != mail.address:
        release([lease])
        return False
    why = refusal(mail, suppressed_among([mail]))
    if why:
        _tell(tally, end(lease, *why))
    return why is None


def record(lease: Lease, outcome: Outcome) -> str | None:
    """Write what came of an attempt; the state it led to, None if the lease was lost.

    deferred: tried again after a growing pause, or `expired` where that would be past
    its horizon. in doubt: shown as that, and sent once more with the same Message-ID
    (`IN_DOUBT=resend`); in doubt a second time it stays so. failed: a `DeliveryEvent`.
    """
    reply = outcome.reply[:REPLY_LENGTH]
    if outcome.kind == "sent":
        return _record_sent(lease, reply)
    if outcome.kind == "failed":
        return end(lease, State.FAILED, reply, outcome)
    pause = _pause(lease.attempts)
    if outcome.kind == "in_doubt":
        change = {
            "state": State.IN_DOUBT,
            "reason": f"in doubt: {reply}"[:REPLY_LENGTH],
        }
        next_at = None if lease.again else Now() + pause
        written = _mine(lease).update(**_TOLD | change, next_at=next_at)
        return State.IN_DOUBT if written else None
    if outcome.stage == "rendering" and lease.attempts >= RENDERING_ATTEMPTS:
        return end(lease, State.QUARANTINED, reply)
    in_time = _mine(lease).filter(_in_time(after=pause))
    change = {"state": State.DEFERRED, "reason": reply}
    if in_time.update(**_TOLD | change, next_at=Now() + pause):
        return State.DEFERRED
    return end(lease, State.EXPIRED, f"not taken in time; last: {reply}")


def release(leases: Sequence[Lease]) -> None:
    """Give mails back that were not tried; the attempt does not count."""
    for lease in leases:
        change: dict[str, Any] = {"state": State.PENDING, "next_at": None}
        if lease.again:
            change = {"state": State.IN_DOUBT, "next_at": Now()}
        _mine(lease).update(**_FREED | change, attempts=F("attempts") - 1)


def free(model: Model, lost: Q, tally: Tally) -> int:
    """Leased mails that match `lost` have no sender any more: back to pending.

    Returns how many it took back. The third time in a row the mail itself is the
    likely cause: it is quarantined.
    """
    held: QuerySet[Any] = model._default_manager.filter(lost, state=State.LEASED)
    ended = 0
    for mail in held.filter(crashes__gte=CRASHES - 1):
        lease = Lease(model, mail.pk, mail.lease_token, mail.subscriber_id, 0, False)
        why = f"its sender stopped {CRASHES} times in a row while it had this mail"
        if state := end(lease, State.QUARANTINED, why):
            tally[state] += 1
            ended += 1
    back = {"state": State.PENDING, "next_at": None, "crashes": F("crashes") + 1}
    return ended + held.update(**_FREED | back)


def end(
    lease: Lease, state: str, reason: str, bounce: Outcome | None = None
) -> str | None:
    """Bring a leased mail to a final state other than sent; None if the lease was lost.

    What a digest covered comes with the reader's next one (rounds.md 9).
    """
    with transaction.atomic(durable=True):
        _lock_reader(lease)
        change = {"state": state, "reason": reason[:REPLY_LENGTH], "next_at": None}
        if not _mine(lease).update(**_FREED | change):
            return None
        if lease.model is Delivery:
            Delivery.objects.get(pk=lease.id).give_coverage_back()
        if bounce:
            DeliveryEvent.objects.create(
                delivery_id=lease.id if lease.model is Delivery else None,
                subscriber_id=_whose(lease),
                type=DeliveryEvent.Type.BOUNCED,
                status=bounce.status,
                detail=f"at {bounce.stage}: {bounce.reply}"[:REPLY_LENGTH],
            )
    return state


def totals(due_date: date) -> dict[str, int]:
    """How many deliveries of a due date stand in each state; every state is there."""
    rows = Delivery.objects.filter(due_date=due_date).order_by().values_list("state")
    return dict.fromkeys(State.values, 0) | dict(rows.annotate(Count("id")))


# --- rows ---------------------------------------------------------------------------

_FREED: dict[str, Any] = {
    "lease_token": None,
    "lease_owner": "",
    "leased_until": None,
    "updated_at": Now(),
}
# After an outcome: the crashes before it were not in a row with any later one.
_TOLD = _FREED | {"crashes": 0}


def _lease(ready: QuerySet[Any], owner: str, token: uuid.UUID) -> list[int]:
    """Lease these rows; their ids. Two callers at once never get the same row."""
    change = {
        "state": State.LEASED,
        "attempts": F("attempts") + 1,
        "lease_token": token,
        "lease_owner": owner,
        "leased_until": Now() + LEASE,
        "updated_at": Now(),
    }
    with transaction.atomic(durable=True):
        if connection.vendor == "postgresql":
            return _lease_in_one_statement(ready, owner, token)
        # SQLite: settings make transactions IMMEDIATE, so this one is alone.
        ids = list(ready.values_list("id", flat=True))
        ready.model._default_manager.filter(pk__in=ids).update(**change)
        return ids


def _lease_in_one_statement(
    ready: QuerySet[Any], owner: str, token: uuid.UUID
) -> list[int]:
    """PostgreSQL: a materialised CTE, because the planner may run a LIMITed sub-query
    of an UPDATE more than once and so take more rows than asked for."""
    picked = ready.select_for_update(skip_locked=True).values("id").query
    select, parameters = picked.sql_with_params()
    table = connection.ops.quote_name(ready.model._meta.db_table)
    statement = f"""
        WITH picked AS MATERIALIZED ({select})
        UPDATE {table} AS mail
           SET state = %s, attempts = attempts + 1, lease_token = %s, lease_owner = %s,
               leased_until = statement_timestamp() + %s,
               updated_at = statement_timestamp()
          FROM picked WHERE mail.id = picked.id
        RETURNING mail.id"""  # noqa: S608 - Django's own SQL and our table's name
    with connection.cursor() as cursor:
        values = (*parameters, State.LEASED, token, owner, LEASE)
        cursor.execute(statement, values)
        return sorted(row[0] for row in cursor.fetchall())


def _judge(
    model: Model, ids: Sequence[int], token: uuid.UUID, again: bool, tally: Tally
) -> list[Lease]:
    """Leases on those of these leased mails that may go; the others end."""
    mails = model._default_manager.filter(pk__in=ids, lease_token=token)
    rows = list(mails.select_related("subscriber").order_by("id"))
    in_time = set(mails.filter(_in_time()).values_list("id", flat=True))
    suppressed = suppressed_among(rows)
    leases = []
    for mail in rows:
        unmade = mail.reason.startswith(UNMADE)
        reader, attempts = mail.subscriber_id, mail.attempts
        lease = Lease(model, mail.pk, token, reader, attempts, again, unmade)
        why = refusal(mail, suppressed)
        if why is None and mail.pk not in in_time:
            why = State.EXPIRED, mail.reason or "not tried in time"
        if why:
            _tell(tally, end(lease, *why))
        else:
            leases.append(lease)
    return leases


def _mine(lease: Lease) -> QuerySet[Any]:
    """The lease's row while the lease is held, else no row."""
    return lease.model._default_manager.filter(
        pk=lease.id, state=State.LEASED, lease_token=lease.token
    )


def _record_sent(lease: Lease, reply: str) -> str | None:
    with transaction.atomic(durable=True):
        _lock_reader(lease)
        change = {"state": State.SENT, "reason": reply, "next_at": None}
        sent = _mine(lease).update(**_TOLD | change, sent_at=Now())
        if sent and lease.model is Delivery:
            reader = Subscriber.objects.filter(pk=lease.subscriber_id)
            reader.update(last_mail_at=Now())
    return State.SENT if sent else None


def _whose(lease: Lease) -> int | None:
    """The reader of whom a bounce tells; it may tell of another address alone."""
    if lease.model is Letter:
        letter = Letter.objects.select_related("subscriber").get(pk=lease.id)
        if fold_address(letter.address) != letter.subscriber.email_folded:
            return None
    return lease.subscriber_id


def _lock_reader(lease: Lease) -> None:
    reader = Subscriber.objects.select_for_update().filter(pk=lease.subscriber_id)
    reader.values_list("pk").first()


def _in_time(after: timedelta = timedelta(0)) -> Q:
    """Mails whose horizon lies later than `after` from now."""
    at = Now() + after
    return Q(expires_at__gt=at) | Q(expires_at=None, created_at__gt=at - HORIZON)


def _pause(attempts: int) -> timedelta:
    """How long to wait after this many attempts: doubled each time, with jitter."""
    doubled = FIRST_RETRY * 2 ** min(max(attempts, 1) - 1, 16)
    jitter: float = random.uniform(0.75, 1.25)  # noqa: S311 - not a secret
    return timedelta(seconds=min(doubled, LONGEST_RETRY).total_seconds() * jitter)


def _tell(tally: Tally | None, state: str | None) -> None:
    if tally is not None and state:
        tally[state] += 1
