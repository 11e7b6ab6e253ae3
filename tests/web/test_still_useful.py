"""The answer to "still useful?": a page, a button, and everything as it was."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from subscriptions import consent, links
from subscriptions.models import Subscriber
from subscriptions.models.readers import SILENT_UNTIL
from tests.factories import a_reader

from .world import checksum, path_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Subscriber:
    """One who did not answer."""
    return a_reader(
        cadence="weekly",
        weekdays=1,
        before_silence={"cadence": "daily", "weekdays": 127},
        silence="paused",
        silence_at=timezone.now(),
        paused_until=SILENT_UNTIL,
    )


def cadence(reader: Subscriber) -> tuple[str, bool]:
    reader.refresh_from_db()
    return reader.cadence, reader.paused_until is None


def test_the_button_brings_everything_back_as_often_as_it_is_pressed(
    client: Client, reader: Subscriber
) -> None:
    at = path_of(links.still_useful(reader))
    assert ">Yes, keep them coming</button>" in client.get(at).content.decode()
    assert cadence(reader) == ("weekly", False)
    for _ in range(2):
        assert "Good to hear" in client.post(at).content.decode()
    assert cadence(reader) == ("daily", True)


def test_saving_another_hour_brings_the_days_back_too(
    client: Client, reader: Subscriber
) -> None:
    at = path_of(links.preferences(reader))
    form = client.get(at).content.decode()
    (shown,) = re.findall(r'<option value="([a-z]+)" selected>', form)
    days = re.findall(r'name="weekdays"\s+value="(\d)" checked', form)
    typed = {"cadence": shown, "weekdays": days, "hour": "6", "zone": "UTC"}
    client.post(at, {"action": "schedule"} | typed)
    assert cadence(reader) == ("daily", True)
    assert (reader.hour, reader.weekdays) == (6, 127)


def test_the_preferences_say_so_and_have_the_button_too(
    client: Client, reader: Subscriber
) -> None:
    at = path_of(links.preferences(reader))
    page = client.get(at).content.decode()
    assert "Your papers have stopped" in page
    assert "9999" not in page
    answer = client.post(at, {"action": "still"}, follow=True).content.decode()
    assert "come as they always did" in answer
    assert cadence(reader) == ("daily", True)


def test_it_brings_nobody_back_who_left(client: Client, reader: Subscriber) -> None:
    consent.unsubscribe(reader.pk, "letter")
    at = path_of(links.still_useful(reader))
    assert "No papers are sent to you" in client.post(at).content.decode()
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"


def test_the_link_works_for_a_year(client: Client, reader: Subscriber) -> None:
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        at = path_of(links.still_useful(reader))
        clock.shift(timedelta(days=364))
        assert client.get(at).status_code == 200
        clock.shift(timedelta(days=2))
        before = checksum()
        assert client.post(at).status_code == 410
        assert checksum() == before


def test_it_needs_the_sites_own_form(reader: Subscriber) -> None:
    at = path_of(links.still_useful(reader))
    assert Client(enforce_csrf_checks=True).post(at).status_code == 403


def test_a_token_for_something_else_is_no_answer(
    client: Client, reader: Subscriber
) -> None:
    other = links.token("preferences", reader.pk)
    assert client.post(f"/still/{other}").status_code == 404
