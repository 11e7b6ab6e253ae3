"""Confirming: a page with a button, and success as often as it is pressed."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from subscriptions import consent, links
from subscriptions.models import Subscriber
from tests.factories import a_reader

from .world import checksum, path_of

pytestmark = pytest.mark.django_db


def test_the_button_confirms_and_pressing_it_again_shows_success(
    client: Client,
) -> None:
    reader = a_reader(state="pending", confirmed_at=None)
    at = path_of(links.confirm(reader))
    assert ">Yes, send me the papers</button>" in client.get(at).content.decode()
    reader.refresh_from_db()
    assert reader.state == "pending"
    for _ in range(3):
        response = client.post(at)
        assert response.status_code == 200
        assert "You are in" in response.content.decode()
    reader.refresh_from_db()
    assert reader.state == "active"
    assert "You are in" in client.get(at).content.decode()


def test_a_second_press_changes_nothing(client: Client) -> None:
    at = path_of(links.confirm(a_reader(state="pending", confirmed_at=None)))
    client.post(at)
    before = checksum()
    client.post(at)
    assert checksum() == before


def test_after_three_days_the_page_says_how_to_go_on(client: Client) -> None:
    reader = a_reader(state="pending", confirmed_at=None)
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        at = path_of(links.confirm(reader))
        clock.shift(timedelta(hours=71))
        assert client.get(at).status_code == 200
        clock.shift(timedelta(hours=2))
        late = client.post(at)
    assert late.status_code == 410
    assert "Sign up once more" in late.content.decode()
    reader.refresh_from_db()
    assert reader.state == "pending"


def test_a_link_from_before_a_restore_confirms_nobody_who_got_its_number(
    client: Client,
) -> None:
    """Nobody is mailed who did not say so: somebody else did, whom the backup lacks."""
    reader = a_reader(state="pending", confirmed_at=None)
    Subscriber.objects.update(created_at=timezone.now())
    old = links.token("confirm", reader.pk, timezone.now() - timedelta(hours=1))
    own = path_of(links.confirm(reader))
    assert client.post(own.replace(own.split("/")[2], old)).status_code == 404
    reader.refresh_from_db()
    assert reader.state == "pending"
    for purpose in ("preferences", "account"):
        old = links.token(purpose, reader.pk, timezone.now() - timedelta(hours=1))
        assert client.get(f"/me/{old}/").status_code == 404


def test_a_link_holds_though_the_clocks_of_two_machines_differ(client: Client) -> None:
    reader = a_reader(state="pending", confirmed_at=None)
    Subscriber.objects.update(created_at=timezone.now() + timedelta(minutes=4))
    assert client.post(path_of(links.confirm(reader))).status_code == 200
    reader.refresh_from_db()
    assert reader.state == "active"


def test_a_suppressed_address_is_told_so(client: Client) -> None:
    reader = a_reader(state="pending", confirmed_at=None)
    at = path_of(links.confirm(reader))
    consent.suppress(reader.pk, "complained")
    assert "cannot be subscribed" in client.post(at).content.decode()


def test_a_changed_token_opens_nothing(client: Client) -> None:
    at = path_of(links.confirm(a_reader(state="pending", confirmed_at=None)))
    last = "A" if at[-1] != "A" else "B"
    assert client.post(at[:-1] + last).status_code == 404
