"""A copy of all that is stored about a reader, and its end."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions import consent, links
from subscriptions.models import (
    ConsentRecord,
    Delivery,
    DeliveryEvent,
    Letter,
    Mute,
    SavedPaper,
    Subscriber,
    Subscription,
)
from tests.factories import (
    a_delivery,
    a_filter,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
)

from .world import path_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Subscriber:
    return a_reader()


@pytest.fixture
def full() -> Subscriber:
    """A reader of whom there is a row of every kind."""
    reader, paper, again = a_reader(), a_paper(title="Kept"), a_paper(title="Again")
    a_subscription(reader, "hessian", "Second order")
    Mute.objects.create(subscriber=reader, filter=a_filter("survey"), text="survey")
    SavedPaper.objects.create(subscriber=reader, paper=paper)
    digest = a_delivery(reader, paper, lease_owner="a-host-of-ours")
    digest.also = [{"listing": a_listing(again).pk, "sent_on": "2026-07-06"}]
    digest.save()
    letter = Letter.objects.create(subscriber=reader, kind="welcome", state="sent")
    DeliveryEvent.objects.create(subscriber=reader, letter=letter, type="delivered")
    ConsentRecord.objects.create(
        subscriber=reader, action="confirmed", source="letter", text="Yes, send them."
    )
    return reader


def the_copy_of(reader: Subscriber) -> dict[str, Any]:
    response = Client().post(path_of(links.account(reader)) + "export")
    assert response["Content-Disposition"].startswith('attachment; filename="paper-')
    assert response["Cache-Control"] == "no-store"
    copy: dict[str, Any] = json.loads(response.content)
    return copy


def test_a_copy_has_every_row_that_hangs_on_the_reader(full: Subscriber) -> None:
    copy = the_copy_of(full)
    for relation in Subscriber._meta.related_objects:
        name = relation.get_accessor_name()
        assert len(copy[name]) == 1, f"the reader of this test has no {name}"
    assert set(copy["reader"]) == {each.name for each in Subscriber._meta.fields}
    assert copy["reader"]["email"] == full.email
    assert copy["subscriptions"][0]["name"] == "Second order"
    assert copy["mutes"][0]["text"] == "survey"
    assert copy["consent_records"][0]["text"] == "Yes, send them."
    assert copy["suppression"] is None


def test_a_copy_names_papers_as_people_do(full: Subscriber) -> None:
    copy = the_copy_of(full)
    kept = {"arxiv_id": full.saved_papers.get().paper.arxiv_id, "title": "Kept"}
    assert copy["saved_papers"][0]["paper"] == kept
    assert copy["deliveries"][0]["picks"] == [{"paper": kept, "filters": []}]
    (again,) = copy["deliveries"][0]["also"]
    assert (again["paper"]["title"], again["sent_on"]) == ("Again", "2026-07-06")


def test_a_copy_has_nothing_of_others_or_of_our_machines(full: Subscriber) -> None:
    other = a_reader(email="somebody.else@example.org")
    a_subscription(other, "newton", "Theirs")
    told = json.dumps(the_copy_of(full))
    assert "somebody.else" not in told
    assert "Theirs" not in told
    assert "a-host-of-ours" not in told


def test_a_copy_tells_why_an_address_is_not_mailed(reader: Subscriber) -> None:
    consent.suppress(reader.pk, "complained")
    assert the_copy_of(reader)["suppression"]["reason"] == "complained"


def test_a_get_copies_nothing(client: Client, full: Subscriber) -> None:
    html = client.get(path_of(links.account(full)) + "export").content.decode()
    assert "Download the file" in html
    assert full.email not in html
    assert "Second order" not in html


def test_a_forwarded_digest_copies_nothing_it_gets_a_letter_sent(
    client: Client, full: Subscriber
) -> None:
    at = path_of(links.preferences(full)) + "export"
    assert "takes a fresh link" in client.get(at).content.decode()
    assert full.email not in client.post(at).content.decode()
    assert full.letters.filter(kind="preferences").count() == 1


def test_erasing_takes_a_page_of_its_own_and_a_button(client: Client) -> None:
    reader = a_reader()
    a_subscription(reader)
    at = path_of(links.account(reader)) + "erase"
    assert "cannot be taken back" in client.get(at).content.decode()
    assert Subscriber.objects.exists()
    assert "You are erased" in client.post(at).content.decode()
    assert not Subscriber.objects.exists()
    assert not Subscription.objects.exists()
    assert not Delivery.objects.exists()
    assert client.get(at).status_code == 404


def test_a_forwarded_digest_erases_nobody_it_gets_a_letter_sent(
    client: Client, reader: Subscriber
) -> None:
    at = path_of(links.preferences(reader)) + "erase"
    assert "takes a fresh link" in client.get(at).content.decode()
    client.post(at)
    assert Subscriber.objects.filter(pk=reader.pk).exists()
    assert [letter.kind for letter in reader.letters.all()] == ["preferences"]


def test_who_has_left_gets_the_letter_that_can_erase_but_not_for_a_stranger(
    client: Client, reader: Subscriber
) -> None:
    consent.unsubscribe(reader.pk, "letter")
    client.post("/me/", {"address": reader.email})
    assert not reader.letters.filter(kind="preferences").exists()
    client.post(path_of(links.preferences(reader)) + "erase")
    assert reader.letters.filter(kind="preferences").count() == 1


def test_who_was_suppressed_gets_no_letter_by_their_own_link_either(
    client: Client, reader: Subscriber
) -> None:
    consent.suppress(reader.pk, "complained")
    client.post(path_of(links.preferences(reader)) + "erase")
    assert not reader.letters.exists()


def test_the_link_that_erases_works_for_a_day(client: Client) -> None:
    with time_machine.travel(datetime(2026, 7, 7, tzinfo=UTC), tick=False) as clock:
        reader = a_reader()
        at = path_of(links.account(reader)) + "erase"
        clock.shift(timedelta(days=1, minutes=1))
        assert client.post(at).status_code in {404, 410}
    assert Subscriber.objects.filter(pk=reader.pk).exists()
