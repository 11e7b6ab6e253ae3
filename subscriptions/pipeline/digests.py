"""Rows of the ledger -> digests in the words of `rendering`.

A round asks for the same thousand papers and the same popular filters a million times:
what they are, and by which words they were found, is made once and kept for the round.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from subscriptions import links, matching, rendering
from subscriptions.models import Card, Delivery, Listing, Source, Subscriber
from subscriptions.models.readers import zone_of

# More words than this say no more about why a paper is there.
_WORDS_SHOWN = 6
# A listing takes about 10 kB; some thousands are the lists of some days. An entry takes
# 1 kB once it was in a mail.
_LISTINGS, _FILTERS, _REASONS, _ENTRIES = 20_000, 100_000, 200_000, 50_000


class Told(NamedTuple):
    """What a digest says of its delivery and its reader, in the order of `_COLUMNS`."""

    pk: int | None
    message_id: str
    created_at: datetime
    due_date: date
    first: bool
    weekly: bool
    full_abstracts: bool
    editions: list[dict[str, Any]]
    filters: list[dict[str, Any]]
    matched: int
    picks: list[dict[str, Any]]
    also: list[dict[str, Any]]
    notes: list[str]
    left_out: int
    subscriber_id: int
    address: str
    hour: int
    zone: str
    confirmed_at: datetime | None
    text_only: bool

    @classmethod
    def all_of(cls, deliveries: QuerySet[Delivery]) -> list[Told]:
        """JSON is fetched as text and parsed here, equal texts once: most of a
        morning's are equal."""
        texts = {f"{name}_": Cast(name, TextField()) for name in _JSON}
        columns = [f"{name}_" if name in _JSON else name for name in _COLUMNS]
        return [
            _read(row) for row in deliveries.annotate(**texts).values_list(*columns)
        ]

    @classmethod
    def of(cls, delivery: Delivery) -> Told:
        return cls._make(_of_delivery(delivery))


_COLUMNS = [
    *Told._fields[:-5],
    *(
        f"subscriber__{name}"
        for name in ("email", "hour", "zone", "confirmed_at", "text_only")
    ),
]
_JSON = {"editions", "filters", "picks", "also", "notes"}
_of_delivery = attrgetter(*[name.replace("__", ".") for name in _COLUMNS])


# Equal texts share one value, so nobody may change it.
_same: Callable[[str], Any] = lru_cache(maxsize=1000)(json.loads)


def _read(row: tuple[Any, ...]) -> Told:
    told = list(row)
    for at, loads in _LOADS:
        told[at] = loads(told[at])
    return Told._make(told)


_LOADS = [
    (at, json.loads if name in {"filters", "picks"} else _same)
    for at, name in enumerate(_COLUMNS)
    if name in _JSON
]


class _Reader(NamedTuple):
    """All that a link needs of a reader."""

    pk: int


class _Listed(NamedTuple):
    """A listing as a digest shows it, and as a filter reads it."""

    card: Card
    source: str
    listed_on: date
    page_url: str
    document: matching.Document


class _Filter(NamedTuple):
    """A reader's filter; those of the same text and name have the same number."""

    number: int
    text: str
    name: str


def _first_filter(pick: dict[str, Any]) -> int:
    first: int = pick["filters"][0]
    return first


