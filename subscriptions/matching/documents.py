"""What a filter is held against: a listing, or a stored paper that has none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from subscriptions.models import Card, Listing, Paper

_CODE_LINK = re.compile(
    r"\b(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|huggingface\.co"
    r"|gitee\.com|git\.sr\.ht|anonymous\.4open\.science)/[^\s{}()<>,;\"']+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Document:
    """`listing` 0 and `source` "" for a paper by itself; `day` is its edition's."""

    listing: int
    paper: int
    source: str
    day: date | None
    title: str
    abstract: str
    note: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    upvotes: int
    has_code: bool

    @classmethod
    def of_listing(cls, listing: Listing) -> Document:
        """As its card shows it. Reads `listing.edition`: select it along."""
        day = listing.edition.day if listing.edition else listing.listed_on
        return cls._of_card(
            listing.card, listing.paper_id, listing.pk, listing.source, day
        )

    @classmethod
    def of_paper(cls, paper: Paper) -> Document:
        """A stored paper by itself: it is `in:` no source."""
        return cls._of_card(paper.card(), paper.pk, 0, "", paper.day)

    @classmethod
    def _of_card(
        cls, card: Card, paper: int, listing: int, source: str, day: date | None
    ) -> Document:
        return cls(
            listing=listing,
            paper=paper,
            source=source,
            day=day,
            title=card.title,
            abstract=card.abstract,
            note=card.note,
            authors=card.authors,
            categories=card.categories,
            upvotes=card.upvotes,
            has_code=bool(card.code_url or code_link(card.abstract, card.note)),
        )


def code_link(*texts: str) -> str:
    """The first link to a place where code is kept, as written; "" without one."""
    for text in texts:
        if found := _CODE_LINK.search(text):
            return found[0].rstrip(".")
    return ""
