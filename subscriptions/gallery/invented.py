"""Invented papers, readers and mails: for the gallery, and for tests of rendering."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from subscriptions.models import Card
from subscriptions.rendering import (
    Again,
    Covered,
    Digest,
    Entry,
    Envelope,
    Found,
    Group,
    LetterMail,
    Links,
    Reason,
    Recipient,
)

DUE = date(2026, 7, 7)
TITLE = "Slow Tokens: Curvature-Aware Step Sizes for Long-Context Pretraining"
NEAREST = (
    TITLE,
    "Moonlit Maps of a Loss: Where Flat Valleys End",
    "Folded Gradients",
)
LONG = (
    "Training on long contexts spends most of its steps on tokens that have long "
    "settled. This invented abstract has a claim, a method, a number and a limit. We "
    "estimate the curvature seen by each position with one extra vector product, and "
    "scale that position's step by it, so that settled positions move little and new "
    "ones move fast. On sequences of 128k tokens the loss of the baseline is reached "
    "with 21 % fewer steps and no change to the model; below 8k the gain vanishes. The "
    "estimate costs 3 % of a step, needs $\\ell_2$-normalised gradients, and is ready "
    "in forty lines."
)


def card(**changes: Any) -> Card:
    return replace(
        Card(
            arxiv_id="2607.00001",
            title=TITLE,
            abstract=LONG,
            authors=("A. Sample", "B. Sample", "C. Sample"),
            categories=("cs.LG", "cs.AI"),
            day=date(2026, 7, 6),
            upvotes=0,
            comments=0,
            code_url="",
            project_url="",
            summary="",
            note="",
        ),
        **changes,
    )


def reason(name: str = "Curvature", *found: tuple[str, str]) -> Reason:
    pairs = found or (("curvature", "title"),)
    return Reason(name, tuple(Found(words, field) for words, field in pairs))


def entry(
    *reasons: Reason, source: str = "arXiv", listed_on: date = DUE, **changes: Any
) -> Entry:
    paper = card(**changes)
    return Entry(
        card=paper,
        source=source,
        listed_on=listed_on,
        reasons=reasons or (reason(),),
        page_url=f"https://papers.example.org/papers/{paper.arxiv_id}",
    )


def links(host: str = "papers.example.org") -> Links:
    site = f"https://{host}"
    signed = "2bZ~1uQ9xT~Jm4nq7rWw0oYk3eVb8sLzA"
    return Links(
        preferences=f"{site}/preferences/{signed}",
        unsubscribe=f"{site}/unsubscribe/{signed}",
        web=f"{site}/digest/{signed}",
        tune=f"{site}/tune/{signed}/",
        privacy=f"{site}/privacy",
        site=f"{site}/",
    )


def recipient(**changes: Any) -> Recipient:
    reader = Recipient("reader@example.org", 7, "Europe/Berlin", date(2026, 6, 2))
    return replace(reader, **changes)


def envelope() -> Envelope:
    return Envelope(
        message_id="<d.2bz.20260707@papers.example.org>",
        date=datetime(2026, 7, 7, 5, 0, tzinfo=UTC),
        feedback_id="20260707:digest:paper-round",
    )


def digest_of(*entries: Entry, **changes: Any) -> Digest:
    made = Digest(
        recipient=recipient(),
        envelope=envelope(),
        links=links(),
        due_date=DUE,
        first=False,
        weekly=False,
        editions=(
            Covered("arXiv", DUE, 712),
            Covered("Hugging Face", date(2026, 7, 6), 43),
        ),
        filters=3,
        matched=len(entries),
        groups=(Group("Curvature", entries or (entry(),)),),
    )
    return replace(made, **changes)


def letter_of(kind: str, **changes: Any) -> LetterMail:
    made = LetterMail(
        kind=kind,
        recipient=recipient(),
        envelope=envelope(),
        links=links(),
        action_url="https://papers.example.org/act/2bZ~1uQ9xT~Jm4nq7rWw0oYk3eVb",
        facts={
            "next_due": "Wednesday 8 July at 07:00",
            "listed": True,
            "volumes": [
                {"name": "Curvature", "low": 0, "median": 3, "high": 7, "days": 10}
            ],
            "papers": 4812,
            "days": 10,
            "filters": 2,
            "nearest": [
                {
                    "title": title,
                    "url": f"https://arxiv.org/abs/2607.0000{number}",
                    "filter": "Curvature",
                    "missing": ["The word “Hessian” is not in its title or abstract."],
                }
                for number, title in enumerate(NEAREST, start=1)
            ],
            "day": DUE,
            "weekly": False,
            "editions": (
                Covered("arXiv", DUE, 712),
                Covered("Hugging Face", date(2026, 7, 6), 43),
            ),
            "notes": [],
            "to": "n•••@example.com",
            "weekly_from": "6 August 2027",
            "weekday": "Monday",
            "paused_from": "5 November 2027",
        },
    )
    return replace(made, **changes)


OPTIMISERS, OCEAN, CONTEXT = "Curvature and optimisers", "Ocean models", "Long context"


def seven_papers() -> Digest:
    """A realistic day: three groups, all that a card can show."""
    folded = card(
        title="Folded Gradients", upvotes=62, code_url="https://code.example.org/f"
    )
    return digest_of(
        groups=(
            Group(OPTIMISERS, _on_optimisers()),
            Group(OCEAN, _on_the_ocean()),
            Group(CONTEXT, _on_context()),
        ),
        matched=9,
        again=(
            Again(
                folded,
                "Hugging Face",
                date(2026, 7, 4),
                "https://papers.example.org/papers/2607.00009",
            ),
        ),
        notes=("cs.CL was late today; its papers come tomorrow.",),
    )


def _on_optimisers() -> tuple[Entry, ...]:
    return (
        entry(
            reason(OPTIMISERS, ("curvature", "title"), ("step sizes", "abstract")),
            reason(CONTEXT),
            authors=tuple(f"{letter}. Sample" for letter in "ABCDEFGHIJKLMNOP"),
            upvotes=41,
            comments=6,
            code_url="https://github.com/example/slow-tokens",
            summary="a step size per position, read off a cheap curvature estimate, "
            "saves a fifth of the training steps.",
        ),
        entry(
            reason(OPTIMISERS, ("Hessian", "title")),
            arxiv_id="2607.00002",
            title="Which Hessian? A Field Guide to Second-Order Claims, with "
            "Counter-examples for $\\lambda \\to 0$",
            authors=("E. Muster",),
            categories=("math.OC",),
            abstract="Eleven recent papers speak of ``the Hessian'' and mean four "
            "different matrices. We say which, give for each a two-variable function "
            "on which the four disagree, and list what holds for all.",
        ),
    )


def _on_the_ocean() -> tuple[Entry, ...]:
    return (
        entry(
            reason(OCEAN, ("surface forecast", "abstract"), ("buoys", "title")),
            arxiv_id="2607.00003",
            title="TideNet: Learning Sub-Mesoscale Corrections from Drifting Buoys",
            authors=("M. Invented", "Ñ. Invented"),
            categories=("physics.ao-ph",),
            day=date(2026, 7, 5),
            upvotes=12,
            project_url="https://tidenet.example.org/",
            abstract="Buoys see what satellites blur. Corrections learnt from 1,900 "
            "drifters improve a seven-day surface forecast by 14 % where the coast is "
            "closer than 50 km, and harm it nowhere we looked.",
        ),
        entry(
            reason(OCEAN, ("swell", "title")),
            arxiv_id="2607.00004",
            title="نموذج مبتكر لأمواج البحر: a Bilingual Swell Atlas",
            authors=("ع. مثال", "B. Sample"),
            categories=("physics.ao-ph",),
            abstract="هذا ملخص مخترع يبين كيف يُقرأ النص من اليمين إلى اليسار. "
            "An English sentence follows it, with the number 42.",
        ),
    )


def _on_context() -> tuple[Entry, ...]:
    found = ("long context", "abstract"), ("cs.CL", "category")
    titles = {
        5: "Patchwork Attention",
        6: "Reading $10^6$ Tokens at $O(n\\log n)$: What Is Lost & What Is Not",
        7: "长文本的虚构研究：一个示例标题",
    }
    return tuple(
        entry(
            reason(CONTEXT, *found),
            arxiv_id=f"2607.0000{number}",
            title=title,
            authors=tuple(f"{letter}. Nobody" for letter in "NOPQR"),
            categories=("cs.CL",),
            upvotes=number,
        )
        for number, title in titles.items()
    )
