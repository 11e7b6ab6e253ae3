"""A reader's digest: fitted to the size that no mail client clips, then written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import columns, papers, phrases, styles
from .footer import footer
from .mail import Digest, Rendered
from .message import message, quoted_printable

SIZE_LIMIT = 90_000  # bytes of a part after transfer encoding; Gmail clips near 102 KB
FULL_ABSTRACTS = 8
MOST_AGAIN = 12


def digest(d: Digest, whole: bool = False) -> Rendered:
    """The mail of one digest; `whole`: for the web, however long it is.

    Too large a one loses length, never its footer: abstracts turn short from the last
    upwards, then papers drop from the end and the web copy has them. Raises ValueError
    where an address or a link cannot stand in a header (see `headers.lines`).
    """
    total = sum(len(group.entries) for group in d.groups)
    short = d.weekly or not d.recipient.full_abstracts
    full = 0 if short else min(FULL_ABSTRACTS, total)
    kept = total
    subject, html, text = _parts(d, kept, full)
    if not whole and not _small_enough(html, text):
        full = _most(full, lambda number: _fits(d, total, number))
        if full == 0 and not _fits(d, total, 0):
            kept = _most(total, lambda number: _fits(d, number, 0))
        subject, html, text = _parts(d, kept, full)
    return Rendered(
        subject=subject,
        html=html,
        text=text,
        message=message(
            d.recipient.address, subject, text, html, d.envelope, d.links, bulk=True
        ),
        left_out=total - kept,
    )


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


def _small_enough(*parts: str) -> bool:
    return all(len(quoted_printable(part)) < SIZE_LIMIT for part in parts)


def _parts(d: Digest, kept: int, full: int) -> tuple[str, str, str]:
    """Subject, HTML ("" for a reader of text) and text of the first `kept` papers."""
    context = _context(d, kept, full)
    context["subject"] = subject = styles.render("digest/subject.txt", context).strip()
    text = styles.render("digest/body.txt", context)
    html = "" if d.recipient.text_only else styles.render("digest/body.html", context)
    return subject, html, text


def _context(d: Digest, kept: int, full: int) -> dict[str, Any]:
    sections = papers.sections(d.groups, kept, full)
    titles = [paper.title for section in sections for paper in section.papers]
    total = sum(len(group.entries) for group in d.groups)
    samples = all(each.source == "Sample" for each in d.editions) and bool(d.editions)
    return footer(d.recipient, d.links) | {
        "subject_line": phrases.subject(titles, d.due_date, total),
        "inside": phrases.inside(titles[2:]),
        "due": phrases.long_day(d.due_date),
        "weekly": d.weekly,
        "first": d.first,
        "samples": samples,
        "sections": sections,
        "papers": phrases.count(total, "paper"),
        "listed": sum(edition.papers for edition in d.editions),
        "matched": d.matched,
        "total": total,
        "filters": phrases.count(d.filters, "filter"),
        "editions": [
            (phrases.line(each.source, 40), phrases.day_of_week(each.day), each.papers)
            for each in d.editions
        ],
        "left_out": total - kept,
        "again": _again(d),
        "notes": [phrases.line(note, 400) for note in d.notes[:6]],
        "count": phrases.count,
        "wrap": columns.wrap,
    }


def _again(d: Digest) -> list[tuple[str, str, list[papers.AgainShown]]]:
    """(source, weekday it was sent, papers), in the order given."""
    blocks: dict[tuple[str, str], list[papers.AgainShown]] = {}
    for each in d.again[:MOST_AGAIN]:
        # Within the week a weekday is clear; before that it needs its date.
        near = 0 <= (d.due_date - each.sent_on).days < 7
        day = f"{each.sent_on:%A}" if near else phrases.day_of_week(each.sent_on)
        blocks.setdefault((phrases.line(each.source, 40), day), []).append(
            papers.again(each)
        )
    return [(source, day, shown) for (source, day), shown in blocks.items()]
