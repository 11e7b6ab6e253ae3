"""Invented papers and filters as the service would have stored them, in a database of
one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from django.db import connection
from django.utils import timezone

from subscriptions.matching import Document, canonical, parse, search_text
from subscriptions.models import Edition, Listing, Paper, TopicFilter

_BATCH = 500


def store_filters(written: Iterable[str]) -> list[TopicFilter]:
    """A row for each, in their order; equal ones are one."""
    texts = dict.fromkeys(canonical(parse(each)) for each in written)
    return TopicFilter.objects.bulk_create(
        (
            TopicFilter(text=text, fingerprint=TopicFilter.fingerprint_of(text))
            for text in texts
        ),
        batch_size=5000,
    )


def tidy() -> None:
    """What PostgreSQL's autovacuum does a minute after so much was stored."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def store(documents: Iterable[Document]) -> None:
    """Papers with what search reads, listed in published editions by source and day,
    which must come one after the other."""
    for (source, day), some in groupby(
        documents, key=lambda each: (each.source, each.day)
    ):
        listed = list(some)
        edition = Edition.objects.create(
            source=source,
            day=day,
            papers=len(listed),
            state=Edition.State.PUBLISHED,
            published_at=timezone.now(),
        )
        Listing.objects.bulk_create(_listings(edition, listed), batch_size=_BATCH)


def _listings(edition: Edition, documents: Sequence[Document]) -> list[Listing]:
    papers = list(map(_paper, documents))
    return [
        Listing(
            paper=paper,
            source=edition.source,
            edition=edition,
            listed_on=edition.day,
            position=position,
            frozen=paper.card().to_json(),
        )
        for position, paper in enumerate(Paper.objects.bulk_create(papers, _BATCH))
    ]


def _paper(document: Document) -> Paper:
    paper = Paper(
        arxiv_id=f"bench.{document.paper}",
        title=document.title,
        abstract=document.abstract,
        authors=list(document.authors),
        categories=list(document.categories),
        day=document.day,
        note=document.note,
        upvotes=document.upvotes,
        code_url="https://example.org/" if document.has_code else "",
    )
    paper.title_words, paper.abstract_words, paper.facts = search_text(paper)
    return paper
