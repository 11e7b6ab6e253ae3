"""The canary: of readers never mailed before a few go first, and the rest waits.

Which deliveries go first stands in the round's row, written in the transaction that
writes the deliveries: however many senders there are, they read the same list.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from subscriptions.models import Delivery, Round
from subscriptions.models.mailings import HORIZON, HORIZON_ENDS

from . import pauses

WAIT = timedelta(minutes=30)
# A domain that asks to slow down may let its part of the canary wait for a day; the
# others wait no longer than this for it.
LONGEST = timedelta(hours=2)
State = Delivery.State
# More of those due than this were never mailed before.
_MANY = 0.05


def begin(
    round_: Round, never_mailed: Sequence[int], others: Sequence[int], imported: bool
) -> bool:
    """Choose the canary among these readers, if there is cause and more to wait.

    `imported`: readers taken over from elsewhere are among those never mailed. Once a
    round; call it in the transaction that writes the deliveries.
    """
    due = len(never_mailed) + len(others)
    cause = imported or len(never_mailed) > _MANY * due
    if not (settings.CANARY and never_mailed and cause and due > settings.CANARY):
        return False
    readers = [*sorted(never_mailed), *sorted(others)][: settings.CANARY]
    first = Delivery.objects.filter(round=round_, subscriber__in=readers)
    free = Round.objects.filter(pk=round_.pk, canary=[])
    return bool(free.update(canary=sorted(first.values_list("pk", flat=True))))


def follow(now: datetime) -> None:
    """Once the canary is out, say until when the others wait. Then they go by
    themselves, unless the circuit breaker has paused all sending."""
    waiting = Round.objects.filter(state=Round.State.OPEN, canary_until=None)
    for round_ in waiting.exclude(canary=[]):
        if _is_out(round_, now):
            still = Round.objects.filter(pk=round_.pk, canary_until=None)
            still.update(canary_until=now + WAIT)


def _is_out(round_: Round, now: datetime) -> bool:
    """Whether none of it waits any more; or some were tried, and what still waits has
    spent LONGEST of its time, which stands still while nothing is sent."""
    first = Delivery.objects.filter(pk__in=round_.canary)
    waiting = first.filter(state__in=[State.PENDING, State.LEASED])
    if not waiting.exists():
        return True
    tried = first.filter(state__in=[State.SENT, State.DEFERRED, State.FAILED])
    if not tried.exists() or round_.paused or pauses.why_nothing_goes(now):
        return False
    pauses.note_opening(now)
    left = waiting.annotate(horizon=HORIZON_ENDS)
    return not left.filter(horizon__gt=now + HORIZON - LONGEST).exists()


def waits(now: datetime) -> list[Round]:
    """The rounds whose canary is out, or on its way."""
    open_ = Round.objects.filter(state=Round.State.OPEN).exclude(canary=[])
    return [r for r in open_ if r.canary_until is None or r.canary_until > now]
