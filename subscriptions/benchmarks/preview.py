"""How long a reader waits for the preview of a filter, the database included.

For a database of one's own: the papers to measure with are stored there.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.utils import timezone

from subscriptions.matching import Document, preview, warm_up
from subscriptions.models import Edition, Listing, Paper


def measure(
    filters: Iterable[str], documents: Iterable[Document] = ()
) -> dict[str, float | int]:
    """Milliseconds per filter, as readers write them, each looked at once.

    `documents` are stored before, as published editions by their source and day;
    without any, the editions that are stored already are measured. `cold_s` is what
    the first reader of a process would wait in addition, `papers` and `days` what the
    filters were held against.
    """
    store(documents)
    begin = time.perf_counter()
    warm_up()
    cold = time.perf_counter() - begin
    taken = []
    for text in filters:
        begin = time.perf_counter()
        preview(text)
        taken.append((time.perf_counter() - begin) * 1000)
    everything = preview("*")
    return {
        "p50_ms": statistics.median(taken),
        "p95_ms": statistics.quantiles(taken, n=20)[18],
        "cold_s": cold,
        "papers": everything.papers,
        "days": len(everything.volume.days),
    }


def store(documents: Iterable[Document]) -> None:
    """As published editions by their source and day."""
    days: dict[tuple[str, date], list[Document]] = defaultdict(list)
    for document in documents:
        days[document.source, document.day or date.min].append(document)
    for (source, day), some in days.items():
        edition = Edition.objects.create(
            source=source,
            day=day,
            papers=len(some),
            state=Edition.State.PUBLISHED,
            published_at=timezone.now(),
        )
        Listing.objects.bulk_create(_listings(edition, some), batch_size=500)


def _listings(edition: Edition, documents: Sequence[Document]) -> list[Listing]:
    papers = [
        Paper(
            arxiv_id=f"bench.{document.paper}",
            title=document.title,
            abstract=document.abstract,
            authors=list(document.authors),
            categories=list(document.categories),
            note=document.note,
            upvotes=document.upvotes,
            code_url="https://example.org/" if document.has_code else "",
        )
        for document in documents
    ]
    return [
        Listing(
            paper=paper,
            source=edition.source,
            edition=edition,
            listed_on=edition.day,
            position=position,
            frozen=paper.card().to_json(),
        )
        for position, paper in enumerate(Paper.objects.bulk_create(papers, 500))
    ]
