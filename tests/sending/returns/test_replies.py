"""Replies: a reader who wants it to stop is heard, a program never (bad input 44)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from subscriptions import consent, links
from subscriptions.models import Delivery, DeliveryEvent, Letter, Subscriber
from subscriptions.sending import returns

from .mails import mail, multipart

READER = "<reader@example.org>"
QUOTED = "\n\nOn Tuesday, Paper Round wrote:\n> seven papers\n> unsubscribe: a link\n"


def write(digest: Delivery, body: str, what: str = "reply", **headers: str) -> bytes:
    headers.setdefault("Subject", "Re: Papers of the day")
    to = links.mailbox(what, digest.subscriber_id)
    return mail(to, body, READER, **headers)


def is_active() -> bool:
    return Subscriber.objects.get().state == "active"


@pytest.mark.parametrize(
    "body",
    [
        "stop",
        "STOP\n",
        "Unsubscribe.",
        "  unsubscribe!\n" + QUOTED,
        "stop\n\n-- \nA. Reader\nExample Library\n",
        "Stop\n\nSent from my telephone\n",
        "stop\n\nAm Dienstag schrieb Paper Round:\n> sieben Papers\n",
        "stop\n\n-----Original Message-----\nFrom: Paper Round\nunsubscribe\n",
    ],
)
def test_a_reply_of_only_stop_unsubscribes(body: str, digest: Delivery) -> None:
    assert returns.take(write(digest, body)).type == "unsubscribed"
    assert not is_active()


def test_a_reply_in_html_only_is_read_too(digest: Delivery) -> None:
    body = "<html><body><div>Stop</div><blockquote>papers</blockquote></body></html>"
    returns.take(write(digest, body, Content_Type="text/html"))
    assert not is_active()


def test_of_two_versions_the_plain_one_is_read(digest: Delivery) -> None:
    body = multipart(
        [
            ("Content-Type: text/plain", "A question."),
            ("Content-Type: text/html", "<p>stop</p>"),
        ]
    ).decode()
    kind = 'multipart/alternative; boundary="b1"'
    returns.take(write(digest, body, Content_Type=kind))
    assert is_active()


@pytest.mark.parametrize(
    "body",
    [
        "Please do not stop, I like it." + QUOTED,
        "How do I unsubscribe?" + QUOTED,
        "Thank you!" + QUOTED,
        QUOTED,
        "> unsubscribe\n",
        "stop\nsending me the ones about graphs\n",
    ],
)
def test_44_stop_among_other_words_or_in_what_is_quoted_does_not_count(
    body: str, digest: Delivery
) -> None:
    assert returns.take(write(digest, body)).why
    assert is_active()


@pytest.mark.parametrize("subject", ["unsubscribe", "", "Fwd: something"])
def test_any_mail_to_the_address_in_list_unsubscribe_unsubscribes(
    subject: str, digest: Delivery
) -> None:
    returns.take(write(digest, "", "unsubscribe", Subject=subject))
    assert not is_active()


AUTOMATIC: list[dict[str, str]] = [
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "auto-generated; owner=x"},
    {"Return_Path": "<>"},
    {"Precedence": "bulk"},
    {"Precedence": "auto_reply"},
    {"X_Autoreply": "yes"},
    {"List_Id": "<list.example.net>"},
    {"Subject": "Out of office: stop"},
    {"Subject": "Automatic reply: Papers"},
    {"Subject": "Please confirm your message"},
    {"X_BoxTrapper": "challenge"},
]


@pytest.mark.parametrize("what", ["reply", "unsubscribe"])
@pytest.mark.parametrize("headers", AUTOMATIC, ids=[str(each) for each in AUTOMATIC])
def test_44_an_automatic_reply_changes_nothing_and_gets_no_answer(
    headers: dict[str, str], what: str, digest: Delivery
) -> None:
    assert "program" in returns.take(write(digest, "stop", what, **headers)).why
    assert is_active()
    assert not Letter.objects.exists()


def test_auto_submitted_no_is_a_person(digest: Delivery) -> None:
    returns.take(write(digest, "stop", Auto_Submitted="no"))
    assert not is_active()


def test_an_empty_envelope_sender_is_a_program_whatever_the_headers_say(
    digest: Delivery,
) -> None:
    raw = write(digest, "stop")
    to = [links.mailbox("reply", digest.subscriber_id)]
    assert "program" in returns.take(raw, to, sender="").why
    assert returns.take(raw, to, sender="reader@example.org").type == "unsubscribed"


def test_44_the_mailbox_works_three_years_later_and_under_a_rotated_key(
    digest: Delivery, settings: Any
) -> None:
    raw = write(digest, "", "unsubscribe")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    with time_machine.travel(timezone.now() + timedelta(days=3 * 365)):
        returns.take(raw)
    assert not is_active()


def test_44_a_mail_taken_twice_does_not_undo_a_subscription_begun_since(
    digest: Delivery,
) -> None:
    raw = write(digest, "stop")
    returns.take(raw)
    consent.resubscribe(digest.subscriber_id)
    returns.take(raw)
    assert is_active()


def test_one_who_left_already_is_told_nothing_more(digest: Delivery) -> None:
    returns.take(write(digest, "stop"))
    letters = Letter.objects.count()
    returns.take(write(digest, "stop", Message_ID="<r2@mx.example.net>"))
    assert Letter.objects.count() == letters == 1
    assert DeliveryEvent.objects.count() == 1
