"""What the front page knows: a dozen aggregate queries, no loop over a big table.

Days are those of `settings.HOME_ZONE`; a digest's and a run's day are its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Case, Count, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDate

from subscriptions import sending
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Notice,
    Pause,
    Round,
    Source,
    SourceRun,
    Subscriber,
)

State = Delivery.State
# Every state of a delivery is in one of these: they add up to what was due.
OUTCOMES = {
    "sent": (State.SENT,),
    "skipped": (State.SKIPPED, State.SUPPRESSED, State.UNSUBSCRIBED),
    "failed": (State.FAILED, State.EXPIRED, State.QUARANTINED),
    "in_doubt": (State.IN_DOUBT,),
    "deferred": (State.DEFERRED,),
    "pending": (State.PENDING, State.LEASED),
}
NEED_A_PERSON = (State.FAILED, State.IN_DOUBT, State.QUARANTINED)
DAYS = 30  # shown
REFUSED_WITHIN = timedelta(days=7)
# The best that a day's attempts came to is how that day went: an attempt that finds
# everything listed already, after one that listed it, is no bad news.
BEST_FIRST = ("fresh", "partial", "stale", "quiet", "down")


@dataclass(frozen=True, slots=True)
class Morning:
    """A round so far: `due` digests, and where each of them is."""

    round_id: int
    due_date: date
    is_today: bool
    complete: bool
    paused: bool
    papers: int
    filters: int
    due: int
    sent: int
    skipped: int
    deferred: int
    failed: int
    in_doubt: int
    pending: int

    @property
    def done_percent(self) -> int:
        """How much of what was due has ended, 0 to 100; never rounded up to 100."""
        ended = self.due - self.pending - self.deferred
        return 100 * ended // self.due if self.due else 0


@dataclass(frozen=True, slots=True)
class ReaderDay:
    """`active` at the end of `day`, of whom `joined` on it; `left` on it."""

    day: date
    active: int
    joined: int
    left: int


@dataclass(frozen=True, slots=True)
class DeliveryDay:
    """The digests due on `day`, by how they ended. Open ones are in none."""

    day: date
    sent: int
    skipped: int
    failed: int
    in_doubt: int


@dataclass(frozen=True, slots=True)
class SourceDay:
    """How a source's day went. `state` "" and 0 everywhere: it was not asked."""

    source: str
    day: date
    state: str
    seen: int
    listed: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Down:
    """A source whose newest run got nothing, and why."""

    run_id: int
    source: str
    day: date
    reason: str


@dataclass(frozen=True, slots=True)
class Attention:
    """What needs a person. `deliveries`: state -> how many in the days looked at;
    `stopped`: the pause of all sending; `faults`: rounds that do not add up; `untold`:
    notices that did not arrive at the third attempt; `refused`: how many mails servers
    refused by policy in the last seven days; `restored`: why a restored database holds
    all sending."""

    down: tuple[Down, ...]
    deliveries: dict[str, int]
    paused: tuple[tuple[int, date], ...]
    stopped: Pause | None
    faults: tuple[tuple[int, date, str], ...]
    untold: int
    refused: int
    restored: str

    def __bool__(self) -> bool:
        found = (self.down, self.deliveries, self.paused, self.stopped, self.faults)
        return any(found) or bool(self.untold or self.refused or self.restored)


def home_day(now: datetime) -> date:
    return now.astimezone(settings.HOME_ZONE).date()


def morning(today: date) -> Morning | None:
    """Today's round, else the newest one; None before the first."""
    chosen = (
        Round.objects.filter(due_date=today).first()
        or Round.objects.order_by("-due_date").first()
    )
    if chosen is None:
        return None
    counts = Delivery.objects.by_state(chosen.due_date)
    outcomes = {
        name: sum(counts[state] for state in states)
        for name, states in OUTCOMES.items()
    }
    return Morning(
        round_id=chosen.pk,
        due_date=chosen.due_date,
        is_today=chosen.due_date == today,
        complete=chosen.state == Round.State.COMPLETE,
        paused=chosen.paused,
        papers=chosen.papers,
        filters=chosen.filters,
        due=sum(counts.values()),
        **outcomes,
    )


def readers(today: date, days: int = DAYS) -> tuple[ReaderDay, ...]:
    """The last `days` days, oldest first.

    Counted back from those active now, by who has confirmed and who left since. A
    reader who was suppressed without leaving has no day of it, and counts nowhere; nor
    does one who left without having confirmed.
    """
    left = ~Q(state=Subscriber.State.ACTIVE) & Q(unsubscribed_at__isnull=False)
    left &= Q(confirmed_at__isnull=False)
    joined = Q(state=Subscriber.State.ACTIVE) | left
    came = _per_day(Subscriber.objects.filter(joined), "confirmed_at", today, days)
    went = _per_day(Subscriber.objects.filter(left), "unsubscribed_at", today, days)
    active = Subscriber.objects.active().count()
    found = []
    for day in reversed(last_days(today, days)):
        found.append(ReaderDay(day, active, came.get(day, 0), went.get(day, 0)))
        active += went.get(day, 0) - came.get(day, 0)
    return tuple(reversed(found))


