"""`bench assemble`: a digest's bytes from its shapes, against the usual ways."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from random import Random
from statistics import median
from typing import Any

from subscriptions.models import Card
from subscriptions.rendering import (
    Covered,
    Digest,
    Entry,
    Envelope,
    Found,
    Group,
    Links,
    Reason,
    Recipient,
    digest,
)
from subscriptions.rendering.digest import FULL_ABSTRACTS

from . import signing, usual
from .mix import DAY, Mix

PAPERS = 12  # in a digest, as by default; the first eight with their whole abstracts
# What is measured: all of a digest's abstracts whole.
MEASURED = 10
# The usual ways are slow: so many of the digests a round, the others extrapolated.
_SAMPLED = 50
_SITE = "https://papers.example.org"
_Way = Callable[[Digest, int], bytes]


def digests(
    readers: int, papers: int = 200, seed: int = 1, each: int = PAPERS
) -> Iterator[Digest]:
    """Digests of one day: `each` out of `papers`, for one to three filters."""
    random, cards = Random(seed), _cards(papers, seed)
    for number in range(readers):
        yield _one(number, random.sample(cards, each), random)


@cache
def _cards(papers: int, seed: int) -> list[Card]:
    """Made once, and so are entries: `pipeline.digests` keeps them for a round too."""
    return [
        Card(
            arxiv_id=f"2607.{number:05}",
            title=document.title.capitalize(),
            abstract=document.abstract.capitalize(),
            authors=document.authors,
            categories=("cs.LG", "cs.AI"),
            day=DAY,
            upvotes=number % 50,
            comments=number % 4,
            code_url=f"https://code.example.org/{number}" if number % 3 else "",
            project_url="",
            summary="",
            note="",
        )
        for number, document in enumerate(Mix(seed).papers(papers))
    ]


@lru_cache(maxsize=50_000)
def _entry(card: Card, name: str) -> Entry:
    found = Found(card.title.split()[0], "title")
    page = f"{_SITE}/papers/{card.arxiv_id}"
    return Entry(card, "arXiv", DAY, (Reason(name, (found,)),), page)


def _one(number: int, cards: Sequence[Card], random: Random) -> Digest:
    site, token = _SITE, f"{number:07}~{random.getrandbits(128):032x}"
    names = random.sample(
        [f"Topic {letter}" for letter in "ABCDEFGHIJ"], 1 + number % 3
    )
    entries = [_entry(card, names[at % len(names)]) for at, card in enumerate(cards)]
    return Digest(
        recipient=Recipient(
            f"reader{number}@example.org", number % 24, "UTC", date(2026, 6, 2)
        ),
        envelope=Envelope(
            f"<{number}.20260707@papers.example.org>",
            datetime(2026, 7, 7, 5, 0, number % 60, tzinfo=UTC),
            "digest:papers.example.org",
        ),
        links=Links(
            preferences=f"{site}/me/{token}/",
            unsubscribe=f"{site}/unsubscribe/{token}",
            web=f"{site}/digests/{token}",
            privacy=f"{site}/privacy",
            site=f"{site}/",
            tune=f"{site}/tune/{token[-36:]}/",
        ),
        due_date=DAY,
        first=False,
        weekly=False,
        editions=(Covered("arXiv", DAY, 712), Covered("Hugging Face", DAY, 43)),
        filters=len(names),
        matched=len(cards) + number % 5,
        groups=tuple(
            Group(name, tuple(entries[at :: len(names)]))
            for at, name in enumerate(names)
        ),
    )


def measure(readers: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of CPU time a digest of ten papers with ten whole abstracts, how
    often faster than each usual way, and the same of a digest as it is by default."""
    designed = _compared(readers, rounds, MEASURED, MEASURED)
    by_default = _compared(readers, rounds, PAPERS, FULL_ABSTRACTS)
    messages = [
        _own(_of_now(each), MEASURED)
        for each in digests(min(readers, _SAMPLED), each=MEASURED)
    ]
    return {
        "digests": readers,
        **designed,
        **signing.measure(messages, rounds),
        **{f"by_default_{name}": value for name, value in by_default.items()},
    }


def _compared(readers: int, rounds: int, each: int, abstracts: int) -> dict[str, Any]:
    """Of digests with so many papers and so many whole abstracts."""
    ways: dict[str, _Way] = {
        "jinja_inlined": usual.jinja,
        "django_premailer": usual.premailer,
    }
    some = min(readers, _SAMPLED)

    def spent(way: _Way, number: int) -> float:
        return _spent(lambda d: way(d, abstracts), number, each)

    first = spent(_own, readers)  # codes the cards
    for way in ways.values():
        spent(way, 1)  # loads its templates
    own: list[float] = []
    others: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        own.append(spent(_own, readers) / readers)
        for name, way in ways.items():
            others[name].append(spent(way, some) / some)
    sizes = [len(_own(made, abstracts)) for made in digests(some, each=each)]
    return {
        "papers": each,
        "full_abstracts": abstracts,
        "kb_per_digest": sum(sizes) / some / 1000,
        "ms_per_digest": median(own) * 1000,
        **{f"{name}_ms": median(spent) * 1000 for name, spent in others.items()},
        **{
            f"vs_{name}": median(b / a for a, b in zip(own, spent, strict=True))
            for name, spent in others.items()
        },
        "cards_once_s": first - median(own) * readers,
    }


def _own(made: Digest, abstracts: int) -> bytes:
    return digest(made, abstracts=abstracts).message


def _of_now(made: Digest) -> Digest:
    return replace(made, envelope=replace(made.envelope, date=datetime.now(UTC)))


def _spent(way: Callable[[Digest], object], readers: int, each: int) -> float:
    """Seconds of CPU time for that many digests, each just made: as its shapes come
    from the ledger."""
    spent = 0
    for made in digests(readers, each=each):
        begin = time.process_time_ns()
        way(made)
        spent += time.process_time_ns() - begin
    return spent / 1e9
