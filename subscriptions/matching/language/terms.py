"""One term of a filter, `title:mamba` or `"policy gradient"`, to a leaf of its tree."""

from __future__ import annotations

import re

from subscriptions.matching.tokens import stem, words
from subscriptions.models import Source

from .errors import FilterError, shown
from .fields import EXAMPLES, no_field
from .lexer import Symbol
from .slips import refuse_sign, refuse_slips
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

_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?")


def check_field(named: Symbol, following: Symbol, outer: str) -> str:
    """The field's name in lower case; raises FilterError where it cannot stand."""
    name = named.value.lower()
    length = named.end - named.start
    if name not in EXAMPLES:
        raise no_field(named.value, named.start, named.end)
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
            f"To leave something out, write `-{EXAMPLES[name]}`."
            if following.kind == "NOT"
            else f"Write it without a space, as in `{EXAMPLES[name]}`.",
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
                f"`upvotes:` takes a number up to 999,999, not {shown(value)}",
                "Write `upvotes:20` for 20 upvotes or more.",
            )
    return _words(field, symbol)


def _words(field: str, symbol: Symbol) -> Leaf:
    value = symbol.value
    if symbol.kind == "word":
        refuse_slips(symbol)
        if "*" in value:
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
    if not parts and not words(rest):
        raise _wrong(
            symbol,
            f"{shown(symbol.value)} has no letters or digits to look for",
            "Write one `*`, apart, for every paper.",
        )
    if not parts:
        raise _wrong(
            symbol,
            f"the * in {shown(symbol.value)} is at the beginning of the word",
            "A * stands for the end of a word, as in `diffus*`; write the whole word.",
        )
    if rest:
        raise _wrong(
            symbol,
            f"the * in {shown(symbol.value)} is not at the end of the word",
            "A * stands for the end of a word, as in `diffus*`; there are no "
            "regular expressions.",
        )
    if len(parts) > 1:
        apart = f"Write them apart: {shown(' '.join(parts) + '*')}."
        raise _wrong(
            symbol,
            f"{shown(symbol.value)} is more than one word, and * ends one",
            apart if len(parts[-1]) > 2 else f"Leave the * out: {shown(start)}.",
        )
    if len(parts[0]) < 3:
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
    family, comma, given = symbol.value.partition(",")
    if comma and symbol.kind == "word":
        raise _wrong(
            symbol,
            f"the name in {shown(symbol.value)} ends at its comma",
            'Write the whole name in quotes, as in `author:"Geoffrey Hinton"`.',
        )
    names = _some_words(symbol)
    if words(family) and words(given):  # "Hinton, Geoffrey"
        names = words(given) + words(family)
    return Author(tuple(names), symbol.value)


def _category(symbol: Symbol) -> Leaf:
    name = "".join(symbol.value.split()).lower()
    if _CATEGORY.fullmatch(name):
        return Category(name, symbol.value)
    archive = re.fullmatch(r"([a-z]+(?:-[a-z]+)*)\.?\*", name)
    several = re.split(r"[,;|+]", "".join(symbol.value.split()))
    if archive:
        tip = f"Write {shown('cat:' + archive[1])} for the whole archive."
    elif len(several) > 1 and all(_CATEGORY.fullmatch(c.lower()) for c in several):
        either = f"cat:({' OR '.join(several[:3])})"
        tip = f"Write {shown(either)} for any of several."
    else:
        tip = "Write it as arXiv does, as in `cat:cs.LG`, or `cat:cs` for an archive."
    raise _wrong(symbol, f"{shown(symbol.value)} is not a category", tip)


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
        refuse_sign(symbol)
    return found


def _wrong(symbol: Symbol, message: str, suggestion: str) -> FilterError:
    return FilterError(message, symbol.start, symbol.end - symbol.start, suggestion)
