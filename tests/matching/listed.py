"""Editions of papers by their titles alone, and what a preview says of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from subscriptions.matching import Preview
from subscriptions.models import Edition
from tests.factories import TUESDAY, a_listing, a_paper, an_edition


def day(ago: int) -> date:
    return TUESDAY - timedelta(days=ago)


def listed(titles: Iterable[str], ago: int = 0, source: str = "arxiv") -> Edition:
    """An edition of papers with these titles and nothing in their abstracts."""
    edition = an_edition(source=source, day=day(ago))
    for title in titles:
        a_listing(a_paper(title=title, abstract=""), edition)
    return edition


def counts(seen: Preview) -> list[int]:
    """Papers on each day, oldest first."""
    return [papers for _, papers in seen.volume.days]
