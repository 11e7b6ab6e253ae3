"""Rows with sensible, invented defaults: say only what the test is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any

from subscriptions import matching
from subscriptions.models import (
    Delivery,
    Edition,
    Listing,
    Paper,
    Round,
    Subscriber,
    Subscription,
    TopicFilter,
)
from subscriptions.models.readers import domain_of, fold_address

TUESDAY = date(2026, 7, 7)
SIGNED_UP = datetime(2026, 7, 1, 8, tzinfo=UTC)
_numbers = count(1)


def a_paper(**fields: Any) -> Paper:
    """A stored paper, to be found by search; its arXiv id is a new one unless given."""
    number = next(_numbers)
    paper = Paper(
        **{
            "arxiv_id": f"2607.{number:05d}",
            "title": f"Invented Paper {number}",
            "abstract": "We invent a paper, and a reader who finds it.",
            "authors": ["A. Sample", "B. Placeholder"],
            "categories": ["cs.LG", "cs.CL"],
            "day": TUESDAY,
        }
        | fields
    )
    paper.title_words, paper.abstract_words, paper.facts = matching.search_text(paper)
    paper.save()
    return paper


def an_edition(**fields: Any) -> Edition:
    """What arXiv listed on a Tuesday, published at noon; `state="open"`: not yet."""
    fields = {"source": "arxiv", "day": TUESDAY, "state": "published"} | fields
    if fields["state"] == Edition.State.PUBLISHED:
        fields.setdefault("published_at", _noon(fields["day"]))
    return Edition.objects.create(**fields)


def a_listing(
    paper: Paper | None = None, edition: Edition | None = None, **fields: Any
) -> Listing:
    """`paper` (else a new one) at the end of `edition` (else a new one's).

    Its card is frozen if the edition is published, as publication does. Without an
    edition altogether (backfilled): `edition=None, source=..., listed_on=...`.
    """
    paper = paper or a_paper()
    if edition is None and "listed_on" not in fields:
        edition = an_edition()
    if edition is not None:
        fields = {
            "source": edition.source,
            "listed_on": edition.day,
            "position": edition.papers,
        } | fields
        if edition.state == Edition.State.PUBLISHED:
            fields.setdefault("frozen", paper.card().to_json())
        edition.papers += 1
        edition.save(update_fields=["papers"])
    return Listing.objects.create(paper=paper, edition=edition, **fields)


def a_reader(**fields: Any) -> Subscriber:
    """An active reader who confirmed on 1 July, in UTC, at 8, every day, no filter."""
    number = next(_numbers)
    fields = {
        "email": f"reader{number}@example.org",
        "state": Subscriber.State.ACTIVE,
        "confirmed_at": datetime(2026, 7, 1, 9, tzinfo=UTC),
    } | fields
    reader = Subscriber.objects.create(
        **{
            "email_folded": fold_address(fields["email"]),
            "domain": domain_of(fields["email"]),
        }
        | fields
    )
    # Before whatever day a test travels to: no link is older than its reader.
    reader.created_at = min(reader.created_at, SIGNED_UP)
    Subscriber.objects.filter(pk=reader.pk).update(created_at=reader.created_at)
    return reader


def a_filter(text: str = "*") -> TopicFilter:
    """The row of this query: the same one for equal queries."""
    canonical = matching.canonical(matching.parse(text))
    row, _ = TopicFilter.objects.get_or_create(
        fingerprint=TopicFilter.fingerprint_of(canonical), defaults={"text": canonical}
    )
    return row


def a_subscription(
    reader: Subscriber | None = None, text: str = "*", name: str = "", **fields: Any
) -> Subscription:
    """The reader's next filter, after those they have."""
    reader = reader or a_reader()
    return Subscription.objects.create(
        **{
            "subscriber": reader,
            "filter": a_filter(text),
            "text": text,
            "name": name,
            "position": reader.subscriptions.count(),
        }
        | fields
    )


def a_delivery(reader: Subscriber, *papers: Paper, **fields: Any) -> Delivery:
    """The reader's sent digest of TUESDAY, with these papers besides those it has."""
    digest, _ = Delivery.objects.get_or_create(
        subscriber=reader,
        due_date=TUESDAY,
        defaults={
            "round": Round.objects.get_or_create(due_date=TUESDAY)[0],
            "state": Delivery.State.SENT,
            "message_id": f"<{reader.pk}@papers.example.org>",
            **fields,
        },
    )
    of_it = {pick["paper"]: pick for pick in digest.picks}
    for paper in papers:
        of_it[paper.pk] = {"listing": None, "paper": paper.pk, "filters": []}
    digest.picks = list(of_it.values())
    digest.save()
    return digest


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
