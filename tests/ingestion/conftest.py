"""What the ingestion tests share: a tokeniser, a stub source, files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import stamina

from subscriptions import ingestion
from subscriptions.models import Card

from .stub_source import StubSource

TUESDAY = date(2026, 7, 7)
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)

Take = Callable[..., ingestion.Ingested]


def words(card: Card) -> tuple[str, str, str]:
    """A stand-in for the tokeniser, which lives in another stage."""
    return card.title.lower(), card.abstract.lower(), " ".join(card.categories)


@pytest.fixture
def stub(settings: Any) -> Iterator[StubSource]:
    """A source on loopback; asking it again costs no waiting."""
    with StubSource() as source, stamina.set_testing(True, attempts=4):
        settings.HF_BASE_URL = source.url
        settings.ARXIV_RSS_URL = source.rss_url
        yield source


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Ingest bytes as a file: take(body, day=..., source=..., name=..., now=...)."""

    def ingest(
        body: bytes,
        day: date | None = TUESDAY,
        source: str | None = None,
        name: str = "a-file",
        now: datetime = NOON,
    ) -> ingestion.Ingested:
        path = tmp_path / name
        path.write_bytes(body)
        return ingestion.ingest_file(path, day, source, now, words)

    return ingest
