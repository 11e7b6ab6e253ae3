"""One paper as a source told it, cleaned of whatever sources put into their text."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Literal
from urllib.parse import urlsplit

TITLE, ABSTRACT, NOTE, SUMMARY, NAME, LINK = 1_000, 20_000, 2_000, 2_000, 200, 500
AUTHORS, CATEGORIES, KEYWORDS = 5_000, 50, 50
LARGEST_COUNT = 2_147_483_647  # PositiveIntegerField on PostgreSQL

Announce = Literal["new", "cross", "replace"]

_NEW_ID = re.compile(r"([0-9]{4}\.[0-9]{4,5})(?:v[0-9]+)?")
_OLD_ID = re.compile(
    r"([a-z]{2,10}(?:-[a-z]{2,8})?)(?:\.[a-z]{2})?/([0-9]{7})(?:v[0-9]+)?"
)
# An id as people copy it: alone, or as the end of a link to the paper.
_PASTED = re.compile(
    r"(?:(?:https?://)?(?:[a-z]{2,9}\.)?"
    r"(?:arxiv\.org/(?:abs|pdf|html|format)|alphaxiv\.org/abs|huggingface\.co/papers"
    r"|doi\.org/10\.48550)/)?"
    r"(?:arxiv[:.]\s?)?"
    r"([0-9]{4}\.[0-9]{4,5}|[a-z]{2,10}(?:-[a-z]{2,8})?(?:\.[a-z]{2})?/[0-9]{7})"
    r"(?:v[0-9]{1,3})?(?:\.pdf)?/?(?:[?\#].*)?"
)
_CATEGORY = re.compile(r"[A-Za-z][A-Za-z-]{1,15}(?:\.[A-Za-z-]{2,20})?")
_ISO_DAY = re.compile(r"\s*([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9])")
_NEWLINES = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
# Control characters but tab and newline, lone surrogates, what overrides the direction
# of the text after it, and invisible marks of no meaning.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff"
    "\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]"
)
_WRAPPED_AT = 100  # sources wrap at 80; a longer line is a paragraph
_STACKED = 30  # marks on a letter: Stream-Safe Text Format, Unicode annex 15


class Unusable(ValueError):
    """An item that cannot become a paper; the message says which and why."""


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """What one source says of one paper. "" and () mean it says nothing.

    `arxiv_id` without version; `categories` with the primary one first; `day` of the
    first version (UTC); `upvotes` and `comments` None where the source counts none;
    `listed_on` the day the source gives for its list, None where it gives none.
    """

    arxiv_id: str
    source: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    day: date | None = None
    note: str = ""
    upvotes: int | None = None
    comments: int | None = None
    code_url: str = ""
    project_url: str = ""
    organisation: str = ""
    submitter: str = ""
    summary: str = ""
    keywords: tuple[str, ...] = ()
    listed_on: date | None = None
    announce: Announce = "new"


def paper_id(given: object) -> str:
    """The id without version, in lower case; old ones without their subject class.

    `2407.01234v2` is 2407.01234, `math.GT/0309136` is math/0309136. Raises Unusable.
    """
    text = given.strip().lower() if isinstance(given, str) else ""
    if match := _NEW_ID.fullmatch(text):
        return match[1]
    if match := _OLD_ID.fullmatch(text):
        return f"{match[1]}/{match[2]}"
    shown = repr(given if len(repr(given)) <= 60 else f"{str(given)[:50]}...")
    raise Unusable(
        f"{shown} is not an arXiv id; one looks like 2407.01234 or hep-th/9901001"
    )


def pasted_id(text: str) -> str:
    """The id without version where a text is an id or a link to a paper and nothing
    else, as `arXiv:2407.01234` or `https://arxiv.org/abs/2407.01234v2`; else ""."""
    text = text.strip().lower()
    found = _PASTED.fullmatch(text) if len(text) <= LINK else None
    return paper_id(found[1]) if found else ""


def _seen(given: object) -> str:
    """Text without control characters, lone surrogates and direction overrides."""
    if not isinstance(given, str):
        return ""
    text = _UNSEEN.sub("", _NEWLINES.sub("\n", given))
    return text if text.isascii() else unicodedata.normalize("NFC", _unstacked(text))


def _unstacked(text: str) -> str:
    """Without the marks beyond any script's: to normalise a text sorts those on one
    letter, in time that grows with the square of their number (40,000 take 10 s)."""
    kept, marks = [], 0
    for sign in text:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= _STACKED:
            kept.append(sign)
    return "".join(kept)


def line(given: object, longest: int) -> str:
    """`given` on one line, cut at `longest` characters; "" if it is no text."""
    if isinstance(given, str):
        given = given[: longest * 4]  # no need to clean ten megabytes to keep a line
    text = " ".join(_seen(given).split())
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def title(given: object, arxiv_id: str) -> str:
    """A title on one line. Raises Unusable for none and for one beyond all titles."""
    if isinstance(given, str) and len(given) > TITLE * 4:
        raise Unusable(_too_long(arxiv_id, len(given)))
    text = " ".join(_seen(given).split())
    if not text:
        raise Unusable(f"{arxiv_id} has no title")
    if len(text) > TITLE:
        raise Unusable(_too_long(arxiv_id, len(text)))
    return text


def _too_long(arxiv_id: str, length: int) -> str:
    return (
        f"{arxiv_id} has a title of {length:,} characters; at most {TITLE:,} are taken"
    )


def paragraphs(given: object) -> str:
    """An abstract without the source's hard wraps; real paragraphs stay, parted by an
    empty line.

    A paragraph begins after an empty line, at an indented line (arXiv's convention),
    and at every line of a text whose lines are longer than wrapped ones are.
    """
    text = _seen(given[: ABSTRACT * 2] if isinstance(given, str) else given).strip()
    first, _, rest = text.partition("\n")
    lines = [first, *textwrap.dedent(rest).split("\n")]
    unwrapped = max(map(len, lines)) > _WRAPPED_AT
    blocks: list[list[str]] = [[]]
    for row in lines:
        if unwrapped or not row.strip() or row.startswith((" ", "\t")):
            blocks.append([])
        blocks[-1] += row.split()
    whole = "\n\n".join(" ".join(words) for words in blocks if words)
    return whole if len(whole) <= ABSTRACT else f"{whole[: ABSTRACT - 1].rstrip()}…"


def names(given: object, most: int, longest: int = NAME) -> tuple[str, ...]:
    """The texts of a list, cleaned, without empty ones; () if it is no list."""
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | dict):
        return ()
    cleaned = (line(each, longest) for each in given)
    return tuple(islice(filter(None, cleaned), most))


def categories(given: Iterable[object]) -> tuple[str, ...]:
    """arXiv's categories, each once, in order; what looks like none is left out."""
    found = (each.strip() for each in given if isinstance(each, str))
    kept = dict.fromkeys(name for name in found if _CATEGORY.fullmatch(name))
    return tuple(kept)[:CATEGORIES]


def link(given: object) -> str:
    """An http(s) address without user name, or ""."""
    text = given.strip() if isinstance(given, str) else ""
    if len(text) > LINK or _UNSEEN.search(text) or re.search(r"[\s\\\"<>]", text):
        return ""
    try:
        parts = urlsplit(text)
        usable = (
            parts.scheme in {"http", "https"}
            and parts.hostname
            and "@" not in parts.netloc
        )
    except ValueError:
        return ""
    return text if usable else ""


def count(given: object) -> int | None:
    """A whole number from 0, or None where the source gives nothing of the kind."""
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        return None
    return min(given, LARGEST_COUNT)


def day(given: object) -> date | None:
    """The date of an ISO 8601 or RFC 5322 time, as its source wrote it.

    None for no date and for one outside 1990 to next year: arXiv began in 1991.
    """
    if not isinstance(given, str):
        return None
    try:
        if match := _ISO_DAY.match(given):
            found = date(*map(int, match.groups()))
        else:
            found = parsedate_to_datetime(given).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if 1990 <= found.year <= datetime.now(tz=UTC).year + 1 else None
