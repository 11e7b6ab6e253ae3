"""The tree of a filter, and its canonical text.

Leaves say what a paper must have, `Not`, `And` and `Or` combine them. `written` is the
term as its reader wrote it; it takes no part in comparisons.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Phrase:
    """One stem, or several next to each other, in one field. `field`: "" is either."""

    words: tuple[str, ...]
    field: str = ""
    written: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words whose stem begins with `start`, or equals its stem."""

    start: str
    field: str = ""
    written: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Author:
    """Folded names, in this order in one author's name (`authors.place`)."""

    names: tuple[str, ...]
    written: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Category:
    """A category, or an archive with all of its categories, in lower case."""

    name: str
    written: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """By this source."""

    source: str


@dataclass(frozen=True, slots=True)
class HasCode:
    pass


@dataclass(frozen=True, slots=True)
class Upvotes:
    least: int


@dataclass(frozen=True, slots=True)
class Everything:
    pass


@dataclass(frozen=True, slots=True)
class Not:
    operand: Query


@dataclass(frozen=True, slots=True)
class And:
    operands: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    operands: tuple[Query, ...]


Leaf: TypeAlias = (
    Phrase | Prefix | Author | Category | Listed | HasCode | Upvotes | Everything
)
Query: TypeAlias = Leaf | Not | And | Or


def join(kind: type[And] | type[Or], operands: list[Query]) -> Query:
    """`operands` under one node: nested ones of the same kind dissolved, no doubles."""
    flat: dict[Query, None] = {}
    for operand in operands:
        inner = operand.operands if isinstance(operand, kind) else (operand,)
        flat |= dict.fromkeys(inner)
    return kind(tuple(flat)) if len(flat) > 1 else next(iter(flat))


def is_positive(query: Query) -> bool:
    """Does it ask for something, rather than only leave something out?"""
    match query:
        case Not():
            return False
        case And(operands):
            return any(map(is_positive, operands))
        case Or(operands):
            return all(map(is_positive, operands))
    return True


def leaves(query: Query) -> Iterator[Leaf]:
    """Every leaf, from left to right, those under NOT too."""
    match query:
        case Not(operand):
            yield from leaves(operand)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from leaves(operand)
        case _:
            yield query


def asked_for(query: Query) -> Iterator[Leaf]:
    """The leaves that are not under a NOT: what a score counts."""
    match query:
        case Not():
            return
        case And(operands) | Or(operands):
            for operand in operands:
                yield from asked_for(operand)
        case _:
            yield query


def canonical(query: Query) -> str:
    """The one text of all filters that differ only in order, doubles and spelling.

    It is a filter itself and selects the same papers; `language.parse_canonical`
    reads it back. It can be longer than a reader's filter may be, because
    `abstract:(a b)` becomes `abstract:a abstract:b`.
    """
    return _text(_normal(query))


def _normal(query: Query) -> Query:
    match query:
        case Not(operand):
            return Not(_normal(operand))
        case And(operands):
            kind: type[And] | type[Or] = And
        case Or(operands):
            kind = Or
        case _:
            return query
    joined = join(kind, [_normal(operand) for operand in operands])
    if not isinstance(joined, kind):
        return joined
    return kind(tuple(sorted(joined.operands, key=_order)))


def _order(query: Query) -> tuple[bool, str]:
    return isinstance(query, Not), _text(query)


def _text(query: Query) -> str:
    match query:
        case And(operands):
            return " ".join(map(_operand_text, operands))
        case Or(operands):
            return " OR ".join(map(_text, operands))
        case Not(operand):
            return "-" + _operand_text(operand, closed=True)
    return _leaf_text(query)


def _operand_text(query: Query, closed: bool = False) -> str:
    """Of an operand of AND, or (`closed`) of NOT, in parentheses where needed."""
    needs = isinstance(query, Or) or (closed and isinstance(query, And))
    return f"({_text(query)})" if needs else _text(query)


def _leaf_text(leaf: Leaf) -> str:
    match leaf:
        case Phrase(parts, field):
            return _in_field(field, " ".join(parts))
        case Prefix(start, field):
            return _in_field(field, start) + "*"
        case Author(names):
            return _in_field("author", " ".join(names))
        case Category(name):
            return f"cat:{name}"
        case Listed(source):
            return f"in:{source}"
        case HasCode():
            return "has:code"
        case Upvotes(least):
            return f"upvotes:{least}"
    return "*"


def _in_field(field: str, text: str) -> str:
    quoted = f'"{text}"' if " " in text else text
    return f"{field}:{quoted}" if field else quoted
