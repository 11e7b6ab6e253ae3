"""A service that knows where mail comes back to, and a digest of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.models import Delivery
from tests.sending.rows import a_digest, a_reader


@pytest.fixture(autouse=True)
def bounce_address(settings: Any) -> str:
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"
    return "bounces@papers.example.org"


@pytest.fixture
def digest(db: None) -> Delivery:
    """Sent an hour ago to reader@example.org."""
    reader = a_reader(email="reader@example.org")
    return a_digest(reader, state="sent", sent_at=timezone.now() - timedelta(hours=1))
