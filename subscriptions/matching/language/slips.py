"""What other sites' languages, links and prose bring along, told apart from words.

Read as words, these would silently find something else than was meant.
"""

from __future__ import annotations

import re

from .errors import FilterError, shown
from .fields import EXAMPLES, field_meant
from .lexer import Symbol

# Typed alone, these look like an operator of another language.
_INSTEAD = {
    "&": "Write a space, or `AND`.",
    "|": "Write `OR`, as in `diffusion OR flow`.",
    "/": "Write `OR` for either of two, or a space for both.",
    ",": "Write `OR` for either of two, or a space for both.",
    ";": "Write `OR` for either of two, or a space for both.",
    "!": "Write `-` or `NOT` before a word to leave it out, as in `learning -survey`.",
    "+": "Write a space: every word must be there anyway.",
    "=": "Write a colon without spaces after a field, as in `title:mamba`.",
    ":": "Write a colon without spaces after a field, as in `title:mamba`.",
    ">": "Write `upvotes:20` for 20 upvotes or more.",
    "<": "Write `-upvotes:20` for fewer than 20 upvotes, beside another word.",
    "~": 'Write `"policy gradient"` for words side by side, or no quotes for anywhere.',
}
_COMPARISON = re.compile(r"([A-Za-z]+)(:?=+|[<>]=?)(\S+)")
_LINK = re.compile(r"(?:https?://|www\.|(?:\w+\.)?arxiv\.org/)\S*|doi\.org/\S+", re.I)
_NUMBER = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?")


def refuse_sign(symbol: Symbol) -> None:
    """Raises FilterError for a word or phrase without a letter or digit."""
    signs = symbol.value.strip()
    if symbol.kind == "phrase" and not signs:
        raise _wrong(
            symbol,
            "there is nothing between these quotes",
            "Write words between them, or leave them out.",
        )
    raise _wrong(
        symbol,
        f"{shown(symbol.value)} has no letters or digits to look for",
        _INSTEAD.get(
            signs[:1],
            "Leave it out; words are joined by a space, `OR`, `NOT` and parentheses.",
        ),
    )


def refuse_slips(symbol: Symbol) -> None:
    """Raises FilterError for a word that is of another language than this one."""
    word = symbol.value
    if _LINK.match(word) or _NUMBER.fullmatch(word):
        raise link(symbol.start, symbol.end, word)
    if word[0] == "!" and len(word) > 1:
        raise _wrong(
            symbol,
            f"the ! in {shown(word)} means nothing",
            f"Write {shown('-' + word[1:])}.",
        )
    if word[0] == ":" and len(word) > 1:
        raise _wrong(
            symbol, f"{shown(word)} begins with a colon", "Write `title:mamba` as one."
        )
    if len(word) > 2 and word[0] == word[-1] == "/":
        raise _wrong(
            symbol,
            f"{shown(word)} looks like a regular expression, and there are none",
            "Write words, or the beginning of one, as in `diffus*`.",
        )
    if re.fullmatch(r"~\d+|\w+~\d?", word):
        raise _wrong(
            symbol,
            f"{shown(word)} asks for words that are near or alike, which there is not",
            'Write `"policy gradient"` for words side by side, `diffus*` for endings.',
        )
    if re.search(r"\w\?\w", word):
        raise _wrong(
            symbol,
            f"the ? in {shown(word)} does not stand for a letter",
            "Write the words you mean with `OR`, or the beginning of one, "
            "as in `diffus*`.",
        )
    _refuse_comparison(symbol)


def link(start: int, end: int, text: str) -> FilterError:
    """For the address or number of a paper."""
    return FilterError(
        f"{shown(text)} is the address of one paper, and a filter looks for words",
        start,
        end - start,
        "Write words of its title.",
    )


def _refuse_comparison(symbol: Symbol) -> None:
    found = _COMPARISON.fullmatch(symbol.value)
    field = found and field_meant(found[1].lower())
    if not found or not field:
        return
    value = found[3]
    if field != "upvotes":
        known = found[2][-1] == "=" and field != "has"
        tip = f"Write {shown(f'{field}:{value}' if known else EXAMPLES[field])}."
    elif found[2][0] == "<":
        if found[2] == "<=" and value.isdecimal():
            value = str(int(value[:9]) + 1)  # a NOT leaves out that many and more
        tip = f"Write {shown('-upvotes:' + value)} beside another word."
    else:
        tip = f"Write {shown('upvotes:' + value)} for that many upvotes or more."
    raise _wrong(symbol, f"{shown(symbol.value)} has no colon after its field", tip)


def _wrong(symbol: Symbol, message: str, suggestion: str) -> FilterError:
    return FilterError(message, symbol.start, symbol.end - symbol.start, suggestion)
