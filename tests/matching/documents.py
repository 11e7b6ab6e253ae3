"""Invented documents to hold filters against."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any

from subscriptions.matching import (
    Document,
    Hit,
    Matcher,
    Matches,
    Ranking,
    canonical,
    parse,
)

_numbers = count(1)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def a_document(title: str = "", abstract: str = "", **fields: Any) -> Document:
    number = next(_numbers)
    return Document(
        **{
            "listing": number,
            "paper": number,
            "source": "arxiv",
            "day": None,
            "title": title,
            "abstract": abstract,
            "note": "",
            "authors": (),
            "categories": (),
            "upvotes": 0,
            "has_code": False,
        }
        | fields
    )


def finds(text: str, document: Document) -> bool:
    """Does the matcher find this document, alone, by this filter?"""
    matcher = Matcher()
    matcher.add(1, canonical(parse(text)))
    return 1 in matcher.match([document]).filters()


def hits(matches: Matches, filter_id: int) -> list[Hit]:
    """All that a filter finds in one edition, best first."""
    return Ranking([matches]).hits(filter_id)


# Papers of wide variety, made for these tests.
_INVENTED = [
    a_document(
        "Policy Gradients for Walking Robots",
        "We train a policy by its gradient. Gradient noise helps exploration.",
        authors=("Ada B. Sample", "Bo Placeholder"),
        categories=("cs.LG", "cs.RO"),
        upvotes=12,
        source="hf",
    ),
    a_document(
        "Self-Supervised Video Diffusion: A Survey",
        "A survey of diffusion and flow models for video, with GPT-4 as a judge.",
        authors=("C. Example",),
        categories=("cs.CV",),
        upvotes=31,
        source="hf",
        has_code=True,
    ),
    a_document(
        "The Schrödinger Bridge of Größe n",
        "Matrices, vertices, analyses: a Schro\u0308dinger bridge in state space.",
        authors=("Jürgen Näme", "Łukasz Sámple"),
        categories=("math.PR", "stat.ML"),
    ),
    a_document(
        "Large Language Models Judge Language Models",
        "Language modelling of news: a language model of policies and series.",
        authors=("Ada Sample", "Dee van der Test"),
        categories=("cs.CL", "cs.AI"),
        upvotes=3,
        source="hf",
    ),
    a_document(
        "GRACE - graph representations",
        "Representation learning on graphs. Representational power, and a survey.",
        authors=("S. Ada", "Jean-Luc Sample"),
        categories=("cs.LG",),
        has_code=True,
    ),
    a_document("表現学習 of $\\alpha$-stable flows", "", categories=("hep-th",)),
    a_document("", "", source="", listing=0),
]


def invented() -> list[Document]:
    return list(_INVENTED)


def recorded(limit: int) -> list[Document]:
    """Up to `limit` real listings of both sources; empty where they are missing."""
    found = []
    for path in sorted(SHARED.glob("arxiv_daily/*.jsonl"))[:2]:
        for line in path.read_text().splitlines()[: limit // 2]:
            item = json.loads(line)
            found.append(
                a_document(
                    item["title"],
                    item["summary"],
                    note=item["comment"] or "",
                    authors=tuple(item["authors"]),
                    categories=tuple(item["categories"]),
                    has_code="github.com" in item["summary"],
                )
            )
    for path in sorted(SHARED.glob("hf_daily/2026-07-*.json")):
        for item in json.loads(path.read_text()):
            paper = item["paper"]
            found.append(
                a_document(
                    paper["title"],
                    paper["summary"],
                    authors=tuple(author["name"] for author in paper["authors"]),
                    upvotes=paper.get("upvotes", 0),
                    source="hf",
                )
            )
    return found[:limit] if found else []
