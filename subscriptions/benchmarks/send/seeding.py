"""The readers of the measuring, and a due date's digests for all of them, composed by
the service itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.utils import timezone

from subscriptions import pipeline
from subscriptions.benchmarks.mix import DAY, Mix
from subscriptions.benchmarks.stored import store, store_filters, tidy
from subscriptions.models import Delivery, Subscriber, Subscription

# In a digest, the first eight with their whole abstracts: about 71 KB on the wire.
PAPERS = 17
_EDITION, _FILTERS, _BATCH = 300, 150, 2000
# Of readers' addresses: no pace of a single one holds a sender back.
_DOMAINS = 500
# Words of the mix in some 5 to 30 of a hundred papers, so that every digest is full.
_KNOWN = slice(60, 60 + _FILTERS)
_WEIGHED = 20  # digests


class Unlike(Exception):
    """The digests that were composed are not what is to be measured."""


def readers(number: int) -> None:
    """Readers with one to six filters each, who have read all up to the day before."""
    mix = Mix()
    filters = store_filters(mix.words[_KNOWN])
    made = Subscriber.objects.bulk_create(map(_reader, range(number)), _BATCH)
    wishes = mix.readers(number, len(filters))
    Subscription.objects.bulk_create(
        (
            Subscription(
                subscriber=reader,
                filter=filters[place],
                text=filters[place].text,
                position=position,
            )
            for reader, wished in zip(made, wishes, strict=True)
            for position, place in enumerate(sorted(wished))
        ),
        batch_size=_BATCH,
    )


def _reader(place: int) -> Subscriber:
    address = f"reader{place}@papers{place % _DOMAINS}.example.org"
    now = timezone.now()
    return Subscriber(
        email=address,
        email_folded=address,
        domain=address.partition("@")[2],
        state=Subscriber.State.ACTIVE,
        confirmed_at=now,
        last_mail_at=now - timedelta(1),  # not the first to be tried with
        max_papers=PAPERS,
        covered={"arxiv": (DAY - timedelta(1)).isoformat()},
    )


def days() -> Iterator[date]:
    """Due dates, each later than the one before: rows are never sent a second time."""
    day = DAY
    while True:
        yield day
        day += timedelta(1)


def compose(day: date) -> None:
    """An edition of `day` and a digest of it that waits for every reader.

    Raises Unlike where a reader would get none.
    """
    first = 1 + _EDITION * (day - DAY).days
    store(Mix().papers(_EDITION, day, first=first))
    pipeline.compose_day(day)
    waiting = Delivery.objects.filter(due_date=day, state=Delivery.State.PENDING)
    if (found := waiting.count()) != (wanted := Subscriber.objects.count()):
        raise Unlike(f"{found:,} digests were composed for {wanted:,} readers")
    tidy()


def octets(day: date) -> int:
    """Mean size of that day's mails, as they go over the wire."""
    some = Delivery.objects.filter(due_date=day).order_by("pk")[:_WEIGHED]
    addresses = list(some.values_list("subscriber__email", flat=True))
    mails = [pipeline.preview(address, day) for address in addresses]
    sizes = [len(mail.message) for mail in mails if mail]
    return round(sum(sizes) / len(sizes))
