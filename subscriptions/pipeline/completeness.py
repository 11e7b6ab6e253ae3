"""Does it add up? Questions about complete rounds that must be answered with zero."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from subscriptions import rounds, sending
from subscriptions.models import Delivery, Notice, Pause, Round, Subscriber

log = logging.getLogger(__name__)
State = Delivery.State

_LOOKED_AT = timedelta(days=2)  # since a round was complete
_AGAIN = timedelta(hours=1)


def check_complete(now: datetime) -> int:
    """Look at the rounds that were completed lately; how many do not add up.

    On every tick: is a row still open, and are there as many as compose wrote? Once an
    hour, because it reads every reader: has everybody a row who should have one? What
    is wrong is written into the round, and the operator is told once of each round.
    """
    late = Round.objects.filter(state=Round.State.COMPLETE)
    wrong = 0
    for round_ in late.filter(completed_at__gt=now - _LOOKED_AT):
        faults = _rows(round_)
        if round_.checked_at is None or round_.checked_at <= now - _AGAIN:
            round_.checked_at = now
            if without := unserved(round_).count():
                faults.append(f"{without} {_UNSERVED}")
        elif _UNSERVED in round_.faults:  # as it was an hour ago
            faults.append(round_.faults.rpartition("; ")[2])
        round_.faults = "; ".join(faults)
        round_.save(update_fields=["faults", "checked_at"])
        if faults:
            wrong += 1
            _tell(round_)
    return wrong


_UNSERVED = "readers without a digest of it"


def _tell(round_: Round) -> None:
    said = f"the round of {round_.due_date} does not add up: {round_.faults}"
    if sending.owe(f"check {round_.due_date}", Notice.Kind.CHECK, said):
        log.error("%s", said)


def _rows(round_: Round) -> list[str]:
    """What is wrong with the rows of a round, in words. Where all have ended it takes
    one query, which reads the index of due date and state alone."""
    due = Round.objects.filter(pk=round_.pk).values("readers_due")
    found = (
        Delivery.objects.filter(due_date=round_.due_date)
        .order_by()
        .values("state")
        .annotate(n=Count("*"), written=Subquery(due))
    )
    counts = {each["state"]: each["n"] for each in found}
    # Both numbers are of one moment: a reader may be erased while rounds are checked.
    written = found[0]["written"] if found else round_.readers_due
    faults = []
    still_open = sum(counts.get(state, 0) for state in Delivery.OPEN)
    if still_open:  # the second copy of one in doubt is no reason to alarm anybody
        waiting = Delivery.objects.open().filter(due_date=round_.due_date)
        still_open = waiting.exclude(sending.DOUBTED).count()
    if still_open:
        faults.append(f"{still_open} digests of it are not at an end")
    if why := not_delivered(counts):
        faults.append(why)
    rows = sum(counts.values())
    if rows != written:
        faults.append(f"{rows} rows, and {written} were written")
    return faults


def not_delivered(counts: Mapping[str, int]) -> str:
    """Why a round with so many digests in each state cannot be called delivered; ""
    where it can: the mail server took most of them, and said so."""
    expired, doubtful, sent = (
        counts.get(state, 0) for state in (State.EXPIRED, State.IN_DOUBT, State.SENT)
    )
    if expired + doubtful <= sent:
        return ""
    return f"{expired} digests of it expired, {doubtful} are in doubt, {sent} were sent"


def unserved(round_: Round) -> QuerySet[Subscriber]:
    """Readers who were due on the round's date and have no row of it, while others of
    their zone and hour have one.

    Left out are those who may rightly have none: who acted or signed up shortly before,
    who wait until more papers have come, or whose digest of an earlier date was so late
    that it was in the way. None at all where sending was paused or warming up.
    """
    day = round_.due_date
    start = datetime.combine(day, datetime.min.time(), UTC)
    begins, ends = start + rounds.BEGINS, start + rounds.CLOSES
    before = begins - timedelta(days=1)
    paused = Pause.objects.exclude(by=Pause.By.WINDOW).filter(
        Q(lasts=True) | Q(ended_at__gt=begins), started_at__lt=ends
    )
    if rounds.ramp(start) or rounds.ramp(ends) or paused.exists():
        return Subscriber.objects.none()
    whose = Delivery.objects.filter(subscriber=OuterRef("pk"))
    in_the_way = whose.filter(due_date__lt=day, updated_at__gt=before).filter(
        Q(due_date__lt=day - timedelta(days=1))
        | Q(updated_at__gt=F("created_at") + Value(timedelta(hours=18)))
    )
    # Written at their hour. After one that was missed (the machine slept) there
    # are others: first digests, and of who had nothing new anyway.
    alike = Delivery.objects.exclude(reason="no new edition").filter(
        due_date=day,
        first=False,
        subscriber__zone=OuterRef("zone"),
        subscriber__hour=OuterRef("hour"),
    )
    return (
        Subscriber.objects.active()
        .annotate(day_bit=F("weekdays").bitand(1 << day.weekday()))
        .annotate(came=Coalesce("due_after", "confirmed_at"))
        .filter(day_bit__gt=0, hold_until__lte=1, awaits_first_digest=False)
        .filter(last_action_at__lt=before, confirmed_at__lt=before, came__lt=before)
        .exclude(paused_until__gt=day)
        .filter(~Exists(whose.filter(due_date=day)), ~Exists(in_the_way))
        .filter(Exists(alike))
    )
