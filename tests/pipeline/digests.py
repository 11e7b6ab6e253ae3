"""Readers with filters, editions with papers, and what a digest of them holds."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from subscriptions.models import Edition, Listing, Paper, Subscriber
from tests.factories import TUESDAY, a_listing, a_paper, a_reader, a_subscription

MONDAY, WEDNESDAY = TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_reader_of(*filters: str, **fields: Any) -> Subscriber:
    reader = a_reader(**fields)
    for text in filters:
        a_subscription(reader, text)
    return reader


def listed(edition: Edition, *titles: str, **fields: Any) -> list[Paper]:
    papers = [a_paper(title=title, abstract="", **fields) for title in titles]
    for paper in papers:
        a_listing(paper, edition)
    return papers


def titles(reader: Subscriber, day: date = TUESDAY) -> list[str]:
    delivery = reader.deliveries.get(due_date=day)
    listings = Listing.objects.in_bulk([pick["listing"] for pick in delivery.picks])
    return [listings[pick["listing"]].card.title for pick in delivery.picks]


def sent(reader: Subscriber, day: date = TUESDAY) -> None:
    reader.deliveries.filter(due_date=day).update(state="sent")
