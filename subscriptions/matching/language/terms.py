"""One term of a filter, `title:mamba` or `"policy gradient"`, to a leaf of its tree."""

from __future__ import annotations

import difflib
import re

from subscriptions.matching.tokens import stem, words
from subscriptions.models import Source

from .errors import FilterError, shown
from .lexer import Symbol
from .tree import (
    Author,
    Category,
    Everything,
    HasCode,
    Leaf,
    Listed,
    Phrase,
    Prefix,
    Upvotes,
)

FIELDS = ("title", "abstract", "author", "cat", "in", "has", "upvotes")
_MEANT = {
    "ti": "title",
    "abs": "abstract",
    "abst": "abstract",
    "summary": "abstract",
    "au": "author",
    "by": "author",
    "category": "cat",
    "archive": "cat",
    "source": "in",
    "listed": "in",
    "votes": "upvotes",
    "likes": "upvotes",
    "code": "has",
}
_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?")


def check_field(named: Symbol, following: Symbol, outer: str) -> str:
    """The field's name in lower case; raises FilterError where it cannot stand."""
    name = named.value.lower()
    length = named.end - named.start
    if name not in FIELDS:
        close = (
            [_MEANT[name]]
            if name in _MEANT
            else difflib.get_close_matches(name, FIELDS, n=1)
        )
        known = ", ".join(f"{field}:" for field in FIELDS)
        raise FilterError(
            f"there is no field {shown(named.value + ':')}",
            named.start,
            length,
            f"Did you mean `{close[0]}:`?"
            if close
            else f"Fields are {known}; to find the word itself, leave the colon out.",
        )
    if outer:
        raise FilterError(
            f"`{name}:` stands inside a group of `{outer}:`",
            named.start,
            length,
            f"Move it out, as in `{outer}:(agent OR planner) {name}:...`.",
        )
    if following.kind not in {"open", "word", "phrase"}:
        raise FilterError(
            f"`{name}:` is not followed by what to look for",
            named.start,
            length,
            f"Write it without a space, as in `{name}:word`.",
        )
    return name


def leaf(field: str, symbol: Symbol) -> Leaf:
    """The leaf of a word or phrase in `field` ("": title or abstract)."""
    value = symbol.value
    if value == "*" and symbol.kind == "word":
        if field:
            raise _wrong(
                symbol, f"`*` cannot stand in `{field}:`", "Leave the field out."
            )
        return Everything()
    match field:
        case "author":
            return _author(symbol)
        case "cat":
            return _category(symbol)
        case "in":
            return _listed(symbol)
        case "has":
            if value.lower() == "code":
                return HasCode()
            raise _wrong(
                symbol, f"`has:` cannot be {shown(value)}", "Write `has:code`."
            )
        case "upvotes":
            if re.fullmatch(r"[0-9]{1,6}", value):
                return Upvotes(int(value))
            raise _wrong(
                symbol,
                f"`upvotes:` takes a number, not {shown(value)}",
                "Write `upvotes:20` for 20 upvotes or more.",
            )
    return _words(field, symbol)


def _words(field: str, symbol: Symbol) -> Leaf:
    value = symbol.value
    if symbol.kind == "word" and "*" in value:
        return _prefix(field, symbol)
    if starred := re.search(r"\w{3,}\*(?!\w)", value):
        raise _wrong(
            symbol,
            f"{shown(starred[0])} stands in quotes, where * has no meaning",
            f"Write {shown(starred[0])} outside of the quotes.",
        )
    return Phrase(tuple(map(stem, _some_words(symbol))), field, value)


def _prefix(field: str, symbol: Symbol) -> Leaf:
    start, _, rest = symbol.value.partition("*")
    parts = words(start)
    if rest:
        raise _wrong(
            symbol,
            f"the * in {shown(symbol.value)} is not at the end of the word",
            "A * stands for the end of a word, as in `diffus*`; there are no "
            "regular expressions.",
        )
    if len(parts) > 1:
        raise _wrong(
            symbol,
            f"{shown(symbol.value)} is more than one word, and * ends one",
            f"Write them apart: `{' '.join(parts)}*`.",
        )
    if not parts or len(parts[0]) < 3:
        raise _wrong(
            symbol,
            f"{shown(symbol.value)} has fewer than three letters before the *",
            "Write at least three, as in `dif*`, or leave the * out.",
        )
    return Prefix(parts[0], field, symbol.value)


def _author(symbol: Symbol) -> Leaf:
    if "*" in symbol.value:
        raise _wrong(
            symbol,
            "an author's name takes no *",
            'Write the name, as in `author:"G Hinton"`.',
        )
    return Author(tuple(_some_words(symbol)), symbol.value)


def _category(symbol: Symbol) -> Leaf:
    name = "".join(symbol.value.split()).lower()
    if _CATEGORY.fullmatch(name):
        return Category(name, symbol.value)
    archive = re.fullmatch(r"([a-z]+(?:-[a-z]+)*)\.?\*", name)
    raise _wrong(
        symbol,
        f"{shown(symbol.value)} is not a category",
        f"Write `cat:{archive[1]}` for the whole archive."
        if archive
        else "Write it as arXiv does, as in `cat:cs.LG`, or `cat:cs` for an archive.",
    )


def _listed(symbol: Symbol) -> Leaf:
    name = symbol.value.lower()
    if name in Source.values:
        return Listed(name)
    raise _wrong(
        symbol,
        f"{shown(symbol.value)} is not a source",
        "Write `in:hf` for Hugging Face or `in:arxiv` for arXiv.",
    )


def _some_words(symbol: Symbol) -> list[str]:
    found = words(symbol.value)
    if not found:
        raise _wrong(
            symbol,
            f"{shown(symbol.value)} has no letters or digits to look for",
            "Leave it out; words are joined by a space, `OR`, `NOT` and parentheses.",
        )
    return found


def _wrong(symbol: Symbol, message: str, suggestion: str) -> FilterError:
    return FilterError(message, symbol.start, symbol.end - symbol.start, suggestion)