def deliveries(today: date, days: int = DAYS) -> tuple[DeliveryDay, ...]:
    """The digests of the last `days` due dates, oldest first."""
    window = last_days(today, days)
    rows = Delivery.objects.filter(due_date__range=(window[0], today)).order_by()
    # COUNT(*) by date and state reads the index alone.
    counted = rows.values_list("due_date", "state").annotate(n=Count("*"))
    found = {(day, state): n for day, state, n in counted}
    return tuple(
        DeliveryDay(
            day,
            *(sum(found.get((day, s), 0) for s in OUTCOMES[name]) for name in _ENDED),
        )
        for day in window
    )


_ENDED = ("sent", "skipped", "failed", "in_doubt")


def sources(today: date, days: int = DAYS) -> dict[str, tuple[SourceDay, ...]]:
    """Per source, in the settings' order, the last `days` days, oldest first.

    The sample's row is there only where it was loaded.
    """
    window = last_days(today, days)
    rank = Case(*(When(state=s, then=Value(n)) for n, s in enumerate(BEST_FIRST)))
    rows = (
        SourceRun.objects.filter(day__range=(window[0], today))
        .order_by()
        .values("source", "day")
        .annotate(
            best=Min(rank), most=Max("seen"), sum=Sum("listed"), attempts=Count("pk")
        )
    )
    found: dict[tuple[str, date], SourceDay] = {
        (row["source"], row["day"]): SourceDay(
            row["source"],
            row["day"],
            BEST_FIRST[row["best"]],
            row["most"],
            row["sum"],
            row["attempts"],
        )
        for row in rows
        if row["day"]
    }
    seen = {source for source, _ in found}
    names = [s for s in Source.values if s in seen or s in settings.SOURCES]
    return {
        name: tuple(
            found.get((name, day), SourceDay(name, day, "", 0, 0, 0)) for day in window
        )
        for name in names
    }


def attention(today: date, days: int = DAYS) -> Attention:
    """Sources down now, digests of the last `days` days that ended badly, pauses."""
    bad = (
        Delivery.objects.filter(
            # Each day by name, tomorrow's too, which has begun where some readers live:
            # a range would read every row of the index in it.
            due_date__in=last_days(today + timedelta(1), days + 1),
            state__in=NEED_A_PERSON,
        )
        .order_by("state")
        .values_list("state")
        .annotate(n=Count("*"))
    )
    of_round = Round.objects.filter(paused=True).values_list("pk", "due_date")
    faulty = Round.objects.filter(due_date__gt=today - timedelta(days=days))
    faults = faulty.exclude(faults="").values_list("pk", "due_date", "faults")
    untold = Notice.objects.exclude(ways=[]).filter(attempts__gte=3).count()
    first = last_days(today, REFUSED_WITHIN.days)[0]
    policy = DeliveryEvent.objects.filter(
        type=DeliveryEvent.Type.BOUNCED,  # by whose index of time
        verdict=DeliveryEvent.Verdict.POLICY,
        at__gte=datetime.combine(first, datetime.min.time(), settings.HOME_ZONE),
    )
    return Attention(
        _down(),
        dict(bad),
        tuple(of_round),
        sending.lasting(),
        tuple(faults),
        untold,
        policy.count(),
        sending.hold_check(),
    )


def last_days(today: date, days: int) -> list[date]:
    """`days` days that end with `today`, oldest first."""
    return [today - timedelta(n) for n in reversed(range(days))]


def _down() -> tuple[Down, ...]:
    found = []
    for source in settings.SOURCES:
        runs = SourceRun.objects.filter(source=source, day__isnull=False)
        newest = runs.order_by("-day", "-attempt").first()
        if newest and newest.day and newest.state == SourceRun.State.DOWN:
            found.append(Down(newest.pk, source, newest.day, newest.reason))
    return tuple(found)


def _per_day(
    rows: QuerySet[Subscriber], field: str, today: date, days: int
) -> dict[date, int]:
    """Rows with `field` on each day, in HOME_ZONE; days without any: absent."""
    first = last_days(today, days)[0]
    since = datetime.combine(first, datetime.min.time(), settings.HOME_ZONE)
    counted = (
        rows.filter(**{f"{field}__gte": since})
        .order_by()
        .values_list(TruncDate(field, tzinfo=settings.HOME_ZONE))
        .annotate(n=Count("pk"))
    )
    return dict(counted)
