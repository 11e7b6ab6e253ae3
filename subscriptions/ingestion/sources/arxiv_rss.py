"""arXiv's announcements of a day: https://info.arxiv.org/help/rss.html.

defusedxml reads it; feedparser would fold arXiv's own elements into its model and
clean the abstracts as if they were HTML, which they are not.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import get_args
from xml.etree.ElementTree import Element

from subscriptions.ingestion import records
from subscriptions.ingestion.fetch import Fetcher, FetchError
from subscriptions.ingestion.reading import Reading, each
from subscriptions.ingestion.records import Announce, PaperRecord, Unusable

from .text import Elements, child, children, inside

FULL = 2_000  # the feed's largest

_GUID = re.compile(r"oai:arxiv\.org:\s*(\S+)", re.I)
_LINK = re.compile(r"https?://(?:www\.|export\.)?arxiv\.org/abs/(\S+)", re.I)
_ABSTRACT = re.compile(r"\AarXiv:\S+\s+Announce Type:[^\n]*\n\s*Abstract:\s*", re.I)


def _announce(given: str) -> Announce:
    """`replace-cross` is a replacement too. Raises Unusable for any other word."""
    kind = given.strip().lower().removesuffix("-cross") or "new"
    for known in get_args(Announce):
        if kind == known:
            return known  # type: ignore[no-any-return]
    raise Unusable(f"The announce type {given[:40]!r} is none of new, cross, replace")


def _record(item: Element) -> PaperRecord:
    guid, link = inside(item, "guid"), inside(item, "link")
    named = _GUID.search(guid) or _LINK.search(link)
    arxiv_id = records.paper_id(named[1] if named else (guid or link).strip())
    return PaperRecord(
        arxiv_id=arxiv_id,
        source="arxiv",
        title=records.title(inside(item, "title"), arxiv_id),
        abstract=records.paragraphs(
            _ABSTRACT.sub("", inside(item, "description").strip())
        ),
        authors=records.names(inside(item, "creator").split(","), records.AUTHORS),
        categories=records.categories(
            "".join(each.itertext()) for each in children(item, "category")
        ),
        listed_on=records.day(inside(item, "pubDate")),
        announce=_announce(inside(item, "announce_type")),
    )


def read(body: bytes) -> Reading:
    items = Elements(body, "item")
    found, rejected = each(items, _record)
    channel = child(items.root, "channel")
    feed = records.day(inside(channel, "pubDate"))
    listed = feed or next((each.listed_on for each in found if each.listed_on), None)
    problem = items.problem or ("" if channel is not None else "It is no RSS feed.")
    return Reading("arxiv", found, rejected, problem, day=listed)


def fetch(
    fetcher: Fetcher, base: str, categories: tuple[str, ...], day: date | None
) -> Reading:
    """Today's announcements of `categories`; the feed has no other day than its own."""
    reading = _ask(fetcher, base, categories)
    if day is not None and reading.day not in {day, None}:
        return Reading(
            "arxiv",
            problem=f"The feed is of {reading.day}, not {day}; read that from a file.",
        )
    return reading


def _ask(fetcher: Fetcher, base: str, categories: tuple[str, ...]) -> Reading:
    """The feed of these categories; a full one, which leaves out the rest and does not
    say so, and those of either half of them."""
    try:
        reading = read(fetcher.get(f"{base}/{'+'.join(categories)}"))
    except FetchError as error:
        return Reading("arxiv", problem=str(error))
    if len(reading.records) + len(reading.rejected) < FULL:
        return reading
    if len(categories) == 1:
        cut = f"The feed of {categories[0]} is full; some announcements may be missing."
        return replace(reading, notes=(cut,))
    middle = len(categories) // 2
    for some in (categories[:middle], categories[middle:]):
        reading = _with(reading, _ask(fetcher, base, some))
    return reading


def _with(whole: Reading, half: Reading) -> Reading:
    if half.day not in {whole.day, None}:  # rebuilt meanwhile
        half = Reading(problem=f"A feed of {half.day} came with that of {whole.day}.")
    return replace(
        whole,
        records=whole.records + half.records,
        rejected=tuple(dict.fromkeys(whole.rejected + half.rejected)),
        problem=whole.problem or half.problem,
        notes=whole.notes + half.notes,
    )
