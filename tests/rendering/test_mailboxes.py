"""Unsubscribing by mail: the headers that offer it, where an inbound mailbox is set."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from subscriptions import links, rendering

from .mails import letter_of, parsed, seven_papers

OUT = "bounces+u7-abcdefghijklmnopqrstuvwxyz@papers.example.org"
REPLY = "bounces+r7-abcdefghijklmnopqrstuvwxyz@papers.example.org"


def head(**boxes: str) -> bytes:
    mail = seven_papers()
    envelope = replace(mail.envelope, **boxes)
    message = rendering.digest(replace(mail, envelope=envelope)).message
    return message.partition(b"\r\n\r\n")[0]


def test_list_unsubscribe_has_each_address_on_a_line_of_its_own() -> None:
    raw = head(unsubscribe_mailbox=OUT)
    found = re.search(
        rb"\r\nList-Unsubscribe: <(https?://[^>\r\n]+)>,\r\n"
        rb" <mailto:([^>\r\n?]+)\?subject=unsubscribe>\r\n",
        raw,
    )
    assert found and found[2].decode() == OUT


def test_without_a_mailbox_there_is_the_link_alone() -> None:
    raw = head()
    assert re.search(rb"\r\nList-Unsubscribe: <https?://[^>\r\n]+>\r\n", raw)
    assert b"mailto:" not in raw


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("papers@example.org", f"papers@example.org,\r\n <{REPLY}>"),
        ("https://papers.example.org/contact", f"<{REPLY}>"),
        ("", f"<{REPLY}>"),
    ],
)
def test_replies_go_to_people_and_to_the_readers_mailbox(
    contact: str, shown: str, settings: Any
) -> None:
    settings.CONTACT = contact
    assert f"\r\nReply-To: {shown}\r\n".encode() in head(reply_mailbox=REPLY)


def test_a_mailbox_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="control character"):
        head(unsubscribe_mailbox="a@example.org\r\nBcc: b@example.org")


def test_the_longest_addresses_stay_unencoded(settings: Any) -> None:
    settings.BOUNCE_ADDRESS = f"{'b' * 20}@{'d' * 63}.{'e' * 63}.example.org"
    longest = links.mailbox("unsubscribe", 2**63 - 1)
    raw = head(unsubscribe_mailbox=longest)
    assert f" <mailto:{longest}?subject=unsubscribe>".encode() in raw
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"=?" not in raw.partition(b"List-Unsubscribe:")[2].partition(b"\r\n\r")[0]


def test_letters_have_them_too() -> None:
    letter = letter_of("welcome")
    envelope = replace(letter.envelope, unsubscribe_mailbox=OUT, reply_mailbox=REPLY)
    mail = parsed(rendering.letter(replace(letter, envelope=envelope)))
    assert OUT in str(mail["List-Unsubscribe"])
    assert REPLY in str(mail["Reply-To"])
