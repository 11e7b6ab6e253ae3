"""How long an answer takes says nothing about an address."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from subscriptions import consent, links
from subscriptions.web import evenly
from tests.factories import a_reader

from .world import path_of

ADDRESSES = ["known@example.org", "suppressed@example.org", "new@example.org"]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[float]:
    """How long each answer waited, a step being a second, and 0.75 s its work."""
    settings.EMBEDDED_INBOX = False
    seconds: list[float] = []
    clock = iter([n * 0.75 for n in range(20)])
    monkeypatch.setattr(evenly, "STEP", 1.0)
    monkeypatch.setattr(evenly, "monotonic", lambda: next(clock))
    monkeypatch.setattr(evenly, "sleep", seconds.append)
    return seconds


def test_an_answer_leaves_after_a_whole_number_of_steps(slept: list[float]) -> None:
    with evenly.evenly():
        pass
    with evenly.evenly():
        evenly.monotonic()
    assert slept == [0.25, 0.5]


@pytest.mark.django_db
def test_signing_up_takes_as_long_for_every_address(
    client: Client, slept: list[float]
) -> None:
    a_reader(email=ADDRESSES[0])
    consent.suppress_address(ADDRESSES[1], "operator")
    now = datetime(2026, 7, 7, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=False) as clock:
        html = client.get("/subscribe").content.decode()
        since = re.findall(r'name="since"\s+value="([^"]+)"', html)[0]
        clock.shift(timedelta(minutes=1))
        for address in ADDRESSES:
            client.post("/subscribe", {"address": address, "since": since})
    assert slept == [0.25] * 3


@pytest.mark.django_db
def test_asking_for_a_link_takes_as_long_for_every_address(
    client: Client, slept: list[float]
) -> None:
    a_reader(email=ADDRESSES[0])
    for address in ADDRESSES:
        client.post("/me/", {"address": address})
    assert slept == [0.25] * 3


@pytest.mark.django_db
def test_asking_for_another_address_takes_as_long_for_every_one(
    client: Client, slept: list[float]
) -> None:
    a_reader(email=ADDRESSES[0])
    page = path_of(links.account(a_reader(email="mine@example.org")))
    for address in ADDRESSES:
        client.post(f"{page}address", {"address": address})
    assert slept == [0.25] * 3
