"""A filter held against the stored papers, for the site, the API and `match`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from django.db.models import Prefetch

from subscriptions.models import Edition, Listing, Paper

from .documents import Document
from .language.tree import Query, canonical
from .matcher import Hit, Matcher
from .why import explain

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A paper, its score, and the distinct words that satisfied the filter in its
    title, abstract and authors, as the paper writes them."""

    paper: int
    score: float
    words: tuple[str, ...]


def search(
    query: Query, days: int | None = None, limit: int | None = None
) -> list[Found]:
    """The stored papers that satisfy a filter, best first, at most `limit`; of the
    samples only while there is nothing else (rounds.md 7).

    A paper is found if one of its listings satisfies the whole filter, or, where it has
    none, the paper itself. With `days`, only listings in editions of the newest that
    many edition days count. Words are of the newest known title and abstract; `in:` is
    the listing's source and `upvotes:` its count.
    """
    matcher = Matcher()
    matcher.add(0, canonical(query))
    chunks = (document for some in _documents(days) for document in some)
    best: dict[int, Hit] = {}
    for hit in matcher.match(chunks).hits(0):
        best.setdefault(hit.paper, hit)
    hits = list(best.values())[:limit]
    words: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(hits), _CHUNK):
        words |= _words(query, hits[start : start + _CHUNK])
    return [Found(hit.paper, hit.score, words.get(hit.paper, ())) for hit in hits]


def _words(query: Query, hits: list[Hit]) -> dict[int, tuple[str, ...]]:
    papers = Paper.objects.filter(pk__in=[hit.paper for hit in hits])
    listings = Listing.objects.select_related("edition").filter(
        pk__in=[hit.listing for hit in hits if hit.listing]
    )
    by_paper = {listing.paper_id: listing for listing in listings}
    found = {}
    for paper in papers:
        listing = by_paper.get(paper.pk)
        alone = Document.of_paper(paper)
        document = _listed(alone, listing) if listing else alone
        spans = explain(query, document) or ()
        written = (
            span.text for span in spans if span.field in {"title", "abstract", "author"}
        )
        found[paper.pk] = tuple(dict.fromkeys(written))
    return found


def _documents(days: int | None) -> Iterator[Iterable[Document]]:
    """The documents of each stored paper, read in chunks: they need not fit at once."""
    listings = Listing.objects.shown().select_related("edition")
    papers = Paper.objects.shown().order_by("pk")
    if days is not None:
        editions = Edition.objects.shown().order_by("-day")
        newest = editions.values_list("day", flat=True).distinct()[:days]
        listings = listings.filter(edition__day__in=list(newest))
        papers = papers.filter(pk__in=listings.values("paper"))
    papers = papers.prefetch_related(Prefetch("listings", listings, to_attr="shown"))
    for paper in papers.iterator(chunk_size=_CHUNK):
        alone = Document.of_paper(paper)
        shown: list[Listing] = getattr(paper, "shown", [])
        yield [_listed(alone, listing) for listing in shown] or [alone]


def _listed(alone: Document, listing: Listing) -> Document:
    """The paper as this listing of it."""
    frozen = listing.frozen or {}
    return replace(
        alone,
        listing=listing.pk,
        source=listing.source,
        day=listing.edition.day if listing.edition else listing.listed_on,
        upvotes=frozen.get("upvotes", alone.upvotes),
    )
