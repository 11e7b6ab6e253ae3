"""Invented readers with filters, as the service would have stored them, in a database
of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from random import Random

from django.utils import timezone

from subscriptions.models import Subscriber, Subscription

from .mix import DAY, Mix
from .stored import store_filters

_BATCH = 5_000
# Every reader's first filter is one of these, each of which finds about a fifth of a
# day's papers, so that every digest is full: what the mix's own filters find is mostly
# less than a digest holds.
_BROAD = ("cat:cs.lg", "cat:cs.ai", "cat:cs.cl", "cat:cs.cv", "cat:stat.ml")
_ZONES = ("UTC", "Europe/Berlin", "Europe/Paris", "America/New_York", "Asia/Tokyo")


def subscribe(
    mix: Mix, readers: int, filters: int, say: Callable[[str], object]
) -> None:
    """`readers` who read until the day before `DAY`, daily, with `filters` distinct
    filters between them: 2.5 each in the mean, by the shares of `mix`."""
    # The broad ones, then the mix's, the popular first.
    rows = store_filters([*_BROAD, *mix.filters(filters)])
    random, yesterday = Random("readers"), (DAY - timedelta(1)).isoformat()
    wishes = mix.readers(readers, len(rows) - len(_BROAD))
    for first in range(0, readers, _BATCH):
        numbers = range(first, min(first + _BATCH, readers))
        stored = Subscriber.objects.bulk_create(
            _reader(number, random, {"arxiv": yesterday}) for number in numbers
        )
        Subscription.objects.bulk_create(
            Subscription(
                subscriber_id=reader.pk,
                filter=rows[place],
                text=rows[place].text,
                name=f"Topic {position + 1}" if place % 2 else "",
                position=position,
            )
            for reader, wished in zip(stored, islice(wishes, len(numbers)), strict=True)
            for position, place in enumerate(_places(reader.pk, wished))
        )
        if (first + _BATCH) % 100_000 == 0:
            say(f"{first + _BATCH:,} readers stored")


def _places(reader: int, wished: set[int]) -> Iterator[int]:
    """A broad filter, and what the mix wants for this reader but for one."""
    yield reader % len(_BROAD)
    yield from (len(_BROAD) + place for place in sorted(wished)[1:])


def _reader(number: int, random: Random, covered: dict[str, str]) -> Subscriber:
    address = f"reader{number}@example.org"
    return Subscriber(
        email=address,
        email_folded=address,
        state=Subscriber.State.ACTIVE,
        zone=random.choice(_ZONES),
        hour=random.randrange(5, 10),
        confirmed_at=timezone.now() - timedelta(days=random.randrange(1, 300)),
        covered=covered,
    )
