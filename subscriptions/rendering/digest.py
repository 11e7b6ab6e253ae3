"""A reader's digest: fitted to the size that no mail client clips, put together from
pieces that were coded once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from markupsafe import escape

from . import cards, papers, phrases
from .encoding import coded, coded_each
from .footer import constants
from .mail import Digest, Links, Rendered
from .message import message
from .surroundings import around

SIZE_LIMIT = 90_000  # bytes of a part after transfer encoding; Gmail clips near 102 KB
FULL_ABSTRACTS = 8
# Bytes of a part at most: of what stands around the papers; of a line about a paper had
# before; of a heading; of the soft breaks in an address and the rule after a paper.
# A name may have 80 characters, a title 300, of up to twelve bytes each.
_REST, _AGAIN, _HEADING, _BREAKS = 20_000, 5_000, 2_500, 500

_BETWEEN = coded(" · ")
_HOLES = ("preferences", "unsubscribe", "web", "privacy", "tune")


def digest(d: Digest, whole: bool = False, abstracts: int = FULL_ABSTRACTS) -> Rendered:
    """The mail of one digest; `whole`: for the web, however long it is, and with the
    words found marked where they stand; `abstracts`: of so many papers in full, for
    readers who want any so.

    Too large a one loses length, never its footer: abstracts turn short from the last
    upwards, then papers drop from the end and the web copy has them. Raises ValueError
    where an address or a link cannot stand in a header (see `headers.lines`).
    """
    kept = total = _all(d)
    short = d.weekly or not d.recipient.full_abstracts
    full = 0 if short else min(abstracts, total)
    parts = _parts(d, kept, full, whole)
    mail = _mail(d, parts)
    # Most mails as a whole are below the limit, and so are their parts.
    if not whole and len(mail) >= SIZE_LIMIT and not _small_enough(parts):
        full = _most(full, lambda number: _fits(d, total, number))
        if full == 0 and not _fits(d, total, 0):
            kept = _most(total, lambda number: _fits(d, number, 0))
        parts = _parts(d, kept, full)
        mail = _mail(d, parts)
    return Rendered(parts.subject, mail, left_out=total - kept)


def surely_fits(d: Digest) -> bool:
    """Does a mail of this digest surely have room for all its papers? Told by lengths
    that are kept, without making it: most digests are far from the limit.

    Papers count with short abstracts, since abstracts may always turn short. All else
    counts as if each of its characters took the most bytes that any can.
    """
    of_tuning = len(d.links.tune) + _BREAKS
    notes, again = 12 * sum(map(len, d.notes)), _AGAIN * len(d.again)
    least = _REST + notes + again + _HEADING * len(d.groups)
    for group in d.groups:
        for entry in group.entries:
            least += cards.standing(entry).least + of_tuning
    return least < SIZE_LIMIT


def _all(d: Digest) -> int:
    return sum([len(group.entries) for group in d.groups])


def _most(top: int, fits: Callable[[int], bool]) -> int:
    """The largest number below `top` that fits, by bisection; 0 if none does."""
    low, high = 0, max(top, 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


class _Sections(NamedTuple):
    """Papers, and how they stand in each part."""

    papers: list[cards.Paper]
    html: list[bytes]
    text: list[bytes]


class _Parts(NamedTuple):
    """Coded pieces of a mail, HTML empty for a reader of text."""

    subject: str
    html: list[bytes]
    text: list[bytes]


def _mail(d: Digest, parts: _Parts) -> bytes:
    subject, html, text = parts
    to = d.recipient.address
    return message(to, subject, text, html, d.envelope, d.links, bulk=True)


def _fits(d: Digest, kept: int, full: int) -> bool:
    return _small_enough(_parts(d, kept, full))


def _small_enough(parts: _Parts) -> bool:
    return all(sum(map(len, part)) < SIZE_LIMIT for part in (parts.html, parts.text))


def _parts(d: Digest, kept: int, full: int, marks: bool = False) -> _Parts:
    """Of the first `kept` papers, the first `full` of them with whole abstracts."""
    links = _addresses(d.links)
    escaped = _for_html(d.links, links)
    tunes = escaped["tune"], links["tune"]
    shown, html, text = _sections(papers.sections(d, kept), tunes, full, marks)
    total = _all(d)
    names = [paper.name for paper in shown]
    subject, named = phrases.subject(names, d.due_date, total)
    inside = phrases.inside(names[named:])
    above, below = around(d, total, kept, inside > 0, constants())
    text_part = [*above.text.filled(links), *text, *below.text.filled(links)]
    if d.recipient.text_only:
        return _Parts(subject, [], text_part)
    escaped["subject"] = coded(str(escape(subject)))
    next_papers = shown[named : named + inside]
    escaped["inside"] = _BETWEEN.join([paper.name_html for paper in next_papers])
    html_part = [*above.html.filled(escaped), *html, *below.html.filled(escaped)]
    return _Parts(subject, html_part, text_part)


def _addresses(own: Links) -> dict[str, bytes]:
    """The reader's own, coded."""
    texts = [own.preferences, own.unsubscribe, own.web, own.privacy, own.tune]
    return dict(zip(_HOLES, coded_each(texts), strict=True))


def _for_html(links: Links, holes: dict[str, bytes]) -> dict[str, bytes]:
    """The same where an address stands in an attribute."""
    escaped = dict(holes)
    for name in holes:
        address = getattr(links, name)
        if "&" in address or "'" in address:
            escaped[name] = coded(str(escape(address)))
    return escaped


def _sections(
    sections: list[papers.Section], tune: tuple[bytes, bytes], full: int, marks: bool
) -> _Sections:
    """`tune`: the link of that name, coded for HTML and for text."""
    shown: list[cards.Paper] = []
    html: list[bytes] = []
    text: list[bytes] = []
    rule, standing = cards.rule(), cards.standing
    tune_html, tune_text = tune
    at = 0
    for heading, entries in sections:
        head = cards.heading(heading, len(entries))
        html.append(head.html)
        text.append(head.text)
        for entry in entries:
            whole, leads = at < full, at == 0
            stands = standing(entry)
            if marks:
                paper = cards.marked(entry, whole, leads, papers.words(entry.reasons))
            else:
                paper = stands.paper(whole, leads)
            _, _, before, actions, after, text_before, text_actions, text_after = paper
            why, text_why = stands.why
            at += 1
            shown.append(paper)
            html += (before, why, actions, tune_html, after, rule)
            text += (
                place(at),
                text_before,
                text_why,
                text_actions,
                tune_text,
                text_after,
            )
        html.pop()  # the rule after a section's last paper
    return _Sections(shown, html, text)


@lru_cache(maxsize=100)
def place(number: int) -> bytes:
    """A paper's number in the text, in four columns, after an empty line."""
    return coded("\n" + f"{number}.".ljust(4))
