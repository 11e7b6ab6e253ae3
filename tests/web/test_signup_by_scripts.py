"""Scripts fall into a trap or are too quick; nothing is stored for them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from subscriptions.models import Subscriber

pytestmark = pytest.mark.django_db

TYPED = {"address": "new@example.org", "filters": "hessian"}
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def a_public_installation(settings: Settings) -> None:
    settings.EMBEDDED_INBOX = False


def stamp(client: Client) -> str:
    html = client.get("/subscribe").content.decode()
    found = re.search(r'name="since"\s+value="([^"]+)"', html)
    assert found
    return found[1]


def sign_up(client: Client, after: timedelta, **typed: str) -> int:
    """Load the form, fill it in, send it `after` that; how many readers there are."""
    with time_machine.travel(NOW, tick=False) as clock:
        since = stamp(client)
        clock.shift(after)
        response = client.post("/subscribe", TYPED | {"since": since} | typed)
    if typed.get("website"):
        assert response["Location"] == "/subscribe/sent"
    return Subscriber.objects.count()


def test_a_person_takes_a_while(client: Client) -> None:
    assert sign_up(client, after=timedelta(seconds=5)) == 1


def test_a_form_left_open_over_night_still_works(client: Client) -> None:
    assert sign_up(client, after=timedelta(hours=14)) == 1


def test_a_form_sent_at_once_comes_back_and_works_a_moment_later(
    client: Client,
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        typed = TYPED | {"since": stamp(client)}
        clock.shift(timedelta(seconds=1))
        html = client.post("/subscribe", typed).content.decode()
        assert "once more" in html
        assert "new@example.org" in html
        assert not Subscriber.objects.exists()
        clock.shift(timedelta(seconds=2))
        client.post("/subscribe", typed)
    assert Subscriber.objects.count() == 1


def test_a_form_without_or_with_a_forged_stamp_stores_nothing(client: Client) -> None:
    for forged in ("", "form:1tXXXX:forged"):
        assert sign_up(client, timedelta(minutes=1), since=forged) == 0


def test_a_field_that_nobody_sees_is_a_trap(client: Client) -> None:
    trap = "https://example.org/"
    assert sign_up(client, timedelta(minutes=1), website=trap) == 0


def test_the_trap_is_hidden_by_style_and_not_by_its_type(client: Client) -> None:
    html = client.get("/subscribe").content.decode()
    field = re.search(r'<input type="text"\s+name="website"[^>]*>', html)
    assert field and 'tabindex="-1"' in field[0] and 'autocomplete="off"' in field[0]
