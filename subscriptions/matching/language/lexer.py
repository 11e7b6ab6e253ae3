"""A filter's text to its symbols: parentheses, operators, fields, words, phrases."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .errors import FilterError, shown
from .fields import EXAMPLES, looks_like_field

_SYMBOL = re.compile(
    r"""
    (?P<open>\() | (?P<close>\))
  | (?P<operator>AND|OR|NOT)(?=[\s()"]|$)
  | (?P<minus>(?:(?<=[\s()])|^)-(?=[^\s)]))
  | (?P<field>[A-Za-z]+):
  | "(?P<phrase>[^"]*)"
  | (?P<unclosed>")
  | (?P<word>(?:\\"|[^\s()"])+)  # \" is TeX's accent, as in Schr\"odinger
    """,
    re.VERBOSE,
)
# A hyphen by itself is punctuation, as in a pasted title "GRACE - a method".
_BLANK = re.compile(r"(?:\s|-+(?=[\s)]|$))*")
QUOTES = '"“”„‟«»＂'
_HYPHENS = "‐‑–—−"


@dataclass(frozen=True, slots=True)
class Symbol:
    """`kind` is a name of the pattern above, for operators AND, OR or NOT, or "end".

    `value` is what it says: of a phrase without its quotes, of a field without its
    colon. `start` and `end` are places in the text as given.
    """

    kind: str
    value: str
    start: int
    end: int


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    """What a character means to the grammar; always one character, so places hold."""
    if char in QUOTES:
        return '"'
    if char in _HYPHENS:
        return "-"
    compatible = unicodedata.normalize("NFKC", char)
    return compatible if len(compatible) == 1 else char


def symbols(text: str) -> list[Symbol]:
    """The symbols of `text`, the last of kind "end".

    Raises FilterError for characters that no filter may hold and an open quote.
    """
    _refuse_hidden(text)
    plain = text if text.isascii() else "".join(map(_plain, text))
    found = []
    at = _blank_end(plain, 0)
    while at < len(plain):
        match = _SYMBOL.match(plain, at)
        if match is None:  # the pattern takes every character
            raise AssertionError(plain[at])
        kind = match.lastgroup or ""
        if kind == "field" and _is_prose(plain, match.start(), match.end()):
            kind = "word"
        if kind == "unclosed":
            raise FilterError(
                "this quote is never closed",
                at,
                1,
                'Close it, as in `"policy gradient"`, or leave it out.',
            )
        start, end = match.span(match.lastgroup or 0)
        value = plain[start:end]
        found.append(
            Symbol(match[kind] if kind == "operator" else kind, value, at, match.end())
        )
        if kind == "field":
            _refuse_gap(plain, value, at, match.end())
            at = match.end()
        else:
            at = _blank_end(plain, match.end())
    found.append(Symbol("end", "", len(text), len(text)))
    return found


def _blank_end(plain: str, at: int) -> int:
    match = _BLANK.match(plain, at)
    return match.end() if match else at


def _is_prose(plain: str, start: int, end: int) -> bool:
    """Is the colon that of a pasted title, as in "Mamba: Linear-Time Models"?"""
    following = plain[end : end + 1]
    if following.isspace() or following == ")" or not following:
        return not looks_like_field(plain[start : end - 1])
    return False


def _refuse_gap(plain: str, field: str, at: int, end: int) -> None:
    """After `title:` its word must follow at once, and not be negated there."""
    following = plain[end : end + 1]
    example = EXAMPLES.get(looks_like_field(field), f"{field}:word")
    if not following or following.isspace() or following == ")":
        raise FilterError(
            f"{shown(field + ':')} is not followed by what to look for",
            at,
            end - at,
            f"Write it without a space, as in {shown(example)}; to find the word "
            f"itself, leave the colon out.",
        )
    if following == "-" and looks_like_field(field):
        raise FilterError(
            f"the hyphen stands after {shown(field + ':')}",
            end,
            1,
            f"To leave something out, write {shown('-' + example)}.",
        )


def _refuse_hidden(text: str) -> None:
    """Control characters, surrogates and those that turn the reading direction."""
    for at, char in enumerate(text):
        if char.isprintable() or char in "\t\n\r" or char.isspace():
            continue
        category = unicodedata.category(char)
        turns = unicodedata.bidirectional(char) in _TURNING
        if turns or category in {"Cc", "Cs"}:
            raise FilterError(
                f"there is an invisible character here (U+{ord(char):04X})",
                at,
                1,
                "Delete it, or type this part of the filter again.",
            )


_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
