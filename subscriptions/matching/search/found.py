"""A filter held against the stored papers, for the site, the API and `match`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from django.db import connection
from django.db.models import Prefetch, QuerySet

from subscriptions.matching.documents import Document
from subscriptions.matching.language.tree import Query
from subscriptions.matching.why import explain
from subscriptions.models import Edition, Listing, Paper

from .conditions import found
from .postgresql import PostgreSQL
from .sql import Engine, Sql
from .sqlite import SQLite

Order = Literal["best", "newest"]

_CHUNK = 500
_ENGINES: dict[str, type[Engine]] = {"postgresql": PostgreSQL, "sqlite": SQLite}
_NEWEST = "day DESC NULLS LAST, id"
_ORDERS = {"best": f"score DESC, {_NEWEST}", "newest": _NEWEST}
_NO_RANKS = Sql("SELECT id, 0.0 AS score FROM found")
# Added up instead of joined: without knowing how many there are, SQLite would look
# through all ranks for each paper.
_PAGE = """
    WITH found AS MATERIALIZED ({{}}), ranks AS MATERIALIZED ({{}}), scored AS (
        SELECT id, SUM(score) AS score
        FROM (SELECT id, 0.0 AS score, 1 AS hit FROM found
              UNION ALL SELECT id, score, 0 FROM ranks) AS either
        GROUP BY id HAVING SUM(hit) > 0
    )
    SELECT id, score, COUNT(*) OVER () FROM scored JOIN {} USING (id)
    ORDER BY {} LIMIT %s OFFSET %s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A paper, its score (higher is better; 0 where no word was asked for), and the
    distinct words that satisfied the filter in its title, abstract and authors, as the
    paper writes them."""

    paper: int
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """`total` papers satisfy the filter; `found` are those asked for, in order."""

    total: int
    found: tuple[Found, ...]


def search(
    query: Query,
    days: int | None = None,
    start: int = 0,
    limit: int | None = None,
    order: Order = "best",
) -> Results:
    """The stored papers that satisfy a filter; of the samples only while there is
    nothing else (rounds.md 7).

    A paper is found if one of its listings satisfies the whole filter, or, where it has
    none, the paper itself. With `days`, only listings in editions of the newest that
    many edition days count. Words are of the newest known title and abstract; `in:` is
    the listing's source and `upvotes:` its count.

    Best first, by the database's own rank with words of the title counting three times;
    equal ones, and all with `order="newest"`, by their day, the newest first, then by
    their id, so that pages neither overlap nor leave out.
    """
    listings = Listing.objects.shown()
    since = None
    if days is not None:
        newest = Edition.objects.shown().order_by("-day").values_list("day", flat=True)
        since = min(newest.distinct()[:days], default=None)
        if since is None:
            return Results(0, ())
        listings = listings.filter(edition__day__gte=since)
    total, rows = _page(query, since, order, start, limit)
    some: list[Found] = []
    for at in range(0, len(rows), _CHUNK):
        chunk = rows[at : at + _CHUNK]
        words = _words(query, [paper for paper, _ in chunk], listings)
        some += [Found(paper, score, words.get(paper, ())) for paper, score in chunk]
    return Results(total, tuple(some))


def _page(
    query: Query, since: date | None, order: Order, start: int, limit: int | None
) -> tuple[int, list[tuple[int, float]]]:
    """How many there are, and (id, score) of those from `start` on."""
    engine = _ENGINES[connection.vendor]()
    with engine.prepared(), connection.cursor() as cursor:
        satisfying = found(query, since, engine)
        ranks = (order == "best" and engine.ranks(query)) or _NO_RANKS
        page = Sql.of(_PAGE.format(engine.papers, _ORDERS[order]), satisfying, ranks)
        most = limit if limit is not None else 2**62
        cursor.execute(page.text, [*page.parameters, most, start])
        if rows := cursor.fetchall():
            return rows[0][2], [(paper, score) for paper, score, _ in rows]
        count = Sql.of("SELECT COUNT(*) FROM ({}) AS found", satisfying)
        cursor.execute(count.text, count.parameters)
        return cursor.fetchone()[0], []


def _words(
    query: Query, papers: list[int], listings: QuerySet[Listing]
) -> dict[int, tuple[str, ...]]:
    """Of the newest listing of each paper that satisfies the filter."""
    newest = listings.select_related("edition").defer("frozen")
    newest = newest.order_by("-listed_on", "source")
    rows = Paper.objects.filter(pk__in=papers).prefetch_related(
        Prefetch("listings", newest, to_attr="counted")
    )
    rows = rows.defer("title_words", "abstract_words", "facts")
    words = {}
    for paper in rows:
        explained = (explain(query, document) for document in _documents(paper))
        spans = next((each for each in explained if each is not None), ())
        written = (
            span.text for span in spans if span.field in {"title", "abstract", "author"}
        )
        words[paper.pk] = tuple(dict.fromkeys(written))
    return words


def _documents(paper: Paper) -> Iterator[Document]:
    """The paper as each of its listings that count, or by itself."""
    alone = Document.of_paper(paper)
    counted: list[Listing] = getattr(paper, "counted", [])
    for listing in counted:
        votes = listing.frozen_upvotes
        yield replace(
            alone,
            listing=listing.pk,
            source=listing.source,
            day=listing.edition.day if listing.edition else listing.listed_on,
            upvotes=alone.upvotes if votes is None else votes,
        )
    if not counted:
        yield alone
