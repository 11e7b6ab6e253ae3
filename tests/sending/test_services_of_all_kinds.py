"""Each of anymail's services is given the whole mail, and what webhooks find it by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from subscriptions.sending.backend import Line
from subscriptions.sending.backend.message import as_django
from subscriptions.sending.outcome import Offer

from .mail_service import KEY, MailService

# Name -> the names of its keys; all but one are Django settings of the same form.
SERVICES = {
    "brevo": ["API_KEY"],
    "mailersend": ["API_TOKEN"],
    "mailgun": ["API_KEY"],
    "mailjet": ["API_KEY", "SECRET_KEY"],
    "mailtrap": ["API_TOKEN"],
    "mandrill": ["API_KEY"],
    "postal": ["API_KEY"],
    "postmark": ["SERVER_TOKEN"],
    "resend": ["API_KEY"],
    "scaleway": ["SECRET_KEY", "PROJECT_ID"],
    "sendgrid": ["API_KEY"],
    "sparkpost": ["API_KEY"],
    "unisender_go": ["API_KEY"],
}
MAIL = b"""\
From: Paper Round <digest@papers.example.org>\r
To: <reader@example.org>\r
Subject: Seven papers\r
Date: Tue, 07 Jul 2026 05:00:00 +0000\r
Message-ID: <d.2bz.20260707@papers.example.org>\r
List-Unsubscribe: <https://papers.example.org/unsubscribe/token>\r
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r
Reply-To: papers@example.org,\r
 bounces+r1-aaaa@papers.example.org\r
Content-Type: text/plain; charset=utf-8\r
\r
Good morning.\r
"""


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_the_mail_and_its_message_id(
    name: str, service_with: Callable[..., MailService], settings: Any
) -> None:
    theirs = service_with()
    keys = {f"{name}_{key}".upper(): KEY for key in SERVICES[name]}
    url = {f"{name}_API_URL".upper(): theirs.url}
    settings.ANYMAIL = keys | url
    line = Line(f"anymail.backends.{name}.EmailBackend")
    line.open()
    offer = Offer(1, "s@example.org", "reader@example.org", lambda: MAIL)
    line.send(as_django(MAIL, offer.recipient), offer)
    assert len(theirs.calls) == 1
    said = unquote(theirs.calls[0].body.decode()).replace("+", " ")
    for wanted in ("Seven papers", "Good morning.", "reader@example.org"):
        assert wanted in said
    assert said.count("d.2bz.20260707@papers.example.org") >= 2  # a header, and beside
    assert "https://papers.example.org/unsubscribe/token" in said
    assert "List-Unsubscribe=One-Click" in said
