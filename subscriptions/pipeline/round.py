"""One due date, all stages; and what every tick sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from time import monotonic

from django.db import transaction
from django.utils import timezone

from subscriptions import rounds, sending
from subscriptions.crashpoint import crashpoint
from subscriptions.models import Delivery, Letter, Notice, Round
from subscriptions.models.mailings import KEPT_FOR

from .bulk import seldom_collected
from .completeness import not_delivered
from .compose import compose_day
from .digests import Digests
from .intake import publish_until
from .letters import outgoing_letters
from .mails import outgoing_digests
from .progress import progress

_REPORTED = ("sent", "skipped", "deferred", "failed", "in_doubt")


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What one `run` did, and the ledger's state after it.

    `papers` distinct, in the editions covered; `filters` distinct, active; `due`
    deliveries of the day; the others the transitions that this call made; `totals`
    the day's deliveries by state, under the same names. `problem`: why sending
    stopped early, "" if it did not.
    """

    day: date
    papers: int
    filters: int
    due: int
    sent: int
    skipped: int
    deferred: int
    failed: int
    in_doubt: int
    totals: dict[str, int]
    problem: str = ""


def run(day: date) -> RoundReport:
    """Publish, compose and send everything of due date `day` (rounds.md 17).

    Historical days are run in ascending order. A second run sends nothing twice.
    """
    publish_until(day)
    composed = compose_day(day)
    problem = ""
    try:
        sent = _send_digests(None, day)
    except sending.RelayDown as down:
        sent, problem = down.counts, str(down)
    close_rounds(timezone.now())
    how_it_goes = progress(day)
    if how_it_goes.waiting and not problem:
        problem = how_it_goes.waits
    round_ = Round.objects.filter(due_date=day).first()
    totals = Delivery.objects.by_state(day)
    return RoundReport(
        day=day,
        papers=round_.papers if round_ else 0,
        filters=round_.filters if round_ else 0,
        due=sum(totals.values()),
        sent=sent.sent,
        skipped=composed.skipped + sent.skipped,
        deferred=sent.deferred,
        failed=sent.failed,
        in_doubt=sent.in_doubt,
        totals={name: totals.get(name, 0) for name in _REPORTED}
        | {name: n for name, n in totals.items() if n and name not in _REPORTED},
        problem=problem,
    )


def deliver(seconds: float | None = None, day: date | None = None) -> sending.Counts:
    """Send letters, then digests, that wait; take no new ones after `seconds`."""
    until = None if seconds is None else monotonic() + seconds
    sent, fault = sending.Counts(), None
    if day is None:
        try:
            sent = sending.send(Letter, outgoing_letters, until=until)
        except sending.NothingMade as error:
            fault = error  # digests need not wait until letters can be made again
    sent += _send_digests(until, day)
    if fault:
        raise fault
    return sent


def _send_digests(until: float | None, day: date | None) -> sending.Counts:
    """Batch by batch; what they show of the same papers is made once."""
    render = partial(outgoing_digests, digests=Digests())
    with seldom_collected():
        return sending.send(Delivery, render, until=until, due_date=day)


def forget(now: datetime) -> int:
    """Empty digests that have had their 90 days, also those of an older date; how many.

    States and counts stay. By rounds: of a year's digests it reads those of a day.
    """
    old = Round.objects.filter(due_date__lt=now.date() - KEPT_FOR, emptied=False)
    return sum([_empty(pk, now) for pk in old.values_list("pk", flat=True)])


@transaction.atomic
def _empty(pk: int, now: datetime) -> int:
    """Under the lock that compose takes. What waits is still to be sent, for however
    long all sending is paused; what is in doubt does not go once more."""
    round_ = Round.objects.select_for_update().get(pk=pk)
    told = round_.deliveries.exclude(picks=[], also=[], filters=[], mutes=[])
    past = told.exclude(state__in=Delivery.OPEN).filter(created_at__lt=now - KEPT_FOR)
    emptied = past.update(
        picks=[], also=[], filters=[], mutes=[], notes=[], left_out=0, next_at=None
    )
    if not told.exists():
        round_.emptied = True
        round_.save(update_fields=["emptied"])
    return emptied


def close_rounds(now: datetime) -> int:
    """Mark rounds complete whose windows have closed and of which nothing is open."""
    newest = (now - rounds.CLOSES).astimezone(UTC).date()
    over = Round.objects.filter(state=Round.State.OPEN, due_date__lte=newest)
    return sum([_close(pk, now) for pk in over.values_list("pk", flat=True)])


def _close(pk: int, now: datetime) -> bool:
    """Looked at under the lock that compose takes when it writes rows of the round."""
    with transaction.atomic():  # complete and not told of would be for ever
        open_ = Round.objects.select_for_update().filter(state=Round.State.OPEN)
        round_ = open_.filter(pk=pk).first()
        if round_ is None or round_.deliveries.open().exists():
            return False
        crashpoint("round.closing")
        round_.state = Round.State.COMPLETE
        round_.completed_at = now
        round_.save(update_fields=["state", "completed_at"])
        # A monitor of the pings must not hear that all is well while nothing arrives.
        if not not_delivered(Delivery.objects.by_state(round_.due_date)):
            sending.owe(f"complete {round_.due_date}", Notice.Kind.COMPLETE)
    crashpoint("round.closed")
    return True
