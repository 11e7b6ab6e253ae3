"""A reader moves by the links in the mails that a real relay took, and no others."""

import re
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.test import Client

from subscriptions import pipeline
from subscriptions.models import Subscriber
from tests.factories import a_reader
from tests.sending.conftest import relay, relay_with
from tests.sending.oracle import Oracle

from .world import path_of

__all__ = ["relay", "relay_with"]
pytestmark = pytest.mark.django_db(transaction=True)


def mails(relay: Oracle) -> dict[str, Any]:
    """What was sent since the last look, by recipient."""
    pipeline.deliver()
    taken = [message_from_bytes(each, policy=policy.default) for each in relay.messages]
    relay.messages.clear()
    return {str(mail["To"]).strip("<>"): mail for mail in taken}


def link(mail: Any, page: str) -> str:
    text = mail.get_body(("plain",)).get_content()
    (found,) = set(re.findall(rf"https?://\S+/{page}", text))
    return path_of(found)


def one_click(mail: Any) -> str:
    return path_of(str(mail["List-Unsubscribe"]).strip("<>"))


def asked(client: Client, relay: Oracle) -> dict[str, Any]:
    """The mails that follow from asking: a fresh letter first, then both."""
    client.post("/me/", {"address": "old@example.org"})
    account = link(mails(relay)["old@example.org"], r"me/\S+")
    client.post(f"{account}address", {"address": "new@example.com"})
    return mails(relay)


def test_both_are_written_to_and_the_new_one_decides(
    client: Client, relay: Oracle
) -> None:
    reader = a_reader(email="old@example.org")
    sent = asked(client, relay)
    assert set(sent) == {"old@example.org", "new@example.com"}
    client.post(link(sent["new@example.com"], r"address/[^/\s]+(?=\s)"))
    done = mails(relay)
    assert set(done) == {"old@example.org"}
    assert "have moved" in done["old@example.org"].get_body(("plain",)).get_content()
    assert Subscriber.objects.get() == reader
    assert Subscriber.objects.get().email == "new@example.com"


def test_the_old_address_stops_it_by_the_link_in_its_letter(
    client: Client, relay: Oracle
) -> None:
    a_reader(email="old@example.org")
    sent = asked(client, relay)
    stop = link(sent["old@example.org"], r"address/\S+/stop")
    client.post(stop, {"action": "withdraw"})
    client.post(link(sent["new@example.com"], r"address/[^/\s]+(?=\s)"))
    assert mails(relay) == {}
    assert Subscriber.objects.get().email == "old@example.org"


def test_the_mail_software_of_a_stranger_stops_it_and_unsubscribes_nobody(
    client: Client, relay: Oracle
) -> None:
    a_reader(email="old@example.org")
    sent = asked(client, relay)
    body = "List-Unsubscribe=One-Click"
    form = "application/x-www-form-urlencoded"
    client.post(one_click(sent["new@example.com"]), body, content_type=form)
    client.post(link(sent["new@example.com"], r"address/[^/\s]+(?=\s)"))
    reader = Subscriber.objects.get()
    assert (reader.email, reader.state) == ("old@example.org", "active")
