"""What the matcher is measured against: SQLite's FTS5, and a loop of regular
expressions. Both are given the same folded words, so that all find the same papers.
And what search is: a database that looks through every text."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence

from django.db.models import Q

from subscriptions.matching import Document, Query
from subscriptions.matching.language.tree import (
    And,
    Author,
    Category,
    Not,
    Or,
    Phrase,
    Prefix,
)
from subscriptions.matching.tokens import stems, words
from subscriptions.models import Paper


class Disagreement(Exception):
    """The engines that are compared do not find the same papers."""


def _fields(document: Document) -> tuple[str, str, str, str]:
    """Title, abstract, authors and categories, folded. A line's end between authors
    keeps them apart."""
    return (
        " ".join(stems(document.title)),
        " ".join(stems(document.abstract)),
        "\n".join(" ".join(words(author)) for author in document.authors),
        " ".join(map(_category, document.categories)),
    )


def _category(name: str) -> str:
    """One word for FTS5."""
    return name.lower().replace(".", "x").replace("-", "y")


class FullText:
    """Documents in an FTS5 table in memory, asked filter by filter."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._database = sqlite3.connect(":memory:")
        columns = "title, abstract, authors, categories"
        self._database.execute(
            f"CREATE VIRTUAL TABLE day USING fts5({columns}, tokenize='ascii')"
        )
        rows = (
            (number, title, abstract, authors.replace("\n", " endofname "), categories)
            for number, (title, abstract, authors, categories) in enumerate(
                map(_fields, documents)
            )
        )
        self._database.executemany(
            f"INSERT INTO day (rowid, {columns}) VALUES (?, ?, ?, ?, ?)", rows
        )
        self._database.execute("INSERT INTO day (day) VALUES ('optimize')")

    def run(self, expressions: Iterable[str]) -> list[list[tuple[int]]]:
        """The rowids of each, all fetched."""
        ask = self._database.execute
        question = "SELECT rowid FROM day WHERE day MATCH ?"
        return [ask(question, (each,)).fetchall() for each in expressions]


def full_text(query: Query) -> str:
    """A filter of `Mix` as FTS5 is asked for it."""
    match query:
        case Phrase(parts, field):
            return f'{{{field or "title abstract"}}} : "{" ".join(parts)}"'
        case Prefix(start, field):
            return f'{{{field or "title abstract"}}} : "{start}" *'
        case Author(names):
            return f'authors : "{" ".join(names)}"'
        case Category(name):
            return f'categories : "{_category(name)}"'
        case Or(operands):
            return f"({' OR '.join(map(full_text, operands))})"
        case And(operands):
            asked = [each for each in operands if not isinstance(each, Not)]
            text = f"({' AND '.join(map(full_text, asked))})"
            for each in operands:
                if isinstance(each, Not):
                    text = f"({text} NOT {full_text(each.operand)})"
            return text
    raise ValueError(f"the mix has no {query}")


def naive(queries: Sequence[Query], documents: Sequence[Document]) -> list[list[int]]:
    """Every filter against every document, each term a compiled expression."""
    texts = list(map(_fields, documents))
    found = []
    for query in queries:
        satisfied = _compiled(query)
        found.append([n for n, fields in enumerate(texts) if satisfied(fields)])
    return found


def _compiled(query: Query) -> Callable[[tuple[str, str, str, str]], bool]:
    match query:
        case Or(operands):
            some = list(map(_compiled, operands))
            return lambda fields: any(each(fields) for each in some)
        case And(operands):
            each_of = list(map(_compiled, operands))
            return lambda fields: all(each(fields) for each in each_of)
        case Not(operand):
            other = _compiled(operand)
            return lambda fields: not other(fields)
        case Phrase(parts, field):
            return _search(rf"\b{' '.join(parts)}\b", _PLACES[field])
        case Prefix(start, field):
            return _search(rf"\b{start}", _PLACES[field])
        case Author(names):
            return _search(rf"\b{' '.join(names)}\b", (2,))
        case Category(name):
            return _search(rf"\b{_category(name)}\b", (3,))
    raise ValueError(f"the mix has no {query}")


_PLACES = {"": (0, 1), "title": (0,), "abstract": (1,)}


def _search(
    pattern: str, places: tuple[int, ...]
) -> Callable[[tuple[str, str, str, str]], bool]:
    search = re.compile(pattern).search
    return lambda fields: any(search(fields[place]) for place in places)


def by_like(asked: Iterable[str], page: int) -> list[int]:
    """The ids of the stored papers with all of these words, the newest first, once the
    first `page` of them are read. Longer words that hold one count too."""
    rows = Paper.objects.order_by("-day", "pk")
    for word in asked:
        rows = rows.filter(Q(title__icontains=word) | Q(abstract__icontains=word))
    ids = list(rows.values_list("pk", flat=True))
    Paper.objects.in_bulk(ids[:page])
    return ids
