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

from . import signing, usual
from .mix import DAY, Mix

PAPERS = 12  # in a digest, as by default; the first eight with their whole abstracts
# The usual ways are slow: so many of the digests a round, the others extrapolated.
_SAMPLED = 50


def digests(
    readers: int, papers: int = 200, seed: int = 1, each: int = PAPERS
) -> Iterator[Digest]:
    """Digests of one day: `each` out of `papers`, for one to three filters."""
    random, cards = Random(seed), _cards(papers, seed)
    for number in range(readers):
        yield _one(number, random.sample(cards, each), random)


@cache
def _cards(papers: int, seed: int) -> list[Card]:
    """Made once, and so are reasons: `pipeline.digests` keeps them for a round too."""
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
def _reason(name: str, word: str) -> Reason:
    return Reason(name, (Found(word, "title"),))


def _one(number: int, cards: Sequence[Card], random: Random) -> Digest:
    site, token = (
        "https://papers.example.org",
        f"{number:07}~{random.getrandbits(128):032x}",
    )
    names = random.sample(
        [f"Topic {letter}" for letter in "ABCDEFGHIJ"], 1 + number % 3
    )
    entries = [
        Entry(
            card,
            "arXiv",
            DAY,
            (_reason(names[at % len(names)], card.title.split()[0]),),
            f"{site}/papers/{card.arxiv_id}",
            f"{site}/tune/{number:05}-{at:04}~{token[-36:]}",
        )
        for at, card in enumerate(cards)
    ]
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
            one_click=f"{site}/unsubscribe/{token}",
            web=f"{site}/digests/{token}",
            privacy=f"{site}/privacy",
            site=f"{site}/",
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
    """Milliseconds of CPU time a digest, and how often faster than each usual way."""
    ways = {"jinja_inlined": usual.jinja, "django_premailer": usual.premailer}
    some = min(readers, _SAMPLED)
    first = _spent(digest, readers)  # codes the cards
    messages = [digest(_of_now(each)).message for each in digests(some)]
    for way in ways.values():
        _spent(way, 1)  # loads its templates
    own: list[float] = []
    others: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        own.append(_spent(digest, readers) / readers)
        for name, way in ways.items():
            others[name].append(_spent(way, some) / some)
    return {
        "digests": readers,
        "papers": PAPERS,
        "kb_per_digest": sum(map(len, messages)) / some / 1000,
        "ms_per_digest": median(own) * 1000,
        **{f"{name}_ms": median(spent) * 1000 for name, spent in others.items()},
        **{
            f"vs_{name}": median(b / a for a, b in zip(own, spent, strict=True))
            for name, spent in others.items()
        },
        **signing.measure(messages, rounds),
        "cards_once_s": first - median(own) * readers,
    }


def _of_now(made: Digest) -> Digest:
    return replace(made, envelope=replace(made.envelope, date=datetime.now(UTC)))


def _spent(way: Callable[[Digest], object], readers: int) -> float:
    """Seconds of CPU time for that many digests, each just made: as its shapes come
    from the ledger."""
    spent = 0
    for each in digests(readers):
        begin = time.process_time_ns()
        way(each)
        spent += time.process_time_ns() - begin
    return spent / 1e9
