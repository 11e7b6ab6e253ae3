"""A month of Paper Round in rows: invented readers, rounds, digests and runs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from subscriptions.models import (
    ConsentRecord,
    Delivery,
    DeliveryEvent,
    Edition,
    LedgerEpoch,
    Letter,
    Listing,
    Mute,
    Notice,
    Paper,
    Pause,
    Round,
    SavedPaper,
    SourceRun,
    Subscriber,
    Subscription,
    Suppression,
    TopicFilter,
)

TODAY = date(2026, 7, 31)
_numbers = count(1)


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def a_reader(**fields: Any) -> Subscriber:
    """An active reader who confirmed on 1 July at noon, unless told otherwise."""
    address = f"reader{next(_numbers)}@example.org"
    defaults = {
        "email": address,
        "email_folded": address,
        "state": "active",
        "confirmed_at": datetime(2026, 7, 1, 12, tzinfo=UTC),
    }
    return Subscriber.objects.create(**defaults | fields)


def a_paper(**fields: Any) -> Paper:
    number = next(_numbers)
    defaults = {
        "arxiv_id": f"2607.{number:05d}",
        "title": f"Invented Paper {number}",
        "abstract": "We invent a paper.",
        "authors": ["A. Sample", "B. Placeholder"],
        "categories": ["cs.LG"],
        "day": TODAY,
    }
    return Paper.objects.create(**defaults | fields)


def an_edition(source: str = "arxiv", day: date = TODAY, **fields: Any) -> Edition:
    defaults = {"state": "published", "published_at": at_noon(day)}
    return Edition.objects.create(source=source, day=day, **defaults | fields)


def a_listing(edition: Edition, paper: Paper | None = None, **fields: Any) -> Listing:
    paper = paper or a_paper()
    return Listing.objects.create(
        paper=paper,
        edition=edition,
        source=edition.source,
        listed_on=edition.day,
        frozen=paper.card().to_json(),
        **fields,
    )


def a_run(source: str, day: date, state: str, **fields: Any) -> SourceRun:
    """The next attempt of this source's day."""
    before = SourceRun.objects.filter(source=source, day=day).count()
    return SourceRun.objects.create(
        source=source,
        day=day,
        state=state,
        attempt=before + 1,
        started_at=at_noon(day),
        finished_at=at_noon(day) + timedelta(seconds=4 + before),
        **fields,
    )


def a_round(due_date: date = TODAY, **fields: Any) -> Round:
    return Round.objects.create(due_date=due_date, **fields)


def a_delivery(round_: Round, state: str = "sent", **fields: Any) -> Delivery:
    fields = {"subscriber": fields.pop("subscriber", None) or a_reader()} | fields
    return Delivery.objects.create(
        round=round_, due_date=round_.due_date, state=state, **fields
    )


def a_filter(text: str) -> TopicFilter:
    return TopicFilter.objects.create(
        text=text, fingerprint=TopicFilter.fingerprint_of(text)
    )


def one_of_everything(day: date = TODAY) -> dict[type, Any]:
    """A row of every model, tied together: one reader's digest of one day."""
    reader, paper = a_reader(), a_paper(day=day)
    edition = an_edition("arxiv", day)
    listing = a_listing(edition, paper)
    topic = a_filter(f'"invented paper {reader.pk}"')
    subscription = Subscription.objects.create(
        subscriber=reader, filter=topic, text=topic.text, name="Inventions"
    )
    round_ = a_round(day, papers=1, filters=1)
    delivery = a_delivery(
        round_,
        subscriber=reader,
        picks=[
            {"listing": listing.pk, "paper": paper.pk, "filters": [subscription.pk]}
        ],
        filters=[
            {
                "id": subscription.pk,
                "filter": topic.pk,
                "name": "Inventions",
                "matched": 1,
            }
        ],
        editions=[{"source": "arxiv", "day": f"{day}", "papers": 1}],
        message_id=f"<{reader.pk}@example.org>",
    )
    rows = [
        reader,
        paper,
        edition,
        listing,
        topic,
        subscription,
        Mute.objects.create(subscriber=reader, filter=topic, text=topic.text),
        SavedPaper.objects.create(subscriber=reader, paper=paper),
        round_,
        delivery,
        a_run("arxiv", day, "fresh", seen=1, new=1, listed=1),
        Letter.objects.create(subscriber=reader, kind="welcome", state="sent"),
        LedgerEpoch.objects.get_or_create(pk=1)[0],
        Pause.objects.create(
            by="operator",
            reason="a new relay",
            started_at=at_noon(day),
            ended_at=at_noon(day) + timedelta(hours=1),
            lasts=False,
        ),
        Notice.objects.create(key=f"check {day}", kind="check", text="a row too few"),
        DeliveryEvent.objects.create(
            delivery=delivery, subscriber=reader, type="deferred", status="4.2.2"
        ),
        ConsentRecord.objects.create(
            subscriber=reader, action="confirmed", source="letter", text="I want it."
        ),
        Suppression.objects.create(
            address_hash=Suppression.hash_of(reader.email), reason="bounced"
        ),
    ]
    return {type(row): row for row in rows}
