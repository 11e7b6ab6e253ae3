"""The tree of a filter as a statement that gives the ids of the papers it finds.

Neighbouring operands that one full-text index can answer become one question to it;
the rest of the tree is SQL over the answers and the listings. The row of a paper is not
read: it is long, and ids alone are a tenth of the time where many are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from django.db import connection

from subscriptions.matching.authors import place
from subscriptions.matching.language.tree import (
    And,
    Author,
    Everything,
    Listed,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Upvotes,
    asked_for,
    leaves,
)
from subscriptions.matching.tokens import words
from subscriptions.models import Listing, Paper, Source

from .sql import Engine, Sql

_CHUNK = 500


def found(query: Query, since: date | None, engine: Engine) -> Sql:
    """Selects the `id` of each paper that satisfies the filter, once; with `since`, by
    a listing in an edition of that day or later."""
    base = Sql("SELECT id FROM subscriptions_paper")
    groups = _groups(_operands(query), engine)
    for index in groups:
        if index and (narrowed := _required(groups[index])):
            base = engine.ids(index, narrowed)
            del groups[index]
            break
    conditions = list(
        _each(And, [each for some in groups.values() for each in some], engine)
    )
    if hidden := _hidden():
        conditions.append(Sql.of("base.id NOT IN ({})", Sql.among(hidden)))
    where = Sql.joined(" AND ", conditions or [_ALWAYS])
    # Materialized, or SQLite would ask the index once for each id that `where` admits.
    base = Sql.of("WITH base (id) AS MATERIALIZED ({})", base)
    if since is None and not any(
        isinstance(e, Listed | Upvotes) for e in leaves(query)
    ):
        return Sql.of("{} SELECT id FROM base WHERE {}", base, where)
    select = "{} SELECT DISTINCT base.id FROM base {} WHERE {}"
    return Sql.of(select, base, _listings(since, engine), where)


def _hidden() -> list[int]:
    """The samples, once there is something else (rounds.md 7): a handful."""
    samples = Paper.objects.filter(listings__source=Source.SAMPLE)
    hidden = samples.exclude(pk__in=Paper.objects.shown())
    return list(hidden.order_by().values_list("pk", flat=True))


def _listings(since: date | None, engine: Engine) -> Sql:
    """Joins one row for each listing that counts, or one without."""
    on = f"{engine.listings} ON listing.paper_id = base.id"
    if not Listing.objects.shown().filter(source=Source.SAMPLE).exists():
        on += f" AND listing.source <> '{Source.SAMPLE}'"
    if since is None:
        return Sql(f"LEFT JOIN {on}")
    recent = "SELECT id FROM subscriptions_edition WHERE day >= %s"
    return Sql(f"JOIN {on} AND listing.edition_id IN ({recent})", (since,))


_ALWAYS = Sql("1 = 1")


def _condition(query: Query, engine: Engine) -> Sql:
    """Of what is not decided by one index alone."""
    match query:
        case Not(operand):
            return Sql.of("NOT ({})", Sql.joined("", _each(And, [operand], engine)))
        case And(operands):
            return Sql.of("({})", Sql.joined(" AND ", _each(And, operands, engine)))
        case Or(operands):
            return Sql.of("({})", Sql.joined(" OR ", _each(Or, operands, engine)))
        case Listed(source):
            return Sql("COALESCE(listing.source, '') = %s", (source,))
        case Upvotes(least):
            now = "SELECT upvotes FROM subscriptions_paper WHERE id = base.id"
            return Sql(f"COALESCE(listing.frozen_upvotes, ({now})) >= %s", (least,))
        case Author():
            return Sql.of("base.id IN ({})", Sql.among(_by_author(query, engine)))
        case Everything():
            return _ALWAYS
    raise TypeError(f"{type(query).__name__} is known to an index")


def _each(
    kind: type[And] | type[Or], operands: Sequence[Query], engine: Engine
) -> Iterator[Sql]:
    """Conditions that hold together if the operands do."""
    for index, group in _groups(operands, engine).items():
        if not index:
            yield from (_condition(operand, engine) for operand in group)
        elif kind is Or or _required(group):
            yield Sql.of("base.id IN ({})", engine.ids(index, joined(kind, group)))
        else:  # an index is asked for what is there; this is all but that
            without = [each.operand for each in group if isinstance(each, Not)]
            yield Sql.of("base.id NOT IN ({})", engine.ids(index, joined(Or, without)))


def _operands(query: Query) -> Sequence[Query]:
    return query.operands if isinstance(query, And) else (query,)


def _groups(operands: Sequence[Query], engine: Engine) -> dict[str, list[Query]]:
    """Operands by the index that decides all of their leaves; "" for the others."""
    groups: dict[str, list[Query]] = {}
    for operand in operands:
        indexes = {engine.index(leaf) for leaf in leaves(operand)}
        index = indexes.pop() if len(indexes) == 1 else ""
        groups.setdefault(index, []).append(operand)
    return groups


def _required(group: list[Query]) -> Query | None:
    """All of the group, unless all it does is to leave out."""
    if all(isinstance(operand, Not) for operand in group):
        return None
    return joined(And, group)


def joined(kind: type[And] | type[Or], operands: list[Query]) -> Query:
    return kind(tuple(operands)) if len(operands) > 1 else operands[0]


def _by_author(author: Author, engine: Engine) -> list[int]:
    """Papers by an author of three names or more: few have each pair of them, and
    those are looked at one by one."""
    *given, family = author.names
    pairs = [Author((each, family)) for each in dict.fromkeys(given)]
    ids = engine.ids(engine.index(pairs[0]), joined(And, [*pairs]))
    with connection.cursor() as cursor:
        cursor.execute(ids.text, ids.parameters)
        candidates = [paper for (paper,) in cursor.fetchall()]
    named: list[int] = []
    for start in range(0, len(candidates), _CHUNK):
        papers = Paper.objects.filter(pk__in=candidates[start : start + _CHUNK])
        named += [
            paper
            for paper, authors in papers.order_by().values_list("pk", "authors")
            if any(place(author.names, words(each)) for each in authors)
        ]
    return named


def words_asked_for(query: Query) -> Query | None:
    """Any of the words, phrases and prefixes that a score counts; None without one."""
    asked = [leaf for leaf in asked_for(query) if isinstance(leaf, Phrase | Prefix)]
    return joined(Or, [*dict.fromkeys(asked)]) if asked else None


def required_of(query: Query, index: str, engine: Engine) -> Query | None:
    """What of `query` every paper found satisfies and `index` decides."""
    return _required(_groups(_operands(query), engine).get(index, []))
