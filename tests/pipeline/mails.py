"""Papers that are listed, and the mails that come of them, read again."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from subscriptions.models import Edition
from tests.factories import (
    a_listing,
    a_paper,
)


def listed(edition: Edition, *titles: str, **fields: Any) -> None:
    for title in titles:
        a_listing(a_paper(title=title, **fields), edition)


def parsed(message: bytes) -> EmailMessage:
    mail = message_from_bytes(message, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())
