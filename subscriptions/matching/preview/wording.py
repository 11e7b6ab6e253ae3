"""A tree as its reader would have written it: what a button puts into the field.

Unlike the canonical text it keeps the words as they were typed. Reading it back gives
an equal tree.
"""

from __future__ import annotations

import re

from subscriptions.matching.language.tree import (
    And,
    Author,
    Category,
    Leaf,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    canonical,
)

_BARE = re.compile(r"\w[\w.+#/'&-]*")
_OPERATORS = frozenset({"AND", "OR", "NOT"})


def written(query: Query, minus: str = "-") -> str:
    """`minus` is how its reader writes NOT: "-" or "NOT "."""
    match query:
        case And(operands):
            return " ".join(_operand(operand, minus) for operand in operands)
        case Or(operands):
            return " OR ".join(written(operand, minus) for operand in operands)
        case Not(operand):
            return minus + _operand(operand, minus, closed=True)
    return _term(query)


def _operand(query: Query, minus: str, closed: bool = False) -> str:
    needs = isinstance(query, Or) or (closed and isinstance(query, And))
    text = written(query, minus)
    return f"({text})" if needs else text


def _term(leaf: Leaf) -> str:
    match leaf:
        case Phrase(words, field, typed):
            return _in_field(field, _quoted(typed, " ".join(words)))
        case Prefix(start, field, typed):
            plain = not typed or typed[0] == "-"  # which here would be a NOT
            return _in_field(field, f"{start}*" if plain else typed)
        case Author(names, typed):
            return _in_field("author", _quoted(typed, " ".join(names)))
        case Category(name, typed):
            return _in_field("cat", _quoted(typed, name))
    return canonical(leaf)  # the others are written in one way only


def _quoted(typed: str, words: str) -> str:
    """`words` are what is looked for: where what was typed cannot stand in quotes."""
    if '"' in typed:  # TeX's accent, as in Schr\"odinger: no phrase holds it
        if " " not in typed and typed[0] != "-":
            return typed
        typed = ""
    text = typed or words
    bare = _BARE.fullmatch(text) and text not in _OPERATORS
    return text if bare else f'"{text}"'


def _in_field(field: str, text: str) -> str:
    return f"{field}:{text}" if field else text