class Digests:
    """Makes digests of one round, or of one call. Listings are read from the database
    when first needed and kept: those of published editions do not change."""

    def __init__(self) -> None:
        self._listed: dict[int, _Listed] = {}
        self._numbers: dict[tuple[str, str], int] = {}  # of a filter and its name
        self._reasons: dict[tuple[int, int], rendering.Reason] = {}
        self._entries: dict[tuple[int, ...], rendering.Entry] = {}

    def of(self, told: Sequence[Told]) -> Iterator[rendering.Digest]:
        """The digests of these rows, in order. The database is read at once; each
        digest is made when it is its turn."""
        self._read(each["listing"] for row in told for each in [*row.picks, *row.also])
        return map(self._digest, told)

    def _read(self, wanted: Iterable[int]) -> None:
        self._make_room()
        unknown = {*wanted} - self._listed.keys()
        if not unknown:
            return
        found = Listing.objects.select_related("paper", "edition")
        for listing in found.filter(pk__in=unknown):
            card = listing.card
            self._listed[listing.pk] = _Listed(
                card,
                Source(listing.source).label,
                listing.listed_on,
                links.paper(card.arxiv_id),
                matching.Document.of_listing(listing),
            )

    def _make_room(self) -> None:
        if len(self._listed) > _LISTINGS:
            self._listed.clear()
        if len(self._numbers) > _FILTERS:  # the keys of the other two are made of them
            self._numbers.clear()
            self._reasons.clear()
            self._entries.clear()
        if len(self._reasons) > _REASONS:
            self._reasons.clear()
        if len(self._entries) > _ENTRIES:
            self._entries.clear()

    def _digest(self, told: Told) -> rendering.Digest:
        filters = {each["id"]: self._filter(**each) for each in told.filters}
        return rendering.Digest(
            recipient=rendering.Recipient(
                address=told.address,
                hour=told.hour,
                zone=told.zone,
                confirmed_on=_local_day(told.confirmed_at, told.zone),
                text_only=told.text_only,
                full_abstracts=told.full_abstracts,
            ),
            envelope=envelope_of(
                told.message_id,
                told.created_at,
                "digest",
                links.mailboxes(told.subscriber_id),
            ),
            links=_links(told),
            due_date=told.due_date,
            first=told.first,
            weekly=told.weekly,
            editions=tuple([covered(**each) for each in told.editions]),
            filters=len(filters),
            matched=told.matched,
            groups=tuple(self._groups(told.picks, filters)),
            again=tuple([self._again(each) for each in told.also]),
            notes=tuple(told.notes),
        )

    def _filter(self, text: str, name: str, **_: object) -> _Filter:
        known = self._numbers
        number = known.get((text, name))
        if number is None:
            number = known[text, name] = len(known)
        return _Filter(number, text, name)

    def _groups(
        self, picks: Iterable[dict[str, Any]], filters: Mapping[int, _Filter]
    ) -> Iterator[rendering.Group]:
        """Those that stand together have the same first filter."""
        known = self._entries
        for first, some in groupby(picks, _first_filter):
            entries = []
            for pick in some:
                listing, by = pick["listing"], pick["filters"]
                key = (listing, *[filters[each].number for each in by])
                entry = known.get(key)
                if entry is None:
                    reasons = [self._reason(listing, filters[each]) for each in by]
                    entry = known[key] = self._entry(listing, tuple(reasons))
                entries.append(entry)
            yield rendering.Group(filters[first].name, tuple(entries))

    def _entry(
        self, listing: int, reasons: tuple[rendering.Reason, ...]
    ) -> rendering.Entry:
        card, source, listed_on, page_url, _ = self._listed[listing]
        return rendering.Entry(card, source, listed_on, reasons, page_url)

    def _reason(self, listing: int, by: _Filter) -> rendering.Reason:
        key = listing, by.number
        reason = self._reasons.get(key)
        if reason is None:
            words = _found(by.text, self._listed[listing].document)
            reason = self._reasons[key] = rendering.Reason(by.name, words)
        return reason

    def _again(self, line: dict[str, Any]) -> rendering.Again:
        card, source, _, page_url, _ = self._listed[line["listing"]]
        return rendering.Again(
            card, source, date.fromisoformat(line["sent_on"]), page_url
        )


def _found(text: str, document: matching.Document) -> tuple[rendering.Found, ...]:
    """The distinct words by which a filter found a paper, those in the title first."""
    try:
        spans = matching.explain(matching.parse_canonical(text), document) or ()
    except matching.FilterError:  # composed by another version
        return ()
    seen: dict[str, rendering.Found] = {}
    for span in sorted(spans, key=lambda span: span.field != "title"):
        found = rendering.Found(span.text, span.field)
        seen.setdefault(span.text.casefold(), found)
    return tuple(seen.values())[:_WORDS_SHOWN]


@lru_cache(maxsize=1000)
def covered(source: str, day: str, papers: int) -> rendering.Covered:
    return rendering.Covered(Source(source).label, date.fromisoformat(day), papers)


def _local_day(at: datetime | None, zone: str) -> date | None:
    return at and at.astimezone(zone_of(zone)).date()


def _links(told: Told) -> rendering.Links:
    reader, site = _Reader(told.subscriber_id), links.site()
    return rendering.Links(
        preferences=links.preferences(reader, told.created_at),
        unsubscribe=links.unsubscribe(reader),
        web=links.web_copy(told) if told.pk else site,
        tune=links.tunes(told) if told.pk else links.papers(),
        privacy=links.privacy(),
        site=site,
    )


def recipient_of(reader: Subscriber) -> rendering.Recipient:
    return rendering.Recipient(
        address=reader.email,
        hour=reader.hour,
        zone=reader.zone,
        confirmed_on=_local_day(reader.confirmed_at, reader.zone),
        text_only=reader.text_only,
        full_abstracts=reader.full_abstracts,
    )


def envelope_of(
    message_id: str, made: datetime, kind: str, mailboxes: links.Mailboxes
) -> rendering.Envelope:
    return rendering.Envelope(
        message_id=message_id,
        date=made,
        feedback_id=_feedback_id(kind, settings.LIST_ID),
        unsubscribe_mailbox=mailboxes.unsubscribe,
        reply_mailbox=mailboxes.reply,
    )


@lru_cache(maxsize=100)
def _feedback_id(kind: str, list_id: str) -> str:
    """What Google counts complaints by: the kind of a mail, the list, and last a
    SenderId, which has 5 to 15 characters (support.google.com/mail/answer/6254652)."""
    sender_id = hashlib.sha256(list_id.encode()).hexdigest()[:8]
    return f"{kind}:{list_id}:list-{sender_id}"
