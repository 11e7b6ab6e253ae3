"""What of a digest many readers share, coded once: papers, why-lines, headings.

Kept by value: the caller may hand in a new `Card` for every mail, and a card that has
changed is another one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from markupsafe import escape

from subscriptions.models import Card

from . import papers, phrases
from .encoding import coded
from .mail import Reason
from .pieces import hole, template

# A paper takes about 10 kB: some thousands are the lists of some days. With its reasons
# it takes another kilobyte for each of them.
_PAPERS, _WHYS, _HEADINGS = 4_000, 30_000, 5_000


class Coded(NamedTuple):
    html: bytes
    text: bytes


class Actions(NamedTuple):
    """What stands before and after the address where the reader tunes."""

    html: tuple[bytes, bytes]
    text: tuple[bytes, bytes]


class Paper(NamedTuple):
    """A paper in a mail, in pieces around the address where its reader tunes what
    comes; in text after its number. `name`: short, also coded for HTML.

    As few pieces as may be, because each costs a mail some 50 nanoseconds; but what is
    large, the card, is the same object for all reasons.
    """

    name: str
    name_html: bytes
    html: bytes
    html_why: bytes
    html_after: bytes
    text: bytes
    text_why: bytes
    text_after: bytes
    size: int  # bytes of what it takes in the part where it takes more


@lru_cache(maxsize=_WHYS)
def paper(
    card: Card,
    sample: bool,
    page_url: str,
    full: bool,
    leads: bool,
    reasons: tuple[Reason, ...],
) -> Paper:
    """Only the why-line is this paper's and these reasons' own; the rest is shared."""
    about = card, sample, page_url, full
    html = _leading(*about) if leads else _card(*about).html
    return _paper(*about, html, reasons)


class _Shelf(NamedTuple):
    """The coded forms of one card object, by the ids of its reasons: shortened, whole,
    and both leading a mail."""

    page_url: str
    sample: bool
    papers: tuple[dict[int | tuple[int, ...], Paper], ...]


_shelves: dict[int, _Shelf] = {}
# What the ids in there are of: while it is held, nothing else can have its id.
_held: list[tuple[Card, tuple[Reason, ...]]] = []


def kept(
    card: Card,
    sample: bool,
    page_url: str,
    full: bool,
    leads: bool,
    reasons: tuple[Reason, ...],
) -> Paper:
    """`paper`, found by which objects card and reasons are, where the caller hands in
    the same ones for many mails: to look into them are a dozen visits to memory for
    each paper of a mail, and most of that is not in the processor's cache.
    """
    key = id(reasons[0]) if len(reasons) == 1 else tuple(map(id, reasons))
    shelf = _shelves.get(id(card))
    if shelf and shelf[0] == page_url and shelf[1] is sample:
        if found := shelf[2][full + 2 * leads].get(key):
            return found
    else:
        shelf = _Shelf(page_url, sample, ({}, {}, {}, {}))
    made = paper(card, sample, page_url, full, leads, reasons)
    if len(_held) >= _WHYS:
        _shelves.clear()  # first: no id may stay in there longer than its object here
        _held.clear()
    _held.append((card, reasons))
    _shelves[id(card)] = shelf
    shelf.papers[full + 2 * leads][key] = made
    return made


@lru_cache(maxsize=_WHYS)
def least(card: Card, sample: bool, page_url: str, reasons: tuple[Reason, ...]) -> int:
    """Bytes of this paper in a part, at the most, with its abstract cut short and
    without the address where its reader tunes."""
    leading = paper(card, sample, page_url, False, True, reasons)
    other = paper(card, sample, page_url, False, False, reasons)
    return max(sum(map(len, each[2:8])) for each in (leading, other))


def marked(
    card: Card,
    sample: bool,
    page_url: str,
    full: bool,
    leads: bool,
    reasons: tuple[Reason, ...],
) -> Paper:
    """With the words found marked where they stand: for a web copy, not kept."""
    about = card, sample, page_url, full
    return _paper(*about, _html(*about, leads, papers.words(reasons)), reasons)


def _paper(
    card: Card,
    sample: bool,
    page_url: str,
    full: bool,
    html: bytes,
    reasons: tuple[Reason, ...],
) -> Paper:
    text = _card(card, sample, page_url, full).text
    why, actions = _why(reasons), _actions(card, sample)
    name = phrases.short_name(papers.title(card))
    in_html = html, why.html + actions.html[0], actions.html[1]
    in_text = text, why.text + actions.text[0], actions.text[1]
    return Paper(
        name,
        coded(str(escape(name))),
        *in_html,
        *in_text,
        max(sum(map(len, in_html)), sum(map(len, in_text))),
    )


@lru_cache(maxsize=_PAPERS)
def _card(card: Card, sample: bool, page_url: str, full: bool) -> Coded:
    """What stands above the why-line."""
    shown = papers.shown(card, sample, page_url, full, leads=False)
    return _coded("parts/paper", {"paper": shown})


@lru_cache(maxsize=_PAPERS // 10)
def _leading(card: Card, sample: bool, page_url: str, full: bool) -> bytes:
    """The same in HTML for the first paper of a mail."""
    return _html(card, sample, page_url, full, leads=True)


def _html(
    card: Card,
    sample: bool,
    page_url: str,
    full: bool,
    leads: bool,
    words: tuple[str, ...] = (),
) -> bytes:
    shown = papers.shown(card, sample, page_url, full, leads, words)
    return _whole("parts/paper.html", {"paper": shown})


@lru_cache(maxsize=_PAPERS)
def _actions(card: Card, sample: bool) -> Actions:
    actions = papers.actions(card, sample, hole("tune"))
    return Actions(
        *(_around(f"parts/actions.{part}", actions) for part in ("html", "txt"))
    )


@lru_cache(maxsize=_WHYS)
def _why(reasons: tuple[Reason, ...]) -> Coded:
    return _coded("parts/why", {"why": papers.why(reasons)})


@lru_cache(maxsize=_HEADINGS)
def heading(name: str, count: int) -> Coded:
    return _coded("parts/section", {"name": name, "number": count})


@lru_cache(maxsize=1)
def rule() -> bytes:
    """What stands between two papers in HTML."""
    return _whole("parts/rule.html", {})


def _coded(name: str, context: dict[str, object]) -> Coded:
    return Coded(_whole(f"{name}.html", context), _whole(f"{name}.txt", context))


def _whole(name: str, context: dict[str, object]) -> bytes:
    """A template without holes."""
    pieces = template(name, context)
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


def _around(name: str, actions: object) -> tuple[bytes, bytes]:
    """A template with one hole."""
    before, _, after = template(name, {"actions": actions})
    assert isinstance(before, bytes) and isinstance(after, bytes)  # noqa: S101
    return before, _same(after)


@lru_cache(maxsize=100)
def _same(piece: bytes) -> bytes:
    """One object for what is equal under most papers."""
    return piece
