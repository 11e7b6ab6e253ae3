"""Everything a reader changes through the link in the mail."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions import links, matching
from subscriptions.models import Subscriber, Subscription
from subscriptions.web import preferences
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)

from .world import path_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Subscriber:
    return a_reader()


def send(reader: Subscriber, action: str, **typed: Any) -> str:
    """Send one of the forms and follow to what is shown; the reader is fresh again."""
    client = Client()
    at = path_of(links.preferences(reader))
    response = client.post(at, {"action": action} | typed, follow=True)
    assert response.status_code == 200
    reader.refresh_from_db()
    return response.content.decode()


def test_a_filter_is_added_under_its_name(reader: Subscriber) -> None:
    assert "is added" in send(reader, "add", text="hessian OR newton", name="Second")
    added = reader.subscriptions.get()
    assert (added.text, added.name) == ("hessian OR newton", "Second")


def test_an_equal_filter_is_not_added_twice(reader: Subscriber) -> None:
    send(reader, "add", text="hessian newton")
    send(reader, "add", text="newton AND Hessian")
    assert reader.subscriptions.count() == 1


def page_of(reader: Subscriber) -> str:
    html = Client().get(path_of(links.preferences(reader))).content.decode()
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def test_each_filter_says_what_it_would_have_brought(reader: Subscriber) -> None:
    for ago, papers in enumerate((1, 3)):
        edition = an_edition(day=TUESDAY - timedelta(ago))
        for _ in range(papers):
            a_listing(a_paper(title="Hessian"), edition)
    a_subscription(reader, "hessian")
    a_subscription(reader, "newton", enabled=False)
    html = page_of(reader)
    assert "hessian Over the last 2 days with papers: 1 to 3 a day , median 2." in html
    assert "newton Over the last 2 days with papers: nothing ." in html


def test_before_the_first_edition_a_filter_says_nothing(reader: Subscriber) -> None:
    a_subscription(reader, "hessian")
    assert "with papers" not in page_of(reader)


def test_the_page_does_not_wait_for_very_many_papers(
    reader: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_listing(a_paper(title="Hessian"), an_edition())
    a_subscription(reader, "hessian")
    monkeypatch.setattr(preferences, "_READ", 0)
    assert "with papers" not in page_of(reader)
    matching.warm_up()
    assert "with papers: 1 ." in page_of(reader)


def test_twenty_filters_ask_the_database_no_more_than_one(reader: Subscriber) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            page_of(reader)
        return len(asked)

    a_listing(a_paper(title="Hessian"), an_edition())
    a_subscription(reader, "hessian")
    page_of(reader)  # reads the edition
    one = questions()
    for number in range(19):
        a_subscription(reader, f"hessian word{number}")
    assert questions() == one


def test_a_wrong_filter_is_shown_with_its_place(reader: Subscriber) -> None:
    html = send(reader, "add", text="(hessian", name="Kept")
    assert "<mark>(</mark>" in html
    assert 'value="Kept"' in html
    assert "was not saved" in html
    assert not reader.subscriptions.exists()


def test_the_twenty_first_filter_is_refused(reader: Subscriber) -> None:
    for number in range(20):
        a_subscription(reader, f"word{number}")
    assert "20 filters are the most" in send(reader, "add", text="hessian")
    assert reader.subscriptions.count() == 20


def test_a_filter_is_renamed_and_switched_off(reader: Subscriber) -> None:
    mine = a_subscription(reader, "hessian")
    send(reader, "filter", subscription=mine.pk, name="Second order")
    mine.refresh_from_db()
    assert (mine.name, mine.enabled) == ("Second order", False)
    send(reader, "filter", subscription=mine.pk, name="", enabled="on")
    mine.refresh_from_db()
    assert (mine.name, mine.enabled) == ("", True)


def test_a_filter_is_deleted(reader: Subscriber) -> None:
    mine = a_subscription(reader, "hessian")
    send(reader, "drop", subscription=mine.pk)
    assert not Subscription.objects.filter(pk=mine.pk).exists()


def test_nobody_touches_the_filter_of_another(reader: Subscriber) -> None:
    theirs = a_subscription(a_reader(), "hessian", "Theirs")
    send(reader, "drop", subscription=theirs.pk)
    send(reader, "filter", subscription=theirs.pk, name="Mine")
    theirs.refresh_from_db()
    assert (theirs.name, theirs.enabled) == ("Theirs", True)


def test_the_schedule_is_changed(reader: Subscriber) -> None:
    html = send(
        reader, "schedule", cadence="weekly", weekdays="6", hour="21", zone="Asia/Tokyo"
    )
    assert "new schedule" in html
    assert (reader.cadence, reader.weekdays) == ("weekly", 0b1000000)
    assert (reader.hour, reader.zone) == (21, "Asia/Tokyo")


def the_switch(html: str) -> str:
    (found,) = re.findall(r'<input[^>]*name="nothing_today"[^>]*>', html)
    return "on" if "checked" in found else "off"


def test_a_letter_on_empty_days_is_asked_for_with_the_schedule(
    reader: Subscriber,
) -> None:
    weekly = {"cadence": "weekly", "weekdays": "6", "hour": "21", "zone": "UTC"}
    assert the_switch(send(reader, "schedule", **weekly)) == "off"
    assert not reader.nothing_today
    html = send(reader, "schedule", **weekly, nothing_today="on")
    assert (the_switch(html), reader.nothing_today) == ("on", True)
    assert the_switch(send(reader, "schedule", **weekly)) == "off"
    assert not reader.nothing_today


def test_a_digest_is_held_until_so_many_papers_wait(reader: Subscriber) -> None:
    daily = {"cadence": "daily", "hour": "8", "zone": "UTC"}
    send(reader, "schedule", **daily, hold_until="5")
    assert reader.hold_until == 5
    assert "UTC, once 5 papers wait." in page_of(reader)
    assert "equal to 40" in send(reader, "schedule", **daily, hold_until="41")
    assert "equal to 1" in send(reader, "schedule", **daily, hold_until="0")
    assert reader.hold_until == 5
    send(reader, "schedule", **daily, hold_until="")
    assert reader.hold_until == 1
    assert "papers wait." not in page_of(reader)


def test_a_switch_stays_as_it_was_set_where_the_schedule_is_wrong(
    reader: Subscriber,
) -> None:
    html = send(reader, "schedule", cadence="weekly", nothing_today="on")
    assert "Choose one day" in html
    assert (the_switch(html), reader.nothing_today) == ("on", False)


def test_a_wrong_schedule_is_shown_and_not_stored(reader: Subscriber) -> None:
    html = send(reader, "schedule", cadence="weekly", hour="21", zone="Mars/Base")
    assert "Choose one day" in html
    assert "not a time zone" in html
    assert reader.cadence == "daily"


@time_machine.travel(datetime(2026, 7, 7, 12, tzinfo=UTC))
def test_a_pause_begins_and_ends(reader: Subscriber) -> None:
    html = send(reader, "pause", until="2026-07-20")
    assert "Monday 20 July 2026" in html
    assert str(reader.paused_until) == "2026-07-20"
    send(reader, "resume")
    assert reader.paused_until is None


@time_machine.travel(datetime(2026, 7, 7, 12, tzinfo=UTC))
@pytest.mark.parametrize(
    "until", ["2026-07-07", "2026-07-01", "2028-01-01", "soon", ""]
)
def test_a_pause_needs_a_day_to_come(reader: Subscriber, until: str) -> None:
    assert "was not saved" in send(reader, "pause", until=until)
    assert reader.paused_until is None


def test_the_format_is_changed(reader: Subscriber) -> None:
    send(reader, "format", max_papers="40", abstracts="short", text_only="on")
    assert (reader.max_papers, reader.full_abstracts) == (40, False)
    assert reader.text_only
    send(reader, "format", max_papers="", abstracts="full")
    assert (reader.max_papers, reader.full_abstracts) == (None, True)
    assert not reader.text_only


@pytest.mark.parametrize("wrong", ["0", "41", "many"])
def test_a_wrong_number_of_papers_is_refused(reader: Subscriber, wrong: str) -> None:
    html = send(reader, "format", max_papers=wrong, abstracts="full")
    assert "was not saved" in html
    assert f'value="{wrong}"' in html
    assert reader.max_papers is None


def test_what_was_chosen_beside_a_wrong_number_is_still_chosen(
    reader: Subscriber,
) -> None:
    chosen = {"max_papers": "99", "abstracts": "short", "text_only": "on"}
    page = " ".join(send(reader, "format", **chosen).split())
    assert "less than or equal to 40" in page
    assert 'value="99"' in page
    assert 'value="short" checked' in page
    assert 'name="text_only" checked' in page
    assert (reader.full_abstracts, reader.text_only) == (True, False)


def test_an_unknown_setting_is_refused(client: Client, reader: Subscriber) -> None:
    at = path_of(links.preferences(reader))
    assert client.post(at, {"action": "promote"}).status_code == 400


def test_after_a_month_the_page_offers_a_fresh_link(client: Client) -> None:
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        reader = a_reader()
        at = path_of(links.preferences(reader))
        clock.shift(timedelta(days=31))
        for old in (at, at + "erase"):
            response = client.post(old, {"action": "resume"})
            assert response.status_code == 410
            assert "Get a fresh one by mail" in response.content.decode()
    assert Subscriber.objects.filter(pk=reader.pk).exists()


def test_preferences_need_the_sites_own_form(reader: Subscriber) -> None:
    client = Client(enforce_csrf_checks=True)
    at = path_of(links.preferences(reader))
    assert client.post(at, {"action": "resume"}).status_code == 403
