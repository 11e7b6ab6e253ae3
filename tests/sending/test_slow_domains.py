"""A domain that takes less than others leaves the others what they can take."""

from __future__ import annotations

import time
from typing import Any

import pytest

from subscriptions.models import Delivery
from subscriptions.sending import loop, send

from .oracle import Oracle
from .rows import a_digest, a_reader, digests

pytestmark = pytest.mark.django_db(transaction=True)
SLOW = "slow.example"


def owed_to(*addresses: str) -> None:
    for address in addresses:
        a_digest(a_reader(email=address))


@pytest.fixture(autouse=True)
def two_a_second(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEND_BATCH, settings.DOMAIN_RATE = 8, 2
    monkeypatch.setattr(loop, "_BATCH_WITHIN", 1.0)


def test_a_domain_at_its_rate_keeps_nobody_behind_it_waiting(relay: Oracle) -> None:
    """More of its mails than a batch has are the first in the ledger."""
    owed_to(*(f"r{n}@{SLOW}" for n in range(60)))
    owed_to(*(f"r@d{n}.example" for n in range(30)))
    send(Delivery, digests, until=time.monotonic() + 6)
    slow = [each for each in relay.recipients() if each.endswith(SLOW)]
    assert len(relay.recipients()) == len(slow) + 30
    assert 4 <= len(slow) <= 20


def test_where_nobody_else_waits_it_goes_on_at_its_rate(relay: Oracle) -> None:
    owed_to(*(f"r{n}@{SLOW}" for n in range(20)))
    send(Delivery, digests, until=time.monotonic() + 5)
    assert 8 <= len(relay.recipients()) <= 13
