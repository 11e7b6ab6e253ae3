"""Rule 12: a reader is due for a local date within six hours of their hour on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from subscriptions.models import Delivery, Pause, Subscriber
from subscriptions.models.readers import zone_of

WINDOW = timedelta(hours=6)
# A due date, from midnight UTC: its first hour anywhere, and when its last window has
# closed everywhere (rounds.md 18).
BEGINS, CLOSES = -timedelta(hours=14), timedelta(days=1, hours=18)
# How long after its window a date without anything to send is still written down.
_LOOK_BACK = timedelta(hours=12)
# First digests a tick; more wait a minute.
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Due:
    """Readers (a query) who are due for one local date."""

    day: date
    readers: QuerySet[Subscriber]


@lru_cache(maxsize=65536)
def instant(day: date, hour: int, zone: str) -> datetime:
    """The UTC instant of `hour` on `day` in `zone`.

    An hour that daylight saving skips: the first instant after the gap; one that comes
    twice: the first.
    """
    tz = zone_of(zone)
    local = datetime.combine(day, time(hour), tz)
    found = local.astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    # In a gap. The offset from before it (fold 0) leads past its end, the offset from
    # after it (fold 1) to before its start; the change lies in between.
    before, after = local.replace(fold=1).astimezone(UTC), found
    offset = before.astimezone(tz).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(tz).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def next_due(reader: Subscriber, after: date) -> date:
    """The first date of the reader's cadence after `after` on which they get mail."""
    day = max(after + timedelta(days=1), reader.paused_until or after)
    while not reader.wants(day):
        day += timedelta(days=1)
    return day


def due_now(now: datetime) -> Iterator[Due]:
    """Everyone who is due at `now` (aware), by local date; first digests first.

    Take them in order and write the rows of each before the next: a query runs when it
    is reached, and leaves out whoever has a row by then. Run it again once the readers
    are locked: it leaves out whoever paused, left, moved or got a row meanwhile.
    Nobody is due while all sending is paused.
    """
    if Pause.objects.filter(lasts=True).exists():
        return
    yield from _first_digests(now)
    # One from the future, of a clock that was wrong for a while, holds nobody back.
    lately = Q(last_mail_at__gt=now - WINDOW, last_mail_at__lt=now + WINDOW)
    ready = _ready().exclude(lately)
    for day, whose in _by_date(now, now - WINDOW):
        yield Due(day, _on(ready, day, whose))


def overdue(now: datetime) -> Iterator[Due]:
    """Readers whose window closed without a delivery (rule 13: "no new edition")."""
    ready = _ready().filter(awaits_first_digest=False)
    for day, whose in _by_date(now - WINDOW, now - WINDOW - _LOOK_BACK, _was_there):
        yield Due(day, _on(ready, day, whose))


def all_on(day: date) -> QuerySet[Subscriber]:
    """Rule 17: everyone active whose cadence includes `day`, whatever their hour."""
    return _on(_ready(), day, Q())


def _ready() -> QuerySet[Subscriber]:
    """Nobody has two mails on the way."""
    open_, readers = Delivery.objects.open(), Subscriber.objects.active()
    if connection.vendor == "sqlite":  # it would look at all that each reader ever had
        return readers.exclude(pk__in=open_.values("subscriber"))
    return readers.exclude(Exists(open_.filter(subscriber=OuterRef("pk"))))


def _on(readers: QuerySet[Subscriber], day: date, whose: Q) -> QuerySet[Subscriber]:
    in_cadence = readers.annotate(day_bit=F("weekdays").bitand(1 << day.weekday()))
    return _free(in_cadence.filter(whose, day_bit__gt=0), day)


def _free(readers: QuerySet[Subscriber], day: date) -> QuerySet[Subscriber]:
    has_row = Delivery.objects.filter(subscriber=OuterRef("pk"), due_date=day)
    return readers.exclude(paused_until__gt=day).exclude(Exists(has_row))


def _not_imported_since(start: datetime) -> Q:
    """Rule 16: an imported reader is due first on the hour after the import."""
    return Q(due_after=None) | Q(due_after__lt=start)


def _was_there(start: datetime) -> Q:
    """Whoever confirmed after their hour had their first digest instead."""
    return _not_imported_since(start) & Q(confirmed_at__lt=start)


def _by_date(
    until: datetime,
    since: datetime,
    could_be: Callable[[datetime], Q] = _not_imported_since,
) -> Iterator[tuple[date, Q]]:
    """Per local date the readers whose hour's instant lies in (since, until]."""
    groups: dict[date, dict[tuple[tuple[int, datetime], ...], list[str]]]
    groups = defaultdict(lambda: defaultdict(list))
    for zone in _zones():
        tz = zone_of(zone)
        first, last = since.astimezone(tz).date(), until.astimezone(tz).date()
        for offset in range(-1, (last - first).days + 1):
            day = first + timedelta(days=offset)
            hours = tuple(
                (hour, start)
                for hour in range(24)
                if since < (start := instant(day, hour, zone)) <= until
            )
            if hours:
                groups[day][hours].append(zone)
    for day in sorted(groups):
        yield (
            day,
            _any(
                Q(zone__in=zones, hour=hour) & could_be(start)
                for hours, zones in groups[day].items()
                for hour, start in hours
            ),
        )


def _any(conditions: Iterable[Q]) -> Q:
    result = Q()
    for each in conditions:
        result |= each
    return result


def _zones() -> list[str]:
    active = Subscriber.objects.active().order_by()
    return list(active.values_list("zone", flat=True).distinct())


def _first_digests(now: datetime) -> Iterator[Due]:
    """Rule 15: once confirmed, due at once for the local date at compose.

    If the date of the confirmation has a row already, nothing is due at once: the
    next due date's digest is the first.
    """
    waiting = _ready().filter(awaits_first_digest=True)
    by_day: dict[date, list[int]] = defaultdict(list)
    found = 0
    for reader in waiting.order_by("confirmed_at").iterator(chunk_size=500):
        day = now.astimezone(reader.tz).date()
        since = (reader.confirmed_at or now).astimezone(reader.tz).date()
        has_row = reader.deliveries.filter(due_date__in=[day, since]).exists()
        if not has_row and not reader.is_paused_on(day):
            by_day[day].append(reader.pk)
            found += 1
        if found == _AT_ONCE:
            break
    for day, ids in by_day.items():
        yield Due(day, _free(waiting.filter(pk__in=ids), day))
