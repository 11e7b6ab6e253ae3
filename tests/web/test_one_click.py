"""RFC 8058: one POST without cookie, redirect or page unsubscribes at once."""

from datetime import timedelta
from unittest.mock import patch  # a database that cannot write has no stand-in here

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from subscriptions import consent, links
from subscriptions.consent import joining
from subscriptions.models import Subscriber
from subscriptions.pipeline.letters import outgoing_letters
from tests.factories import a_reader

from .world import checksum, path_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
FORM = "application/x-www-form-urlencoded"
BODY = "List-Unsubscribe=One-Click"
MULTIPART = "multipart/form-data; boundary=b"
PART = (
    '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
    "One-Click\r\n--b--\r\n"
)


def post(reader: Subscriber, body: str, kind: str) -> tuple[int, str]:
    """What a mail provider does: no cookie, CSRF checked as in production."""
    client = Client(enforce_csrf_checks=True)
    at = path_of(links.unsubscribe(reader))
    response = client.post(at, body, content_type=kind)
    reader.refresh_from_db()
    return response.status_code, reader.state


@pytest.mark.parametrize(("body", "kind"), [(BODY, FORM), (PART, MULTIPART)])
def test_both_encodings_unsubscribe_and_again_is_the_same(body: str, kind: str) -> None:
    reader = a_reader()
    assert post(reader, body, kind) == (200, "unsubscribed")
    after = checksum()
    assert post(reader, body, kind) == (200, "unsubscribed")
    assert checksum() == after


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", FORM),
        ("List-Unsubscribe=", FORM),
        ("List-Unsubscribe=one-click", FORM),
        ("list-unsubscribe=One-Click", FORM),
        (BODY + "&" + BODY, FORM),
        (BODY + "&more=1", FORM),
        (BODY, "text/plain"),
        ('{"List-Unsubscribe": "One-Click"}', "application/json"),
        (PART.replace("One-Click", "No"), MULTIPART),
        (PART[:30], MULTIPART),
    ],
)
def test_any_other_body_is_refused_and_changes_nothing(body: str, kind: str) -> None:
    assert post(a_reader(), body, kind) == (400, "active")


def test_there_is_no_redirect_and_no_cookie_to_set() -> None:
    client = Client(enforce_csrf_checks=True)
    at = path_of(links.unsubscribe(a_reader()))
    response = client.post(at, BODY, content_type=FORM, headers={"origin": "null"})
    assert response.status_code == 200
    assert not response.cookies


def test_the_page_unsubscribes_and_one_more_click_undoes_it(client: Client) -> None:
    reader = a_reader()
    at = path_of(links.unsubscribe(reader))
    assert "Stop all digests?" in client.get(at).content.decode()
    answer = client.post(at, {"action": "unsubscribe"}).content.decode()
    assert "You are unsubscribed" in answer
    assert "You are unsubscribed" in client.get(at).content.decode()
    assert "subscribed again" in client.post(at, {"action": "undo"}).content.decode()
    reader.refresh_from_db()
    assert reader.state == "active"


def test_the_way_back_in_a_goodbye_leads_to_the_form_once_its_week_is_over(
    client: Client,
) -> None:
    reader = a_reader(state="active")
    consent.unsubscribe(reader.pk, "letter")
    (goodbye,) = outgoing_letters([reader.letters.get().pk]).values()
    at = path_of(links.unsubscribe(reader))
    assert at in goodbye.message().decode().replace("=\r\n", "")
    assert "takes it back within a week" in goodbye.message().decode()
    weeks_end = timezone.now() + joining.UNDO_WITHIN
    for time, can_return in ((weeks_end - MINUTE, True), (weeks_end + MINUTE, False)):
        with time_machine.travel(time, tick=False):
            page = client.get(at).content.decode()
        assert ("subscribe me again" in page) is can_return
        assert ("Sign up</a> if you want them again" in page) is not can_return


def test_undo_subscribes_nobody_who_had_not_confirmed(client: Client) -> None:
    reader = a_reader(state="pending", confirmed_at=None)
    at = path_of(links.unsubscribe(reader))
    client.post(at, {"action": "unsubscribe"})
    assert "subscribe me again" not in client.get(at).content.decode()
    client.post(at, {"action": "undo"})
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"


def test_a_database_that_cannot_write_is_a_503_and_never_a_200() -> None:
    reader = a_reader()
    broken = OperationalError("attempt to write a readonly database")
    with patch("subscriptions.consent.unsubscribe", side_effect=broken):
        assert post(reader, BODY, FORM) == (503, "active")
