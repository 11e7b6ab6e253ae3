"""How a mail puts things: days, counts, names, why a paper is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from .mail import Covered, Found, Reason
from .maths import readable

NAMED_AUTHORS = 4
LONGEST_NAME = 80  # a filter without a name goes by its text, which may be long
LONGEST_SUBJECT = 70  # visible characters, so that a phone shows most of it
NAMED = 2  # papers that a subject names at most; an inbox shows the next beside it
_DANGLING = re.compile(
    r"(?:\s+(?:a|an|and|as|at|by|for|from|in|into|is|of|on|or|the|to|via|with))+$", re.I
)
# Their dot ends no sentence, nor does one after letters with dots, as in "i.i.d.", or
# before a small letter in "etc. and".
_ABBREVIATIONS = (
    *("approx", "avg", "ca", "cf", "dr", "eq", "eqs", "et al", "fig", "figs", "incl"),
    *("prof", "ref", "refs", "resp", "sec", "secs", "thm", "viz", "vs"),
)
_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\.[a-z]\.)"
    + "".join(rf"(?<!\b{each}\.)" for each in _ABBREVIATIONS)
    + r"\s+(?<!etc\.\s(?=(?-i:[a-z])))|(?<=[。！？])",
    re.IGNORECASE,
)

# What stands around the words of a Found; "" where the words say enough.
_AROUND = {
    "title": ("", " in the title"),
    "abstract": ("", ""),
    "author": ("", " among the authors"),
    "category": ("category ", ""),
    "source": ("listed by ", ""),
    "code": ("", ""),  # the link, or that there is a "code link"
    "upvotes": ("upvotes: ", ""),
}


@lru_cache(maxsize=1000)
def short_day(day: date) -> str:
    """7 Jul"""
    return f"{day.day} {day:%b}"


@lru_cache(maxsize=1000)
def day_of_week(day: date) -> str:
    """Tue 7 Jul"""
    return f"{day:%a} {short_day(day)}"


def weekday(day: date) -> str:
    """Tuesday 7 July"""
    return f"{day:%A} {day.day} {day:%B}"


@lru_cache(maxsize=1000)
def long_day(day: date) -> str:
    """Tuesday 7 July 2026"""
    return f"{weekday(day)} {day.year}"


def count(number: int, noun: str) -> str:
    """1 paper, 1,204 papers"""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def lists(editions: Iterable[Covered]) -> tuple[tuple[str, str, int], ...]:
    """(source, its days, how many papers) of the editions covered, a source's together;
    three or more days of one as one stretch: "2 Jul to 7 Jul"."""
    by_source: dict[str, list[Covered]] = {}
    for each in editions:
        by_source.setdefault(line(each.source, 40), []).append(each)
    return tuple(
        (source, days, papers)
        for source, some in by_source.items()
        for days, papers in _days(some)
    )


def _days(editions: list[Covered]) -> list[tuple[str, int]]:
    if len(editions) < 3:
        return [(day_of_week(each.day), each.papers) for each in editions]
    days = sorted(each.day for each in editions)
    stretch = f"{short_day(days[0])} to {short_day(days[-1])}"
    return [(stretch, sum(each.papers for each in editions))]


def shortened(text: str, longest: int) -> str:
    """`text` cut at a word, with an ellipsis, so that it has at most `longest`."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    at_word = cut.rpartition(" ")[0]
    return (at_word if len(at_word) > longest // 2 else cut).rstrip(" ,;:.") + "…"


def line(text: str, longest: int) -> str:
    """A stranger's `text`, readable, in at most `longest` characters.

    Cut first: a megabyte costs nothing then.
    """
    return shortened(readable(text[: 4 * longest]), longest)


def sentences(text: str, number: int, longest: int) -> str:
    """The first `number` sentences of `text`, at most `longest` characters."""
    ends = [match.start() for match in _SENTENCE.finditer(text[: longest * 4])]
    first = text[: ends[number - 1]] if len(ends) >= number else text
    return shortened(first.strip(), longest)


def authors(names: Sequence[str]) -> tuple[tuple[str, ...], str, str]:
    """The first names, " and 12 more" or "", and "16 authors"."""
    known = [name for given in names if (name := line(given, 60))]
    more = len(known) - NAMED_AUTHORS
    return (
        tuple(known[:NAMED_AUTHORS]),
        f" and {more:,} more" if more > 0 else "",
        count(len(known), "author"),
    )


@lru_cache(maxsize=20_000)
def filter_name(name: str) -> str:
    return line(name, LONGEST_NAME) or "Your filter"


def why(reason: Reason, most: int = 8) -> list[tuple[str, str, str]]:
    """What a filter found, as (before, the paper's words, after), to be set in marks.

    Words in the same place follow each other and name it once.
    """
    found = [each for each in reason.found if each.words.strip()]
    pieces = []
    for at, each in enumerate(found[:most]):
        before, after = _AROUND.get(each.field, ("", f" in the {line(each.field, 20)}"))
        pieces.append(
            (
                before,
                line(each.words, LONGEST_NAME),
                "" if _same_place_next(found[:most], at) else after,
            )
        )
    if len(found) > most:
        pieces.append(("and ", f"{len(found) - most:,} more", ""))
    return pieces


@lru_cache(maxsize=20_000)
def short_name(title: str) -> str:
    """What a title is called in a list: the part before its colon, else first words."""
    before_colon, colon, _ = title.partition(": ")
    if colon and 2 <= len(before_colon) <= 40:
        return before_colon
    question, mark, _ = title.partition("? ")
    if mark and len(question) <= 40:
        return question + "?"
    if len(title) <= 34:
        return title
    words = title[:33].rpartition(" ")[0] or title[:33]
    return _DANGLING.sub("", words).rstrip(" ,;:.-–—(") + "…"


class Subject(NamedTuple):
    """A digest's, and how many of its first papers it names."""

    text: str
    named: int


def subject(titles: Sequence[str], due: date, total: int) -> Subject:
    """Short names first, then how many more of `total`, then the day.

    At most LONGEST_SUBJECT characters.
    """
    day = f", {day_of_week(due)}"
    names = [short_name(title) for title in titles[:NAMED]]
    if not names:
        return Subject(count(total, "paper") + day, 0)
    for named in range(len(names), 0, -1):
        more = total - named
        end = (f" + {more} more" if more > 0 else "") + day
        whole = ", ".join(names[:named]) + end
        if len(whole) <= LONGEST_SUBJECT:
            return Subject(whole, named)
    return Subject(shortened(names[0], LONGEST_SUBJECT - len(end)) + end, 1)


def inside(names: Sequence[str], longest: int = 150) -> int:
    """How many of these, those after a subject's, fit a line beside it in an inbox."""
    shown = used = 0
    for name in names:
        used += len(name) + len(" · ") * bool(shown)
        if used > longest:
            break
        shown += 1
    return shown


def _same_place_next(found: Sequence[Found], at: int) -> bool:
    return at + 1 < len(found) and found[at + 1].field == found[at].field == "title"
