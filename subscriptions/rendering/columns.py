"""Text in a column, for the part that terminals show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WIDTH = 72
_ADDRESS = re.compile(r"https?://\S+")


@lru_cache(maxsize=20_000)  # the abstracts of some days, for all their readers
def wrap(text: str, indent: int = 0, first: str = "") -> str:
    """`text` in lines of at most WIDTH columns, each indented by `indent` spaces.

    `first` stands at the beginning of the first line, within its indent. Addresses are
    never broken; wide characters (CJK) count two columns and may end a line anywhere.
    """
    room = WIDTH - indent
    lines, line, used = [], "", 0
    for gap, piece in _pieces(text, room):
        width = columns(piece)
        if line and used + gap + width > room:
            lines.append(line)
            line, used, gap = "", 0, 0
        gap = gap if line else 0
        line += " " * gap + piece
        used += gap + width
    lines.append(line)
    margin = " " * indent
    head = first.ljust(indent)[:indent] if first else margin
    return "\n".join(
        (head if at == 0 else margin) + each for at, each in enumerate(lines)
    ).rstrip()


def columns(text: str) -> int:
    return sum(map(_columns, text)) if not text.isascii() else len(text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pieces(text: str, room: int) -> Iterator[tuple[int, str]]:
    """What may not be broken, each with the spaces before it (0 or 1)."""
    for word in text.split():
        if _ADDRESS.search(word) or (columns(word) <= room and not _is_wide(word)):
            yield 1, word
            continue
        gap, piece, used = 1, "", 0
        for character in word:
            width = _columns(character)
            if piece and width and (width == 2 or used + width > room):
                yield gap, piece
                gap, piece, used = 0, "", 0
            piece += character
            used += width
        yield gap, piece


def _is_wide(word: str) -> bool:
    return not word.isascii() and any(_columns(each) == 2 for each in word)
