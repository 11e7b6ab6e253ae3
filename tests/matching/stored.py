"""A stored paper that changes, with the words by which search finds it."""

from __future__ import annotations

from typing import Any

from subscriptions.matching import search_text
from subscriptions.models import Paper


def change(paper: Paper, **fields: Any) -> None:
    """Give it new values, as a source that knows better does."""
    for name, value in fields.items():
        setattr(paper, name, value)
    paper.title_words, paper.abstract_words, paper.facts = search_text(paper)
    paper.save()
