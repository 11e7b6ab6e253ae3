"""Invented papers, readers and mails, those of the gallery; and mails taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from subscriptions.gallery.invented import (
    DUE,
    LONG,
    TITLE,
    card,
    digest_of,
    entry,
    envelope,
    letter_of,
    links,
    reason,
    recipient,
    seven_papers,
)
from subscriptions.rendering import Rendered

__all__ = [
    "DUE",
    "LONG",
    "TITLE",
    "card",
    "digest_of",
    "entry",
    "envelope",
    "letter_of",
    "links",
    "numbered_messages",
    "parsed",
    "part",
    "reason",
    "recipient",
    "seven_papers",
]


def numbered_messages(messages: Iterable[bytes]) -> list[bytes]:
    """As a store of mail keeps them, with LF; `Message-ID: <0.` and so on."""
    return [
        message.replace(b"Message-ID: <", b"Message-ID: <%d." % at).replace(b"\r", b"")
        for at, message in enumerate(messages)
    ]


def parsed(mail: Rendered) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(mail.message, policy=policy.default))


def part(mail: Rendered, subtype: str) -> str:
    """The part as a mail client decodes it."""
    body = parsed(mail).get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
