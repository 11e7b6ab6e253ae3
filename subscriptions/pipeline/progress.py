"""How a round goes: what the front page shows while it runs.

Counts come from the index of due date and state alone (`COUNT(*)` by state reads no
row of the table), the rate from counts that the tick notes in the round's row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from subscriptions import sending
from subscriptions.models import Delivery, Round

State = Delivery.State
_NOTED = 11  # ten minutes of ticks
_RECENT = timedelta(minutes=12)


@dataclass(frozen=True, slots=True)
class Progress:
    """The deliveries of a due date: `counts` by state, every state there.

    `per_minute`: digests sent a minute of late, None where that is not known yet;
    `left`: how long what waits takes at that rate. `waits`: why nothing goes, "".
    """

    day: date
    counts: dict[str, int]
    per_minute: float | None
    waits: str

    @property
    def due(self) -> int:
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        return sum(self.counts[state] for state in Delivery.OPEN)

    @property
    def left(self) -> timedelta | None:
        ready = self.counts[State.PENDING] + self.counts[State.LEASED]
        if not self.per_minute or not ready or self.waits:
            return None
        return timedelta(minutes=ready / self.per_minute)


def progress(day: date, now: datetime | None = None) -> Progress:
    """Where the deliveries of `day` are at `now`."""
    now = now or timezone.now()
    counts = counts_of(day)
    round_ = Round.objects.filter(due_date=day).first()
    waits = _waits(round_, now) if round_ and round_.state == Round.State.OPEN else ""
    rate = _rate(round_.pace if round_ else [], counts[State.SENT], now)
    return Progress(day, counts, rate, waits)


def note_pace(now: datetime) -> None:
    """Note how many of each open round have been sent; the tick calls it."""
    for round_ in Round.objects.filter(state=Round.State.OPEN):
        if not round_.deliveries.open().exists() and _stands(round_.pace):
            continue
        sent = counts_of(round_.due_date)[State.SENT]
        noted = [*round_.pace, [now.isoformat(), sent]][-_NOTED:]
        Round.objects.filter(pk=round_.pk).update(pace=noted)


def _stands(noted: list[list[object]]) -> bool:
    """Nothing was sent in the minutes noted: another note would say the same."""
    return not noted or noted[0][1] == noted[-1][1]


def counts_of(day: date) -> dict[str, int]:
    """How many deliveries of `day` are in each state, every state there."""
    rows = Delivery.objects.filter(due_date=day).order_by().values_list("state")
    found = dict(rows.annotate(n=Count("*")))
    return {state: found.get(state, 0) for state in State.values}


def _rate(noted: list[list[object]], sent: int, now: datetime) -> float | None:
    """A minute, since the oldest note of the last minutes."""
    for at, before in noted:
        passed = now - datetime.fromisoformat(str(at))
        if timedelta(seconds=20) <= passed <= _RECENT:
            return (sent - int(str(before))) / (passed / timedelta(minutes=1))
    return None


def _waits(round_: Round, now: datetime) -> str:
    if why := sending.why_nothing_goes(now):
        return why
    if round_.paused:
        return "the round is paused"
    if round_ in sending.canaries(now):
        first = f"the first {len(round_.canary)} digests go before the others"
        until = round_.canary_until
        return f"{first}, which wait until {until:%H:%M} UTC" if until else first
    return ""
