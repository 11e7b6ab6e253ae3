"""Mails that lost their sender: given back, sent again, held for the operator.

A held mail is in doubt, is not due at any time, and has an owner: `attempts.HELD`, or
the sender of another host that has not come back, with its token. If that host does
come back, its journal still says what came of the mail (`revive`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Now

from subscriptions.models import Delivery, Letter
from subscriptions.models.mailings import HORIZON
from subscriptions.sending.ledger.attempts import (
    BACK,
    DOUBT,
    DOUBTED,
    FREED,
    HELD,
    LEASE,
    End,
    Lease,
    State,
    Tally,
    by_model,
    end,
    mine,
)
from subscriptions.sending.ledger.statements import Model

CRASHES = 3
MODELS: tuple[Model, ...] = (Delivery, Letter)
STOPPED = DOUBT + "its sender stopped before the reply"
AWAY = DOUBT + "its sender has not come back"
RELEASED = AWAY + ", and the operator had it sent once more"


def free(owner: str, in_hand: Collection[Lease], tally: Tally) -> int:
    """Give back what the dead sender `owner` had not begun. How many.

    Of those it had `in_hand`, one is the likely cause of its death: each counts a
    crash, and the third in a row quarantines. For the others the attempt counts not.
    """
    freed = 0
    for model, leases in by_model(in_hand):
        freed += _quarantine(model, leases, tally)
        freed += mine(model, leases).update(**BACK, crashes=F("crashes") + 1)
    for model in MODELS:
        freed += _of(model, owner).update(**BACK, attempts=F("attempts") - 1)
    return freed


def doubt(leases: Iterable[Lease]) -> int:
    """These were begun, and nobody knows whether they were taken. How many.

    They are sent once more, at once and with the same Message-ID, or held
    (`IN_DOUBT=hold`); in doubt a second time, they stay so.
    """
    doubtful = 0
    for model, some in by_model(leases):
        for again in (False, True):
            rows = mine(model, [x for x in some if x.again is again])
            change: dict[str, Any] = {"next_at": None}
            if not again and settings.IN_DOUBT == "hold":
                change["lease_owner"] = HELD
            elif not again:
                change["next_at"] = Now()
            doubtful += rows.update(
                **FREED
                | {"state": State.IN_DOUBT, "reason": STOPPED}
                | change
                | {"crashes": F("crashes") + 1}
            )
    return doubtful


def hold(alive: Iterable[tuple[str, Sequence[int]]]) -> int:
    """Leases that ran out: nobody here knows what their sender did. How many are held.

    `alive`: senders of this host that still run, with the ids of what they have begun.
    What such a one has not begun it will not begin any more (`loop`): it is given back.
    """
    held = 0
    for model in MODELS:
        over = model._default_manager.filter(state=State.LEASED, leased_until__lt=Now())
        for owner, begun in alive:
            mails = over.filter(lease_owner=owner).exclude(pk__in=begun)
            mails.update(**BACK, attempts=F("attempts") - 1)
        held += over.update(
            state=State.IN_DOUBT,
            # One that was in doubt before says so still, should its host come back.
            reason=Case(When(DOUBTED, then=F("reason")), default=Value(AWAY)),
            next_at=None,
            leased_until=None,
            updated_at=Now(),
        )
    return held


def revive(owner: str) -> None:
    """Lease again what was held while this sender's host was away: its journal, which
    is here now, tells more. What is leased still gets a whole lease too: another host
    holds it as soon as it runs out."""
    for model in MODELS:
        _of(model, owner).update(leased_until=Now() + LEASE)
        mails = _doubtful(model).filter(lease_owner=owner)
        mails.filter(lease_token__isnull=False).update(
            state=State.LEASED,
            leased_until=Now() + LEASE,
            reason=Case(When(reason=AWAY, then=Value("")), default=F("reason")),
        )


def held(due_date: date | None = None) -> QuerySet[Delivery]:
    """Digests in doubt that wait for the operator, of one due date or all."""
    mails: QuerySet[Delivery] = _held(Delivery)
    return mails if due_date is None else mails.filter(due_date=due_date)


def release_held(
    due_date: date | None = None,
    ids: Sequence[int] | None = None,
    resend: bool = True,
) -> int:
    """Send held mails once more, with the same Message-ID and a whole horizon, or leave
    them in doubt for good; how many. The digests of `due_date`, or with these `ids`, or
    all digests and letters."""
    mails: list[QuerySet[Any]] = [held(due_date)]
    if ids is not None:
        mails = [mails[0].filter(pk__in=ids)]
    elif due_date is None:
        mails.append(_held(Letter))
    change: dict[str, Any] = FREED | {"next_at": None}
    if resend:
        # What was in it is not kept any more.
        mails[0] = mails[0].exclude(round__emptied=True)
        # AWAY is taken back where its host returns, and that is not this copy's.
        reason = Case(When(reason=AWAY, then=Value(RELEASED)), default=F("reason"))
        change |= {"next_at": Now(), "expires_at": Now() + HORIZON, "reason": reason}
    return sum(each.update(**change) for each in mails)


def _held(model: Model) -> QuerySet[Any]:
    return _doubtful(model).exclude(lease_owner="")


def _doubtful(model: Model) -> QuerySet[Any]:
    """Those in doubt that are not due at any time, by the index of what waits."""
    waiting = model._default_manager.filter(state__in=model.WAITING)
    return waiting.filter(state=State.IN_DOUBT, next_at=None)


def _quarantine(model: Model, leases: Sequence[Lease], tally: Tally) -> int:
    """End those in hand at the third crash in a row. What was in doubt before stays in
    doubt instead: it may have been delivered."""
    worn = mine(model, leases).filter(crashes__gte=CRASHES - 1)
    crashes = set(worn.values_list("id", flat=True))
    why = f"its sender stopped {CRASHES} times in a row while it had this mail"
    doubtful = worn.filter(reason__startswith=DOUBT)
    left = doubtful.update(**FREED | {"state": State.IN_DOUBT, "next_at": None})
    ended = end(
        End(lease, State.QUARANTINED, why) for lease in leases if lease.id in crashes
    )
    tally.update(ended.values())
    return left + len(ended)


def _of(model: Model, owner: str) -> QuerySet[Any]:
    return model._default_manager.filter(state=State.LEASED, lease_owner=owner)
