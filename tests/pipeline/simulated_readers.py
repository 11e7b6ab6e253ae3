"""The simulated readers: what they ask for, and what they do with the real consent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from subscriptions import consent, matching
from subscriptions.models import Delivery
from subscriptions.models import Subscriber as Reader

Key = tuple[str, date]  # an edition: source and day
Finds = Callable[[frozenset[str], str, int], bool]  # (words, source, upvotes)

WORDS = ("tide", "quark", "moss", "lathe", "fjord")
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Kolkata",
]
CADENCES = [("daily", 0b1111111)] * 4 + [("weekdays", 0b0011111), ("weekly", 0b0000100)]


@dataclass(frozen=True)
class Wish:
    text: str
    finds: Finds = field(repr=False)


def a_wish(random: Random) -> Wish:
    one, two = random.sample(WORDS, 2)
    return random.choice(
        [
            Wish(one, lambda words, source, up: one in words),
            Wish(one, lambda words, source, up: one in words),
            Wish(
                f"{one} OR {two}",
                lambda words, source, up: one in words or two in words,
            ),
            Wish(
                f"{one} NOT {two}",
                lambda words, source, up: one in words and two not in words,
            ),
            Wish("in:hf", lambda words, source, up: source == "hf"),
            Wish(
                f"in:arxiv {one}",
                lambda words, source, up: source == "arxiv" and one in words,
            ),
            Wish(
                f"{one} upvotes:5", lambda words, source, up: one in words and up >= 5
            ),
        ]
    )


@dataclass
class Person:
    """What a reader asked for, in the world's own words."""

    id: int
    zone: str
    hour: int
    weekdays: int
    cap: int = 12
    hold: int = 1
    wishes: dict[int, Wish] = field(default_factory=dict)
    off: set[int] = field(default_factory=set)
    active: bool = True
    awaits_first: bool = True
    paused_until: date | None = None
    # Per source the first edition owed; a source that is absent: from its first on.
    start: dict[str, date] = field(default_factory=dict)
    confirmed: datetime | None = None
    last_mail: datetime | None = None
    imported: datetime | None = None
    left: datetime | None = None

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()

    def paused(self, day: date) -> bool:
        return self.paused_until is not None and day < self.paused_until

    def wants(self, day: date) -> bool:
        return bool(self.weekdays >> day.weekday() & 1)

    def due_at(self, day: date) -> datetime:
        return first_quarter(day, self.hour, self.zone)


@cache
def first_quarter(day: date, hour: int, zone: str) -> datetime:
    """The first quarter of an hour at which a clock in `zone` shows `hour` on `day` or
    later on it: what a person who looks at the clock would say."""
    tz = ZoneInfo(zone)
    now = datetime.combine(day, time(0), UTC) - timedelta(hours=15)
    while True:
        local = now.astimezone(tz)
        if local.date() == day and local.hour >= hour:
            return now
        now += timedelta(minutes=15)


class Readers:
    """`published`: the editions there are, kept by the world."""

    def __init__(self, random: Random, published: Iterable[Key]) -> None:
        self.random, self.published = random, published
        self.zones = random.sample(ZONES, 3)
        self.people: dict[int, Person] = {}

    def signs_up(self, now: datetime) -> None:
        number = len(self.people)
        schedule = self._a_schedule()
        address = f"reader{number}@example.org"
        wishes = [a_wish(self.random) for _ in range(self.random.randint(1, 3))]
        wanted = [_wanted(wish) for wish in wishes]
        imported = self.random.random() < 0.25
        if imported:
            consent.add_imported(address, wanted, schedule, now - timedelta(days=300))
        else:
            consent.subscribe(address, wanted, schedule)
        reader = Reader.objects.at(address).get()
        person = Person(reader.pk, schedule.zone, schedule.hour, schedule.weekdays)
        person.cap = self.random.choice([1, 2, 3, 40, 40])
        person.hold = self.random.choice([1, 1, 1, 3])
        Reader.objects.filter(pk=reader.pk).update(
            max_papers=person.cap, hold_until=person.hold
        )
        by_text = {canonical(wish): wish for wish in wishes}
        for each in reader.subscriptions.select_related("filter"):
            person.wishes[each.pk] = by_text[each.filter.text]
        self.people[reader.pk] = person
        consent.confirm(reader.pk)
        person.imported = now if imported else None
        self._joined(person, now, first=not imported)

    def _joined(self, person: Person, now: datetime, first: bool) -> None:
        person.active, person.awaits_first = True, first
        person.confirmed = now if first else person.confirmed
        today = person.today(now)
        person.start = {}
        for source, day in self.published:
            if day <= today:
                person.start[source] = max(day, person.start.get(source, day))

    def _a_schedule(self) -> consent.Schedule:
        cadence, weekdays = self.random.choice(CADENCES)
        zone, hour = (
            self.random.choice(self.zones),
            self.random.choice([0, 2, 7, 9, 18, 23]),
        )
        return consent.Schedule(zone, hour, cadence, weekdays)

    def somebody_acts(self, now: datetime) -> None:
        if not self.people:
            return
        person = self.random.choice(list(self.people.values()))
        if not person.active:
            self.comes_back(person, now)
            return
        acts = [self.leaves, self.moves, self.pauses_or_resumes]
        acts += [self.pauses_or_resumes, self.adds, self.adds, self.drops]
        self.random.choice(acts)(person, now)

    def comes_back(self, person: Person, now: datetime) -> None:
        if self.random.random() < 0.5:
            consent.confirm(person.id)
            person.paused_until = None
            self._joined(person, now, first=True)
            return
        consent.resubscribe(person.id)
        if person.left and now - person.left < timedelta(days=7):
            # Took it back: everything is as it was.
            rows = Delivery.objects.filter(subscriber=person.id)
            person.active = True
            person.awaits_first |= not rows.exists()

    def leaves(self, person: Person, now: datetime) -> None:
        waits = [Delivery.State.PENDING, Delivery.State.DEFERRED]
        first = Delivery.objects.filter(subscriber=person.id, first=True)
        person.awaits_first = first.filter(state__in=waits).exists()
        consent.unsubscribe(person.id, "one-click")
        person.active, person.left = False, now

    def moves(self, person: Person, now: datetime) -> None:
        schedule = self._a_schedule()
        consent.change_schedule(person.id, schedule)
        person.zone, person.hour = schedule.zone, schedule.hour
        person.weekdays = schedule.weekdays

    def pauses_or_resumes(self, person: Person, now: datetime) -> None:
        until = person.today(now) + timedelta(days=self.random.randint(1, 6))
        self.pauses(person, None if person.paused_until else until)

    def pauses(self, person: Person, until: date | None) -> None:
        consent.pause(person.id, until)
        person.paused_until = until

    def adds(self, person: Person, now: datetime) -> None:
        wish = a_wish(self.random)
        added = consent.add_filter(person.id, _wanted(wish)).pk
        person.wishes[added] = wish
        person.off.discard(added)

    def drops(self, person: Person, now: datetime) -> None:
        key = self.random.choice(list(person.wishes))
        if self.random.random() < 0.5:
            enabled = key in person.off
            consent.edit_subscription(person.id, key, "", enabled)
            person.off ^= {key}
        elif len(person.wishes) > 1:
            consent.drop_filter(person.id, key)
            del person.wishes[key]


def canonical(wish: Wish) -> str:
    return matching.canonical(matching.parse(wish.text))


def _wanted(wish: Wish) -> consent.Wanted:
    return consent.Wanted(wish.text, canonical(wish))
