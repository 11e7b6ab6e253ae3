"""What of a digest many readers share, coded once: papers, why-lines, headings.

Kept by value: the caller may hand in a new `Card` for every mail, and a card that has
changed is another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from markupsafe import escape

from subscriptions.models import Card

from . import papers, phrases
from .encoding import coded
from .mail import Reason
from .pieces import hole, template

# A paper takes about 10 kB: some thousands are the lists of some days.
_PAPERS, _WHYS, _HEADINGS = 4_000, 50_000, 5_000
_PARTS = ("html", "txt")


class Coded(NamedTuple):
    html: bytes
    text: bytes


class Around(NamedTuple):
    """What stands before and after a hole."""

    html: tuple[bytes, bytes]
    text: tuple[bytes, bytes]


class Paper(NamedTuple):
    """A paper in a mail for all its readers, in pieces before and after its why-line
    and the address where its reader tunes what comes; in text after its number.
    `name`: short, also coded for HTML."""

    name: str
    name_html: bytes
    html: bytes
    html_actions: bytes
    html_after: bytes
    text: bytes
    text_actions: bytes
    text_after: bytes

    def size(self) -> int:
        """Bytes in the part where it takes more, with nothing in its holes."""
        return max(sum(map(len, self[2:5])), sum(map(len, self[5:])))


class Why(NamedTuple):
    """The why-line of some reasons. They are held, so that no others get their ids."""

    html: bytes
    text: bytes
    reasons: tuple[Reason, ...]


class _Shelf(NamedTuple):
    """One card object and its coded forms, as far as they were asked for: shortened,
    whole, and both leading a mail."""

    card: Card
    page_url: str
    sample: bool
    papers: list[Paper | None]
    least: list[int]  # `least` without a why-line, once it was asked for


# By the id of what they hold: to look into a card and its reasons would be a dozen
# visits to memory for each paper of a mail, most of it not in the processor's cache.
_shelves: dict[int, _Shelf] = {}
_whys: dict[int | tuple[int, ...], Why] = {}


def kept(card: Card, sample: bool, page_url: str, full: bool, leads: bool) -> Paper:
    """`paper`, found at once where the caller hands in the same card for many mails."""
    shelf = _shelves.get(id(card))
    if shelf is None or shelf[1] != page_url or shelf[2] is not sample:
        shelf = _shelved(card, sample, page_url)
    papers, at = shelf[3], full + 2 * leads
    found = papers[at]
    if found is None:
        found = papers[at] = paper(card, sample, page_url, full, leads)
    return found


def _shelved(card: Card, sample: bool, page_url: str) -> _Shelf:
    if len(_shelves) >= _PAPERS:
        _shelves.clear()
    shelf = _shelves[id(card)] = _Shelf(card, page_url, sample, [None] * 4, [])
    return shelf


def why(reasons: tuple[Reason, ...]) -> Why:
    """The same of reasons."""
    key = id(reasons[0]) if len(reasons) == 1 else tuple(map(id, reasons))
    found = _whys.get(key)
    if found is None:
        if len(_whys) >= _WHYS:
            _whys.clear()
        found = _whys[key] = Why(*_put_together(reasons), reasons)
    return found


def _put_together(reasons: tuple[Reason, ...]) -> Coded:
    """Of pieces: readers have their filters in so many combinations that most lines
    occur once."""
    if not reasons:
        return Coded(b"", b"")
    names = papers.others(reasons)
    (html, html_after), (text, text_after) = _why(reasons[0], bool(names))
    if not names:
        return Coded(html, text)
    also = _also(names)
    return Coded(html + also.html + html_after, text + also.text + text_after)


@lru_cache(maxsize=_PAPERS)
def paper(card: Card, sample: bool, page_url: str, full: bool, leads: bool) -> Paper:
    about = card, sample, page_url, full
    return _paper(*about, _leading(*about) if leads else _card(*about).html)


def least(card: Card, sample: bool, page_url: str, reasons: tuple[Reason, ...]) -> int:
    """Bytes of this paper in a part, at the most, with its abstract cut short and
    without the address where its reader tunes."""
    shelf = _shelves.get(id(card))
    if shelf is None or shelf[1] != page_url or shelf[2] is not sample:
        shelf = _shelved(card, sample, page_url)
    if not shelf[4]:
        leading = kept(card, sample, page_url, full=False, leads=True)
        other = kept(card, sample, page_url, full=False, leads=False)
        shelf[4].append(max(leading.size(), other.size()))
    html, text, _ = why(reasons)
    return shelf[4][0] + max(len(html), len(text))


def marked(
    card: Card,
    sample: bool,
    page_url: str,
    full: bool,
    leads: bool,
    words: tuple[str, ...],
) -> Paper:
    """With the words found marked where they stand: for a web copy, not kept."""
    about = card, sample, page_url, full
    return _paper(*about, _html(*about, leads, words))


def _paper(card: Card, sample: bool, page_url: str, full: bool, html: bytes) -> Paper:
    text = _card(card, sample, page_url, full).text
    actions = _actions(card, sample)
    name = phrases.short_name(papers.title(card))
    return Paper(
        name, coded(str(escape(name))), html, *actions.html, text, *actions.text
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
def _actions(card: Card, sample: bool) -> Around:
    """What a reader can do with it, before and after the address where they tune."""
    actions = {"actions": papers.actions(card, sample, hole("tune"))}
    html, text = (_around(f"parts/actions.{part}", actions) for part in _PARTS)
    return Around(html, text)


@lru_cache(maxsize=_WHYS)
def _why(first: Reason, others: bool) -> Around:
    """By which words the first filter found it, before and after the others' names."""
    told = {"why": papers.why((first,)), "also": hole("also") if others else ""}
    around = _around if others else _before
    html, text = (around(f"parts/why.{part}", told) for part in _PARTS)
    return Around(html, text)


@lru_cache(maxsize=_WHYS)
def _also(names: tuple[str, ...]) -> Coded:
    return _coded("parts/also", {"names": names})


@lru_cache(maxsize=_HEADINGS)
def heading(name: str, count: int) -> Coded:
    return _coded("parts/section", {"name": name, "number": count})


@lru_cache(maxsize=1)
def rule() -> bytes:
    """What stands between two papers in HTML."""
    return _whole("parts/rule.html", {})


def _coded(name: str, context: Mapping[str, object]) -> Coded:
    return Coded(_whole(f"{name}.html", context), _whole(f"{name}.txt", context))


def _whole(name: str, context: Mapping[str, object]) -> bytes:
    """A template without holes."""
    pieces = template(name, context)
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


def _before(name: str, context: Mapping[str, object]) -> tuple[bytes, bytes]:
    """A template without holes, and nothing after it."""
    return _whole(name, context), b""


def _around(name: str, context: Mapping[str, object]) -> tuple[bytes, bytes]:
    """A template with one hole."""
    before, _, after = template(name, context)
    assert isinstance(before, bytes) and isinstance(after, bytes)  # noqa: S101
    return before, after
