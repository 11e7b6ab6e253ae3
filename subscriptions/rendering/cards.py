"""The parts of a digest that many readers share, coded once: papers, why-lines,
headings.

Kept by value: the caller may hand in a new `Card` for every mail, and a card that has
changed is another one. What was made of an entry is kept by the entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from markupsafe import escape

from subscriptions.models import Card

from . import papers, phrases
from .encoding import coded
from .mail import Entry, Reason
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
    """A paper in a mail for all its readers: the pieces between which its why-line and
    the address to tune it stand; in the text part, those after its number. `name`: its
    short name, also coded for HTML."""

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


class Standing:
    """An entry as mails show it: its why-line, and its paper as far as that was asked
    for."""

    __slots__ = ("_about", "_least", "_papers", "why")

    def __init__(self, entry: Entry) -> None:
        self._about = _of(entry)
        self._papers: list[Paper | None] = [None] * 4
        self._least = 0
        self.why = _put_together(entry.reasons)

    def paper(self, full: bool, leads: bool) -> Paper:
        at = full + 2 * leads
        found = self._papers[at]
        if found is None:
            found = self._papers[at] = paper(*self._about, full, leads)
        return found

    @property
    def least(self) -> int:
        """Bytes in a part, at the most, with the abstract cut short and without the
        address where its reader tunes."""
        if not self._least:
            cut = [paper(*self._about, False, leads) for leads in (True, False)]
            of_why = max(len(self.why.html), len(self.why.text))
            self._least = max(each.size() for each in cut) + of_why
        return self._least


def standing(entry: Entry) -> Standing:
    """Found at once where the caller hands in the same entry for many mails: to look
    into a card and its reasons would be a dozen visits to memory for each paper of a
    mail, most of it not in the processor's cache."""
    found = entry.standing
    if found is None:
        found = entry.standing = Standing(entry)
    return found


def _of(entry: Entry) -> tuple[Card, bool, str]:
    return entry.card, entry.source == "Sample", entry.page_url


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


def marked(entry: Entry, full: bool, leads: bool, words: tuple[str, ...]) -> Paper:
    """With the words found marked where they stand: for a web copy, not kept."""
    about = *_of(entry), full
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
