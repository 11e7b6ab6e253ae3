"""Deliveries -> mails: the ledger's rows in the words of `rendering`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import parseaddr
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from subscriptions import links, matching, rendering, sending
from subscriptions.models import (
    Delivery,
    Letter,
    Listing,
    Source,
    Subscriber,
)

from .compose import compose_one

# More words than this say no more about why a paper is there.
_WORDS_SHOWN = 6


def outgoing_digests(ids: Sequence[int]) -> Mapping[int, sending.Outgoing]:
    """The mails of these deliveries, by delivery id."""
    rows = Delivery.objects.filter(pk__in=ids).select_related("subscriber")
    deliveries = list(rows)
    listings = _listings(deliveries)
    sender = parseaddr(settings.EMAIL_FROM)[1]
    mails = {}
    for each in deliveries:
        made = _Made(each.pk, each.left_out, _digest(each, listings))
        mails[each.pk] = sending.Outgoing(
            sender, each.subscriber.email, made.message, made.settle
        )
    return mails


@dataclass(slots=True)
class _Made:
    """A digest's bytes, made when they are asked for.

    `written` is what the row says was left out, `left_out` what was; `settle` tells the
    row.
    """

    delivery_id: int
    written: int
    digest: rendering.Digest
    left_out: int | None = None

    def message(self) -> bytes:
        rendered = rendering.digest(self.digest)
        self.left_out = rendered.left_out
        return rendered.message

    def settle(self) -> None:
        """What the mail had no room for was not had (rounds.md 10)."""
        if self.left_out not in {None, self.written}:
            row = Delivery.objects.filter(pk=self.delivery_id)
            row.update(left_out=self.left_out)


def web_copy(delivery_id: int) -> rendering.Rendered:
    """A digest as it was sent, in HTML too, with what the mail had no room for.

    Raises Delivery.DoesNotExist.
    """
    delivery = Delivery.objects.select_related("subscriber").get(pk=delivery_id)
    mail = _digest(delivery, _listings([delivery]))
    shown = replace(mail.recipient, text_only=False)
    return rendering.digest(replace(mail, recipient=shown), whole=True)


def preview(
    address: str, day: date, out: Path | None = None
) -> rendering.Rendered | None:
    """The digest of `day` for a reader, unsent; as written if there is one already.

    None: there would be none. With `out`, writes `<day>.eml`, `.txt` and, unless the
    reader wants text only, `.html` there. Raises Subscriber.DoesNotExist.
    """
    reader = Subscriber.objects.at(address).get()
    delivery = reader.deliveries.filter(due_date=day).first()
    delivery = delivery or compose_one(reader, day)
    if delivery is None or not delivery.picks:
        return None
    delivery.created_at = delivery.created_at or timezone.now()
    rendered = rendering.digest(_digest(delivery, _listings([delivery])))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{day}.eml").write_bytes(rendered.message)
        (out / f"{day}.txt").write_text(rendered.text, encoding="utf-8")
        if rendered.html:
            (out / f"{day}.html").write_text(rendered.html, encoding="utf-8")
    return rendered


def _listings(deliveries: Sequence[Delivery]) -> dict[int, Listing]:
    ids = {
        each["listing"]
        for delivery in deliveries
        for each in [*delivery.picks, *delivery.also]
    }
    found = Listing.objects.select_related("paper", "edition")
    return found.in_bulk(ids)


def _digest(delivery: Delivery, listings: Mapping[int, Listing]) -> rendering.Digest:
    reader = delivery.subscriber
    filters = {each["id"]: each for each in delivery.filters}
    groups = [
        rendering.Group(
            filters[key]["name"],
            tuple(_entry(delivery, pick, filters, listings) for pick in picks),
        )
        for key, picks in groupby(delivery.picks, lambda pick: pick["filters"][0])
    ]
    return rendering.Digest(
        recipient=replace(recipient_of(reader), full_abstracts=delivery.full_abstracts),
        envelope=envelope_of(delivery, delivery.created_at, "digest"),
        links=_links(reader, delivery),
        due_date=delivery.due_date,
        first=delivery.first,
        weekly=delivery.weekly,
        editions=tuple(
            rendering.Covered(
                Source(each["source"]).label,
                date.fromisoformat(each["day"]),
                each["papers"],
            )
            for each in delivery.editions
        ),
        filters=len(filters),
        matched=delivery.matched,
        groups=tuple(groups),
        again=tuple(_again(each, listings) for each in delivery.also),
        notes=tuple(delivery.notes),
    )


def _entry(
    delivery: Delivery,
    pick: dict[str, Any],
    filters: Mapping[int, dict[str, Any]],
    listings: Mapping[int, Listing],
) -> rendering.Entry:
    listing = listings[pick["listing"]]
    reasons = tuple(
        rendering.Reason(
            filters[key]["name"], _found(filters[key]["text"], _document(listing))
        )
        for key in pick["filters"]
    )
    card = listing.card
    return rendering.Entry(
        card=card,
        source=Source(listing.source).label,
        listed_on=listing.listed_on,
        reasons=reasons,
        page_url=links.paper(card.arxiv_id),
        tune_url=links.tune(
            delivery.subscriber_id, listing.paper_id, delivery.created_at
        ),
    )


def _again(line: dict[str, Any], listings: Mapping[int, Listing]) -> rendering.Again:
    listing = listings[line["listing"]]
    return rendering.Again(
        card=listing.card,
        source=Source(listing.source).label,
        sent_on=date.fromisoformat(line["sent_on"]),
        page_url=links.paper(listing.card.arxiv_id),
    )


def _document(listing: Listing) -> matching.Document:
    return matching.Document.of_listing(listing)


# A filter's papers come one after the other.
_parsed = lru_cache(maxsize=1000)(matching.parse_canonical)


@lru_cache(maxsize=20_000)
def _found(text: str, document: matching.Document) -> tuple[rendering.Found, ...]:
    """The distinct words by which a filter found a paper, those in the title first."""
    spans = matching.explain(_parsed(text), document) or ()
    seen: dict[str, rendering.Found] = {}
    for span in sorted(spans, key=lambda span: span.field != "title"):
        found = rendering.Found(span.text, span.field)
        seen.setdefault(span.text.casefold(), found)
    return tuple(seen.values())[:_WORDS_SHOWN]


def recipient_of(reader: Subscriber) -> rendering.Recipient:
    confirmed = reader.confirmed_at
    return rendering.Recipient(
        address=reader.email,
        hour=reader.hour,
        zone=reader.zone,
        confirmed_on=confirmed and confirmed.astimezone(reader.tz).date(),
        text_only=reader.text_only,
        full_abstracts=reader.full_abstracts,
    )


def envelope_of(
    row: Delivery | Letter, made: datetime, kind: str
) -> rendering.Envelope:
    return rendering.Envelope(
        message_id=row.message_id,
        date=made,
        feedback_id=f"{kind}:{settings.LIST_ID}",
    )


def _links(reader: Subscriber, delivery: Delivery) -> rendering.Links:
    unsubscribe = links.unsubscribe(reader)
    return rendering.Links(
        preferences=links.preferences(reader, delivery.created_at),
        unsubscribe=unsubscribe,
        one_click=unsubscribe,
        web=links.web_copy(delivery) if delivery.pk else links.site(),
        privacy=links.privacy(),
        site=links.site(),
    )
