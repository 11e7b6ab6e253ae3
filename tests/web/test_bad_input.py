"""What strangers send to the form (reliability section 6, inputs 13, 14, 16 and 17)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client

from subscriptions import links
from subscriptions.models import Letter, Subscriber
from tests.factories import a_reader

pytestmark = pytest.mark.django_db

TYPED = {"address": "new@example.org", "filters": "hessian"}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("field", ["address", "filters", "zone", "hour", "cadence"])
def test_13_a_nul_in_any_field_is_refused(client: Client, field: str) -> None:
    response = client.post("/subscribe", TYPED | {field: "a\0b"})
    assert response.status_code == 200
    assert not Subscriber.objects.exists()


def test_13_ten_thousand_fields_are_refused(client: Client) -> None:
    body = "&".join([*(f"{k}={v}" for k, v in TYPED.items()), *["x=1"] * 10_000])
    assert client.post("/subscribe", body, FORM).status_code == 400
    assert not Subscriber.objects.exists()


def test_13_a_file_is_refused_where_it_begins(client: Client) -> None:
    """Whatever its size: it would be on the disk before anything looked at it."""
    typed = TYPED | {"picture": ContentFile(b"sample", name="picture.png")}
    assert client.post("/subscribe", typed).status_code == 400
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("cadence", ["chosen", "weekly"])
def test_13_a_day_that_comes_twice_is_one_day(client: Client, cadence: str) -> None:
    days = {"cadence": cadence, "weekdays": ["6", "6"]}
    assert client.post("/subscribe", TYPED | days).status_code == 302
    assert Subscriber.objects.get().weekdays == 0b1000000


def test_13_a_field_that_comes_twice_is_one_reader(client: Client) -> None:
    body = "address=one@example.org&address=two@example.org&filters=hessian"
    assert client.post("/subscribe", body, FORM).status_code == 302
    assert Subscriber.objects.get().email == "two@example.org"


def test_13_json_is_no_form(client: Client) -> None:
    body = "[" * 10_000 + "]" * 10_000
    response = client.post("/subscribe", body, "application/json")
    assert response.status_code == 200
    assert "required" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Free pills http://evil.example", "Free pills http://evil.example"),
        ("{{7*7}}", "{{7*7}}"),
        ("=?utf-8?q?Bcc=3A?=", "=?utf-8?q?Bcc=3A?="),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
    ],
)
def test_14_a_name_for_a_filter_is_text(client: Client, name: str, shown: str) -> None:
    at = links.preferences(a_reader())
    typed = {"action": "add", "text": "hessian", "name": name}
    html = client.post(at, typed, follow=True).content.decode()
    assert f'value="{shown}"' in html
    assert 'href="http://evil' not in html


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_16_two_hundred_sign_ups_at_once_are_one_letter() -> None:
    def sign_up(_: int) -> int:
        try:
            return Client().post("/subscribe", TYPED).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(sign_up, range(200))) == {302}
    assert (Subscriber.objects.count(), Letter.objects.count()) == (1, 1)


def test_17_the_key_of_another_browser_does_not_open_the_form() -> None:
    one, other = (Client(enforce_csrf_checks=True) for _ in range(2))
    for browser in (one, other):
        browser.get("/subscribe")
    foreign = {"csrfmiddlewaretoken": one.cookies["csrftoken"].value}
    assert other.post("/subscribe", TYPED | foreign).status_code == 403
    assert not Subscriber.objects.exists()
    assert one.post("/subscribe", TYPED | foreign).status_code == 302
