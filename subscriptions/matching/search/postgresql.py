"""PostgreSQL: the column `search` of the papers, a tsvector with a GIN index.

It holds the stems of the abstract as they are, those of the title as `t:stem`, and the
facts. Title and abstract are so told apart by the index itself, and no phrase runs from
one into the other. (Weights would be looked up in each row.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from subscriptions.matching.language.tree import (
    And,
    Leaf,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
)
from subscriptions.matching.tokens import stem

from .conditions import words_asked_for
from .sql import Sql
from .text import facts_of, is_exact

# Longer ones are cut, since a lexeme has at most 2,046 bytes; migration 0003 too.
LONGEST = 500
# A rank reads the whole vector of a paper, 15 microseconds: of very many papers found,
# the older ones follow by their day.
RANKED = 2_000
_FIELDS = {"": ("", "t:"), "title": ("t:",), "abstract": ("",)}


class PostgreSQL:
    papers = "subscriptions_paper"
    listings = "subscriptions_listing AS listing"

    def index(self, leaf: Leaf) -> str:
        known = isinstance(leaf, Phrase | Prefix) or facts_of(leaf) is not None
        return "search" if known and is_exact(leaf) else ""

    def ids(self, index: str, query: Query) -> Sql:
        sql = "SELECT id FROM subscriptions_paper WHERE search @@ %s::tsquery"
        return Sql(sql, (tsquery(query),))

    def ranks(self, query: Query) -> Sql | None:
        asked = words_asked_for(query)
        if asked is None:
            return None
        sql = f"""
            SELECT id, ts_rank('{{0, 0, 0.3, 0.9}}', search, %s::tsquery) AS score
            FROM (SELECT id, search FROM found JOIN subscriptions_paper USING (id)
                  ORDER BY day DESC NULLS LAST, id LIMIT {RANKED}) AS newest
        """  # noqa: S608  the filter is a parameter
        return Sql(sql, (tsquery(asked),))

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """What PostgreSQL cannot estimate: reading the vector of each paper, which is
        stored apart from its row, takes far longer than asking the index; and a set of
        ids that does not fit into memory would be looked through for each row (4 MB
        hold 260,000, 64 MB four million)."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL work_mem = '64MB'")
            yield


def tsquery(query: Query) -> str:
    """As its input is written; ready lexemes, so that no parser cuts them."""
    match query:
        case And(operands):
            return f"({' & '.join(map(tsquery, operands))})"
        case Or(operands):
            return f"({' | '.join(map(tsquery, operands))})"
        case Not(operand):
            return f"!{tsquery(operand)}"
        case Phrase(parts, field):
            phrases = (
                " <-> ".join(_quoted(part, mark) for part in parts)
                for mark in _FIELDS[field]
            )
            return f"({' | '.join(phrases)})"
        case Prefix(start, field):
            own = stem(start)
            either = [f"{_quoted(start, mark)}:*" for mark in _FIELDS[field]]
            if not own.startswith(start):
                either += [_quoted(own, mark) for mark in _FIELDS[field]]
            return f"({' | '.join(either)})"
    facts = facts_of(query) or []
    return " & ".join(f"({' | '.join(map(_quoted, each))})" for each in facts)


def _quoted(word: str, mark: str = "") -> str:
    return f"'{mark}{word[:LONGEST]}'"
