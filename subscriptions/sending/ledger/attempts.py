"""What came of leased mails: rows of Delivery and Letter, a batch in one transaction.

A lease runs on the database's clock and carries a token; what a sender writes, it
writes where the token is still its own. No transaction here outlives its function.
Locks are taken in one order, reader before mail, as everywhere else.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Now

from subscriptions.crashpoint import crashpoint
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Letter,
    Mailing,
    Subscriber,
    among,
)
from subscriptions.sending.outcome import REPLY_LENGTH, Outcome

from . import statements
from .statements import Model, Told

State = Mailing.State
Tally = Counter[str]

LEASE = timedelta(minutes=15)
# Greylisting asks for about five minutes (RFC 6647); doubled each time, up to 4 h.
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=4)
RENDERING_ATTEMPTS = 3
DOUBT = "in doubt: "  # how the reason of a mail in doubt begins
HELD = "held"  # in place of the owner: a mail in doubt that waits for the operator


class Lease(NamedTuple):
    """The right to send one mail until the lease runs out or is lost.

    `token` in hex. `attempts` counts this one. `again`: the mail was in doubt, this is
    its second copy. `unmade`: it could not be made the last time.
    """

    model: Model
    id: int
    token: str
    subscriber_id: int
    attempts: int
    again: bool
    unmade: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """A final state other than sent, and why; `bounce` where the server said so."""

    lease: Lease
    state: str
    reason: str
    bounce: Outcome | None = None


def record(outcomes: Iterable[tuple[Lease, Outcome]]) -> dict[Lease, str]:
    """Write what came of attempts; the states they led to, without leases lost.

    deferred: tried again after a growing pause, or `expired` where that would be past
    its horizon. in doubt: shown as that, and sent once more with the same Message-ID
    (`IN_DOUBT=resend`); in doubt a second time it stays so, and so does a digest whose
    second copy was not taken. failed: a `DeliveryEvent`.
    A batch is one transaction; writing it a second time changes nothing.
    """
    states: dict[Lease, str] = {}
    pairs = list(outcomes)
    for model, leases in by_model([lease for lease, _ in pairs]):
        of = {lease: outcome for lease, outcome in pairs if lease.model is model}
        with transaction.atomic(durable=True):
            statements.lock_readers([lease.subscriber_id for lease in leases])
            crashpoint("record.locked")
            left = _time_left(model, of)
            told = [
                _doubted(lease, _told(lease, outcome, left.get(lease.id)))
                for lease, outcome in of.items()
            ]
            states |= _write(model, told, of)
        crashpoint("record.committed")
    return states


def release(leases: Sequence[Lease]) -> None:
    """Give mails back that were not tried; the attempt does not count."""
    for model, some in by_model(leases):
        mine(model, some).update(**BACK, attempts=F("attempts") - 1)
    crashpoint("release.done")


def end(ends: Iterable[End]) -> dict[Lease, str]:
    """Bring leased mails to final states other than sent; without leases lost.

    What a digest covered comes with the reader's next one (rounds.md 9).
    """
    states: dict[Lease, str] = {}
    all_ = list(ends)
    for model, leases in by_model([each.lease for each in all_]):
        some = [each for each in all_ if each.lease.model is model]
        bounces = {each.lease: each.bounce for each in some if each.bounce}
        with transaction.atomic(durable=True):
            statements.lock_readers([lease.subscriber_id for lease in leases])
            told = [
                _doubted(
                    each.lease,
                    Told(
                        each.lease.id,
                        each.lease.token,
                        each.state,
                        each.reason[:REPLY_LENGTH],
                    ),
                )
                for each in some
            ]
            states |= _write(model, told, dict.fromkeys(leases) | bounces)
    return states


# --- rows ---------------------------------------------------------------------------

FREED: dict[str, Any] = {
    "lease_token": None,
    "lease_owner": "",
    "leased_until": None,
    "updated_at": Now(),
}
# A mail that was in doubt before it was leased is so again: its reason is kept.
DOUBTED = Q(reason__startswith=DOUBT)
BACK = FREED | {
    "state": Case(
        When(DOUBTED, then=Value(State.IN_DOUBT.value)),
        default=Value(State.PENDING.value),
    ),
    "next_at": Case(When(DOUBTED, then=Now()), default=None),
}


def _told(lease: Lease, outcome: Outcome, left: timedelta | None) -> Told:
    """What an outcome makes of a mail that has so much time `left`."""
    reply = outcome.reply[:REPLY_LENGTH]
    if outcome.kind in {"sent", "failed"}:
        return Told(lease.id, lease.token, outcome.kind, reply)
    if outcome.kind == "in_doubt":
        return _in_doubt(lease, reply)
    is_unmade = lease.unmade and outcome.stage == "rendering"  # twice in a row
    if is_unmade and lease.attempts >= RENDERING_ATTEMPTS:
        return Told(lease.id, lease.token, State.QUARANTINED, reply)
    pause = _pause(lease.attempts)
    if left is not None and left > pause:
        seconds = pause.total_seconds()
        return Told(lease.id, lease.token, State.DEFERRED, reply, seconds)
    why = f"not taken in time; last: {reply}"[:REPLY_LENGTH]
    return Told(lease.id, lease.token, State.EXPIRED, why)


def _in_doubt(lease: Lease, reply: str) -> Told:
    why = f"{DOUBT}{reply}"[:REPLY_LENGTH]
    if lease.again:
        return Told(lease.id, lease.token, State.IN_DOUBT, why)
    if settings.IN_DOUBT == "hold":
        return Told(lease.id, lease.token, State.IN_DOUBT, why, owner=HELD)
    seconds = _pause(lease.attempts).total_seconds()
    return Told(lease.id, lease.token, State.IN_DOUBT, why, seconds)


def _doubted(lease: Lease, told: Told) -> Told:
    """A digest that was in doubt stays so unless its second copy was taken: the reader
    may have had the first, and then its papers must not come again."""
    if not (lease.again and lease.model is Delivery) or told.state == State.SENT:
        return told
    reason = told.reason if told.reason.startswith(DOUBT) else DOUBT + told.reason
    return told._replace(state=State.IN_DOUBT, reason=reason[:REPLY_LENGTH])


def _write(
    model: Model, told: Sequence[Told], outcomes: Mapping[Lease, Outcome | None]
) -> dict[Lease, str]:
    """Write these states and what follows from them; the readers are locked."""
    by_id = {lease.id: lease for lease in outcomes}
    states = {by_id[pk]: state for pk, state in statements.write(model, told).items()}
    crashpoint("record.written")
    if model is Delivery:
        sent = [x.subscriber_id for x, state in states.items() if state == State.SENT]
        if sent:
            Subscriber.objects.filter(pk__in=among(sent)).update(last_mail_at=Now())
        kept = {State.SENT, State.DEFERRED, State.IN_DOUBT}
        ended = [lease.id for lease, state in states.items() if state not in kept]
        if ended:
            Delivery.objects.filter(pk__in=ended).give_coverage_back()
            crashpoint("record.coverage")
    bounces = {
        lease: outcome
        for lease in states
        if (outcome := outcomes[lease]) and outcome.kind == "failed"
    }
    if bounces:
        whose = _whose(model, list(bounces))
        DeliveryEvent.objects.bulk_create(
            _event(lease, bounce, whose[lease]) for lease, bounce in bounces.items()
        )
    return states


def _event(lease: Lease, bounce: Outcome, whose: int | None) -> DeliveryEvent:
    return DeliveryEvent(
        delivery_id=lease.id if lease.model is Delivery else None,
        subscriber_id=whose,
        type=DeliveryEvent.Type.BOUNCED,
        status=bounce.status,
        detail=f"at {bounce.stage}: {bounce.reply}"[:REPLY_LENGTH],
    )


def _whose(model: Model, leases: Sequence[Lease]) -> dict[Lease, int | None]:
    """The reader of whom a bounce tells; it may tell of another address alone."""
    whose: dict[Lease, int | None] = {lease: lease.subscriber_id for lease in leases}
    if model is Letter:
        by_id = {lease.id: lease for lease in leases}
        letters = Letter.objects.filter(pk__in=by_id).exclude(recipient="")
        for letter in letters.select_related("subscriber"):
            if not letter.is_to_its_reader:
                whose[by_id[letter.pk]] = None
    return whose


def _time_left(model: Model, outcomes: Mapping[Lease, Outcome]) -> dict[int, timedelta]:
    """Of those that may be deferred: until their horizon."""
    waiting = [lease for lease, each in outcomes.items() if each.kind == "deferred"]
    rows = statements.owed(mine(model, waiting)) if waiting else []
    return {row.id: row.time_left for row in rows}


def mine(model: Model, leases: Iterable[Lease]) -> QuerySet[Any]:
    """The leases' rows as far as they are still held. A token is of one claim only, so
    that an id and a token of the same list belong together."""
    held = list(leases)
    return model._default_manager.filter(
        pk__in=among([lease.id for lease in held]),
        state=State.LEASED,
        lease_token__in={lease.token for lease in held},
    )


def by_model(leases: Iterable[Lease]) -> list[tuple[Model, list[Lease]]]:
    def name(lease: Lease) -> str:
        return lease.model.__name__

    groups = groupby(sorted(leases, key=name), key=lambda lease: lease.model)
    return [(model, list(some)) for model, some in groups]


def _pause(attempts: int) -> timedelta:
    """How long to wait after this many attempts: doubled each time, with jitter."""
    doubled = FIRST_RETRY * 2 ** min(max(attempts, 1) - 1, 16)
    jitter: float = random.uniform(0.75, 1.25)  # noqa: S311 - not a secret
    return timedelta(seconds=min(doubled, LONGEST_RETRY).total_seconds() * jitter)
