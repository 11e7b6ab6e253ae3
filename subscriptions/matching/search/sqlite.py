"""SQLite: the FTS5 tables `paper_words`, of title and abstract, and `paper_facts`.

Two, so that the length of a paper that bm25 divides by is that of its text and not of
its list of authors. Their tokeniser cuts at spaces only: the words are ready.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from subscriptions.matching.language.tree import (
    And,
    Leaf,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    asked_for,
)
from subscriptions.matching.tokens import stem

from .conditions import required_of, words_asked_for
from .sql import Sql
from .text import facts_of, is_exact

_WORDS, _FACTS = "words", "facts"
_SELECT = {
    _WORDS: "SELECT rowid AS id FROM paper_words WHERE paper_words MATCH %s",
    _FACTS: "SELECT rowid AS id FROM paper_facts WHERE paper_facts MATCH %s",
}
_COLUMNS = {"": "", "title": "title_words : ", "abstract": "abstract_words : "}


class SQLite:
    papers = "subscriptions_paper INDEXED BY paper_id_day"
    listings = "subscriptions_listing AS listing INDEXED BY listing_in_search"

    def index(self, leaf: Leaf) -> str:
        if isinstance(leaf, Phrase | Prefix):
            return _WORDS
        return _FACTS if facts_of(leaf) is not None and is_exact(leaf) else ""

    def ids(self, index: str, query: Query) -> Sql:
        return Sql(_SELECT[index], (fts5(query),))

    def ranks(self, query: Query) -> Sql | None:
        asked = words_asked_for(query)
        if asked is None:
            return None
        # bm25 takes its time with each row: better with those of all words than with
        # those of any, where the words that must be there are all that count.
        must = required_of(query, _WORDS, self)
        if must and {*asked_for(must)} >= {*asked_for(asked)}:
            asked = must
        sql = (
            "SELECT rowid AS id, -bm25(paper_words, 3.0, 1.0) AS score "
            "FROM paper_words WHERE paper_words MATCH %s"
        )
        return Sql(sql, (fts5(asked),))

    def prepared(self) -> AbstractContextManager[None]:
        """No transaction, which would be the one that may write."""
        return nullcontext()


def fts5(query: Query) -> str:
    """As FTS5 writes a query (https://sqlite.org/fts5.html, section 3)."""
    match query:
        case And(operands):
            wanted = [fts5(each) for each in operands if not isinstance(each, Not)]
            without = [fts5(each.operand) for each in operands if isinstance(each, Not)]
            both = " AND ".join(wanted)
            return (
                f"(({both}) NOT ({' OR '.join(without)}))" if without else f"({both})"
            )
        case Or(operands):
            return f"({' OR '.join(map(fts5, operands))})"
        case Phrase(parts, field):
            return f'{_COLUMNS[field]}"{" ".join(parts)}"'
        case Prefix(start, field):
            own = stem(start)
            begins = f'{_COLUMNS[field]}"{start}" *'
            if own.startswith(start):
                return begins
            return f'({begins} OR {_COLUMNS[field]}"{own}")'
        case Not():
            raise TypeError("FTS5 is asked for what is there, not for all but that")
    either = (
        " OR ".join(f'"{fact}"' for fact in each) for each in facts_of(query) or []
    )
    return " AND ".join(f"({each})" for each in either)
