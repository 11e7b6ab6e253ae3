"""What readers want, as compose needs it: of many readers at once, and no more of it
than a digest says. A million readers have millions of filters, and a model instance of
each would take longer than all the picking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import QuerySet

from subscriptions.models import Mute, Subscriber, Subscription, among

# Of a reader; whatever else is asked of one takes a query each.
_NEEDED = (
    "zone",
    "hour",
    "cadence",
    "weekdays",
    "paused_until",
    "hold_until",
    "max_papers",
    "full_abstracts",
    "nothing_today",
    "covered",
    "awaits_first_digest",
    "recheck_had",
    "last_mail_at",
    "due_after",
)


class Wanted(NamedTuple):
    """A subscription that is on: its filter's id and canonical text, and the name that
    the reader sees."""

    id: int
    filter: int
    text: str
    name: str


class Muted(NamedTuple):
    """A muted term: its filter's id, as written, and the filter's canonical text."""

    filter: int
    text: str
    canonical: str


class Wishes(NamedTuple):
    """One reader's, in their order."""

    wanted: tuple[Wanted, ...] = ()
    mutes: tuple[Muted, ...] = ()


NOTHING = Wishes()


def lean(readers: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
    """These readers, with what compose asks of them."""
    return readers.only(*_NEEDED)


def wishes_of(ids: Sequence[int]) -> dict[int, Wishes]:
    """By reader; who wants nothing and mutes nothing is left out."""
    wanted: dict[int, list[Wanted]] = defaultdict(list)
    subscriptions = Subscription.objects.filter(subscriber__in=among(ids), enabled=True)
    rows = subscriptions.order_by("subscriber_id", "position", "pk").values_list(
        "subscriber_id", "pk", "filter_id", "filter__text", "name", "text"
    )
    # A filter's text is in memory once, however many want it.
    texts: dict[str, str] = {}
    for reader, pk, filter_id, text, name, written in rows.iterator(chunk_size=5000):
        label = name or written
        text, label = texts.setdefault(text, text), texts.setdefault(label, label)
        wanted[reader].append(Wanted(pk, filter_id, text, label))
    muted: dict[int, list[Muted]] = defaultdict(list)
    mutes = Mute.objects.filter(subscriber__in=among(ids)).order_by(
        "subscriber_id", "pk"
    )
    shown = ("subscriber_id", "filter_id", "text", "filter__text")
    for reader, filter_id, written, text in mutes.values_list(*shown).iterator():
        muted[reader].append(Muted(filter_id, written, text))
    return {
        reader: Wishes(tuple(wanted.get(reader, ())), tuple(muted.get(reader, ())))
        for reader in wanted.keys() | muted.keys()
    }
