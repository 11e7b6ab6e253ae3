"""The sign-up form: what it stores, what it says, what it keeps of a wrong entry."""

from typing import Any

import pytest
from django.test import Client

from subscriptions import consent
from subscriptions.models import Letter, Subscriber
from tests import factories

pytestmark = pytest.mark.django_db

TYPED = {"address": "new@example.org", "filters": '"policy gradient"\nin:hf'}


def page(client: Client, **typed: Any) -> str:
    response = client.post("/subscribe", TYPED | typed)
    assert response.status_code == 200
    return response.content.decode()


def test_a_sign_up_stores_a_pending_reader_and_owes_a_letter(client: Client) -> None:
    zone = {"zone": "Asia/Tokyo", "hour": "6", "cadence": "weekdays"}
    response = client.post("/subscribe", TYPED | zone)
    assert response.status_code == 302
    assert response["Location"] == "/subscribe/sent"
    reader = Subscriber.objects.get()
    assert (reader.email, reader.state) == ("new@example.org", "pending")
    assert (reader.zone, reader.hour, reader.weekdays) == ("Asia/Tokyo", 6, 0b11111)
    texts = [each.text for each in reader.subscriptions.all()]
    assert texts == ['"policy gradient"', "in:hf"]
    assert Letter.objects.get().kind == "confirm"


def test_what_is_left_out_is_the_default(client: Client) -> None:
    factories.a_listing(edition=factories.an_edition(source="hf"))
    client.post("/subscribe", {"address": "new@example.org"})
    reader = Subscriber.objects.get()
    assert (reader.zone, reader.hour, reader.cadence) == ("UTC", 8, "daily")
    assert [each.text for each in reader.subscriptions.all()] == ["in:hf"]


def test_while_only_samples_are_there_the_default_is_everything(
    client: Client,
) -> None:
    factories.a_listing(edition=factories.an_edition(source="sample"))
    assert "<code>*</code>" in client.get("/").content.decode()
    client.post("/subscribe", {"address": "new@example.org"})
    assert [each.text for each in Subscriber.objects.get().subscriptions.all()] == ["*"]


def readers_in_every_state() -> list[str]:
    suppressed = factories.a_reader(email="suppressed@example.org")
    consent.suppress(suppressed.pk, "bounced")
    factories.a_reader(email="active@example.org")
    factories.a_reader(email="gone@example.org", state="unsubscribed")
    factories.a_reader(email="pending@example.org", state="pending", confirmed_at=None)
    return [
        f"{name}@example.org"
        for name in ("new", "pending", "active", "gone", "suppressed")
    ]


def test_the_answer_is_the_same_for_every_address() -> None:
    answers = set()
    for address in readers_in_every_state():
        client = Client()
        sent = client.post("/subscribe", TYPED | {"address": address})
        shown = client.get(sent["Location"])
        headers = tuple(sorted(sent.headers.items()))
        answers.add((sent.status_code, headers, sent.content, shown.content))
    assert len(answers) == 1


def test_a_fresh_link_is_answered_the_same_for_every_address() -> None:
    answers = set()
    for address in readers_in_every_state():
        response = Client().post("/me/", {"address": address})
        answers.add((response.status_code, response.content))
    assert len(answers) == 1
    assert Letter.objects.get().subscriber.email == "active@example.org"


def test_a_wrong_address_keeps_what_was_typed(client: Client) -> None:
    html = page(client, address="new@", zone="Asia/Tokyo", hour="6")
    assert 'value="new@"' in html
    assert "&#34;policy gradient&#34;\nin:hf</textarea>" in html
    assert 'aria-invalid="true"' in html
    assert "<option selected>Asia/Tokyo" in html or "selected>Asia/Tokyo" in html
    assert '<option value="6" selected>' in html
    assert not Subscriber.objects.exists()


def test_a_wrong_filter_shows_the_place_and_what_to_write(client: Client) -> None:
    html = page(client, filters="hessian\ngradient AND (policy")
    fault = html[html.index('class="fault"') :]
    assert "<mark>(</mark>" in fault
    assert ")</code>" in fault or "close" in fault
    assert 'value="new@example.org"' in html
    assert not Subscriber.objects.exists()


def test_every_wrong_line_is_shown(client: Client) -> None:
    assert page(client, filters="NOT survey\nok\n(a").count('class="fault"') == 2


def test_more_filters_than_allowed_are_said(client: Client) -> None:
    html = page(client, filters="\n".join(f"word{n}" for n in range(21)))
    assert "20 are the most" in html


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "../../etc/passwd"},
        {"zone": "Europe/Berlin\0"},
        {"hour": "24"},
        {"hour": "-1"},
        {"cadence": "hourly"},
        {"cadence": "chosen"},
        {"cadence": "weekly"},
        {"cadence": "weekly", "weekdays": ["1", "2"]},
        {"cadence": "chosen", "weekdays": ["7"]},
        {"filters": "((((" * 10_000},
        {"filters": "x" * 30_000},
    ],
)
def test_a_wrong_value_is_said_and_stores_nothing(
    client: Client, wrong: dict[str, Any]
) -> None:
    page(client, **wrong)
    assert not Subscriber.objects.exists()


def test_chosen_days_and_the_weekly_day_are_kept(client: Client) -> None:
    client.post("/subscribe", TYPED | {"cadence": "chosen", "weekdays": ["0", "4"]})
    assert Subscriber.objects.get().weekdays == 0b0010001


def test_a_found_filter_can_be_taken_from_the_search(client: Client) -> None:
    html = client.get("/subscribe", {"filters": "<b>x</b>"}).content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;</textarea>" in html


def test_a_form_from_elsewhere_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/subscribe", TYPED)
    assert response.status_code == 403
    assert "Please send that again" in response.content.decode()
    assert not Subscriber.objects.exists()


def test_a_body_of_a_megabyte_is_refused(client: Client) -> None:
    response = client.post("/subscribe", {"address": "a" * 1_000_000})
    assert response.status_code == 400
