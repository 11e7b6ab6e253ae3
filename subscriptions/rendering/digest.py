"""A reader's digest: fitted to the size that no mail client clips, put together from
pieces that were coded once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from markupsafe import escape

from . import cards, papers, phrases
from .encoding import coded
from .footer import constants, reader
from .mail import Covered, Digest, Rendered
from .message import message
from .pieces import block, frame

SIZE_LIMIT = 90_000  # bytes of a part after transfer encoding; Gmail clips near 102 KB
FULL_ABSTRACTS = 8
MOST_AGAIN = 12
# Bytes of a part at most: of what stands around the papers; of a line about a paper had
# before; of a heading; of the soft breaks in an address and the rule after a paper.
# A name may have 80 characters, a title 300, of up to twelve bytes each.
_REST, _AGAIN, _HEADING, _BREAKS = 20_000, 5_000, 2_500, 500

_LINKS = ("preferences", "unsubscribe", "web", "privacy")
_BETWEEN = coded(" · ")
# The blocks of digest/body.html and body.txt, and what each depends on.
_SHARED = {
    "editions": ("editions", "more_matched"),
    "notes": ("first", "samples", "notes", "hour", "zone"),
    "more": ("left_out", "some"),
    "again": ("again",),
    "why": ("confirmed", "hour", "zone"),
}
BLOCKS: dict[str, dict[str, tuple[str, ...]]] = {
    "digest/body.html": _SHARED
    | {
        "peek": ("inside",),
        "top": ("filters",),
        "dateline": ("weekly", "due", "papers", "listed"),
    },
    "digest/body.txt": _SHARED
    | {"dateline": ("weekly", "due", "papers", "listed", "filters")},
}
_FRAMED = {name: frozenset([*blocks, "sections"]) for name, blocks in BLOCKS.items()}


def digest(d: Digest, whole: bool = False) -> Rendered:
    """The mail of one digest; `whole`: for the web, however long it is, and with the
    words found marked where they stand.

    Too large a one loses length, never its footer: abstracts turn short from the last
    upwards, then papers drop from the end and the web copy has them. Raises ValueError
    where an address or a link cannot stand in a header (see `headers.lines`).
    """
    total = sum(len(group.entries) for group in d.groups)
    short = d.weekly or not d.recipient.full_abstracts
    full = 0 if short else min(FULL_ABSTRACTS, total)
    kept = total
    subject, html, text = _parts(d, kept, full, whole)
    if not whole and not _small_enough(html, text):
        full = _most(full, lambda number: _fits(d, total, number))
        if full == 0 and not _fits(d, total, 0):
            kept = _most(total, lambda number: _fits(d, number, 0))
        subject, html, text = _parts(d, kept, full)
    return Rendered(
        subject=subject,
        message=message(
            d.recipient.address, subject, text, html, d.envelope, d.links, bulk=True
        ),
        left_out=total - kept,
    )


def surely_fits(d: Digest) -> bool:
    """False where a mail of this digest may have to leave papers out, without making
    one. By lengths that are kept: most digests are far from any limit.

    An abstract may always turn short, so papers count with short ones. All else is
    counted as if each of its characters needed the most that any can.
    """
    least = _REST + 12 * sum(map(len, d.notes)) + _AGAIN * len(d.again)
    for group in d.groups:
        least += _HEADING
        for card, source, _, reasons, page_url, tune_url in group.entries:
            least += cards.least(card, source == "Sample", page_url, reasons)
            least += len(tune_url) + _BREAKS
    return least < SIZE_LIMIT


def _most(top: int, fits: Callable[[int], bool]) -> int:
    """The largest number below `top` that fits, by bisection; 0 if none does."""
    low, high = 0, max(top, 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _fits(d: Digest, kept: int, full: int) -> bool:
    _, html, text = _parts(d, kept, full)
    return _small_enough(html, text)


def _small_enough(*parts: list[bytes]) -> bool:
    return all(sum(map(len, part)) < SIZE_LIMIT for part in parts)


def _parts(
    d: Digest, kept: int, full: int, marks: bool = False
) -> tuple[str, list[bytes], list[bytes]]:
    """Subject, HTML (empty for a reader of text) and text, both in coded pieces, of the
    first `kept` papers, the first `full` of them with whole abstracts."""
    names, html, text = _sections(papers.sections(d, kept), full, marks)
    told, given = values(d, kept, [name for name, _ in names]), constants()
    links = {name: getattr(d.links, name) for name in _LINKS}
    holes = {name: coded(address) for name, address in links.items()}
    text_part = _part("digest/body.txt", given, told, holes, text)
    if d.recipient.text_only:
        return told["subject"], [], text_part
    for name, address in links.items():
        if "&" in address or "'" in address:
            holes[name] = coded(str(escape(address)))
    holes["subject"] = coded(str(escape(told["subject"])))
    holes["inside"] = _BETWEEN.join([name for _, name in names[2 : 2 + told["inside"]]])
    html_part = _part("digest/body.html", given, told, holes, html)
    return told["subject"], html_part, text_part


def values(d: Digest, kept: int, names: list[str]) -> dict[str, Any]:
    """What the templates say besides the papers, of which `kept` stand in the mail, by
    the short `names`."""
    total = sum([len(group.entries) for group in d.groups])
    to = d.recipient
    return {
        **reader(to.hour, to.zone, to.confirmed_on),
        "subject": phrases.subject(names, d.due_date, total),
        "inside": phrases.inside(names[2:]),
        "due": phrases.long_day(d.due_date),
        "weekly": d.weekly,
        "first": d.first,
        "papers": phrases.count(total, "paper"),
        "more_matched": d.matched if d.matched > total else 0,
        "filters": phrases.count(d.filters, "filter"),
        **_editions(d.editions),
        "left_out": total - kept,
        "some": kept > 0,
        "again": _again(d) if d.again else (),
        "notes": tuple([phrases.line(note, 400) for note in d.notes[:6]]),
    }


@lru_cache(maxsize=1000)
def _editions(editions: tuple[Covered, ...]) -> dict[str, Any]:
    return {
        "editions": phrases.lists(editions),
        "listed": sum(edition.papers for edition in editions),
        "samples": {each.source for each in editions} == {"Sample"},
    }


def _again(
    d: Digest,
) -> tuple[tuple[str, str, tuple[papers.AgainShown, ...]], ...]:
    """(source, weekday it was sent, papers), in the order given."""
    blocks: dict[tuple[str, str], list[papers.AgainShown]] = {}
    for each in d.again[:MOST_AGAIN]:
        # Within the week a weekday is clear; before that it needs its date.
        near = 0 <= (d.due_date - each.sent_on).days < 7
        day = f"{each.sent_on:%A}" if near else phrases.day_of_week(each.sent_on)
        blocks.setdefault((phrases.line(each.source, 40), day), []).append(
            papers.again(each)
        )
    return tuple((*about, tuple(shown)) for about, shown in blocks.items())


def _part(
    name: str,
    given: tuple[tuple[str, str], ...],
    told: dict[str, Any],
    holes: dict[str, bytes],
    sections: list[bytes],
) -> list[bytes]:
    """One part: the frame of its template, its blocks, the papers."""
    blocks = BLOCKS[name]
    parts: list[bytes] = []
    for piece in frame(name, _FRAMED[name], given):
        if isinstance(piece, bytes):
            parts.append(piece)
        elif piece == "sections":
            parts += sections
        elif needs := blocks.get(piece):
            wanted = tuple([told[need] for need in needs])
            for inner in block(name, piece, needs, wanted):
                parts.append(inner if isinstance(inner, bytes) else holes[inner])
        else:
            parts.append(holes[piece])
    return parts


def _sections(
    sections: list[papers.Section], full: int, marks: bool
) -> tuple[list[tuple[str, bytes]], list[bytes], list[bytes]]:
    """The papers' short names, plain and for HTML, and how they stand in each part."""
    names: list[tuple[str, bytes]] = []
    html: list[bytes] = []
    text: list[bytes] = []
    rule = cards.rule()
    coded_paper = cards.marked if marks else cards.paper
    for heading, entries in sections:
        head = cards.heading(heading, len(entries))
        html.append(head.html)
        text.append(head.text)
        for card, source, _, reasons, page_url, tune_url in entries:
            at = len(names)
            about = card, source == "Sample", page_url, at < full, at == 0, reasons
            name, name_html, html_before, html_after, text_before, text_after = (
                coded_paper(*about)
            )
            names.append((name, name_html))
            tune = coded(tune_url)
            html += html_before
            html += (tune, html_after, rule)
            text.append(place(at + 1))
            text += text_before
            text += (tune, text_after)
        html.pop()  # the rule after a section's last paper
    return names, html, text


@lru_cache(maxsize=100)
def place(number: int) -> bytes:
    """A paper's number in the text, in four columns, after an empty line."""
    return coded("\n" + f"{number}.".ljust(4))
