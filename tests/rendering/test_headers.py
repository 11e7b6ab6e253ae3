"""What the headers say, and what can never get into them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest
from pytest_django import Settings

from subscriptions.rendering import digest, letter

from . import raw
from .mails import (
    digest_of,
    entry,
    envelope,
    letter_of,
    links,
    parsed,
    reason,
    recipient,
)


def test_the_headers_name_sender_reader_list_and_kind(
    settings: Settings,
) -> None:
    settings.SITE_NAME, settings.EMAIL_FROM = "Paper Round", "digest@example.org"
    settings.LIST_ID, settings.CONTACT = "digest.example.org", "papers@example.org"
    mail = parsed(digest(digest_of()))
    assert mail["From"] == "Paper Round <digest@example.org>"
    assert mail["To"] == "reader@example.org"
    assert mail["Date"] == "Tue, 07 Jul 2026 05:00:00 +0000"
    assert mail["Message-ID"] == "<d.2bz.20260707@papers.example.org>"
    assert mail["List-Id"] == "Paper Round <digest.example.org>"
    assert mail["Feedback-ID"] == "20260707:digest:paper-round"
    assert mail["Reply-To"] == "papers@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"


def test_the_date_is_said_in_utc_whatever_its_zone() -> None:
    made = envelope()
    moment = made.date.astimezone(timezone(timedelta(hours=2)))
    mail = digest(digest_of(envelope=replace(made, date=moment)))
    assert mail.message == digest(digest_of(envelope=made)).message


def test_the_address_stands_in_angle_brackets() -> None:
    assert b"\r\nTo: <reader@example.org>\r\n" in digest(digest_of()).message


def test_without_a_contact_there_is_no_reply_to(settings: Settings) -> None:
    settings.CONTACT = ""
    assert parsed(digest(digest_of()))["Reply-To"] is None


@pytest.mark.parametrize(
    "name",
    ["Papierrunde für alle", 'The "best", papers', "論文便り" * 12, "=?utf-8?q?x?="],
)
def test_any_site_name_comes_back_from_the_sender(
    settings: Settings, name: str
) -> None:
    settings.SITE_NAME = name
    mail = digest(digest_of())
    raw.check(mail.message)
    name, _ = parseaddr(message_from_bytes(mail.message)["From"])
    assert str(make_header(decode_header(name))) == settings.SITE_NAME


@pytest.mark.parametrize(
    ("domain", "sent_to"),
    [
        ("bücher.example", b"xn--bcher-kva.example"),
        ("straße.example", b"xn--strae-oqa.example"),  # not strasse.example's reader
    ],
)
def test_a_domain_in_any_script_goes_out_in_ascii(domain: str, sent_to: bytes) -> None:
    to = recipient(address=f"reader@{domain}")
    message = digest(digest_of(recipient=to)).message
    assert b"\r\nTo: <reader@%b>\r\n" % sent_to in message


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("x@y.example\r\nBcc: z@z.example", "control"),
        ("x@y.example\nBcc: z@z.example", "control"),
        ("x@y.example\u2028Bcc: z@z.example", "control"),
        ("x@y.example\x85", "control"),
        ("x\0@y.example", "control"),
        ("x@y.example, z@z.example", "one mailbox"),
        ("Name <x@y.example>", "one mailbox"),
        ("x y@z.example", "one mailbox"),
        ("nobody", "one mailbox"),
        ("@example.org", "one mailbox"),
        ("x@", "one mailbox"),
        ("δοκιμή@example.org", "before its @"),
    ],
)
def test_what_is_not_one_mailbox_is_refused_without_repeating_it(
    address: str, what: str
) -> None:
    with pytest.raises(ValueError, match=what) as refused:
        digest(digest_of(recipient=recipient(address=address)))
    assert address not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", "<a@b>\r\nBcc: <z@z.example>"),
        ("message_id", "no brackets@b"),
        ("feedback_id", "a:b\r\nBcc: z@z.example"),
        ("feedback_id", "a\u2028b"),
        ("date", datetime(2026, 7, 7, 5)),
    ],
)
def test_an_envelope_that_cannot_be_a_header_is_refused(field: str, value: Any) -> None:
    broken = replace(envelope(), **{field: value})
    with pytest.raises(ValueError):
        letter(letter_of("confirm", envelope=broken))


@pytest.mark.parametrize(
    "url",
    ["", "javascript:x", "https://a b", "https://a>\r\nBcc: z@z", "https://ä.example"],
)
def test_a_one_click_link_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        digest(digest_of(links=replace(links(), unsubscribe=url)))


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\u2028", "\x85", "\x0b"])
def test_a_line_end_in_a_title_or_filter_name_creates_no_header(end: str) -> None:
    trap = f"Innocent{end}Bcc: z@z.example{end}{end}<b>body</b>"
    mail = digest(digest_of(entry(reason(trap), title=trap)))
    raw.check(mail.message)
    assert "Bcc" not in raw.header_names(mail.message)
    assert parsed(mail)["Bcc"] is None


def test_an_encoded_word_in_a_title_stays_text() -> None:
    trap = "=?utf-8?q?=0ABcc?="
    mail = digest(digest_of(entry(title=trap)))
    raw.check(mail.message)
    assert str(parsed(mail)["Subject"]) == mail.subject
    assert mail.subject.startswith("=?utf-8?q?")


@pytest.mark.parametrize("letters", ["é", "論", "🌊", "aé", "a "])
@pytest.mark.parametrize("number", [5, 9, 17, 30, 33])
def test_a_subject_in_any_script_keeps_its_lines_short(
    letters: str, number: int
) -> None:
    mail = digest(digest_of(entry(title=letters * number)))
    raw.check(mail.message)
    assert str(parsed(mail)["Subject"]) == mail.subject
