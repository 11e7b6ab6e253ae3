"""What a Django e-mail backend is given is the mail that a relay would be given."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from django.core import mail as django_mail

from subscriptions.rendering import Rendered, digest, letter
from subscriptions.sending.backend import Line
from subscriptions.sending.backend.message import as_django
from subscriptions.sending.outcome import Offer
from tests.rendering.keys import DOMAIN, rsa_key
from tests.rendering.mails import (
    envelope,
    letter_of,
    part,
    recipient,
    seven_papers,
)

ADDRESS = recipient().address
WRITTEN_ANEW = {"content-type", "content-transfer-encoding", "mime-version"}


@pytest.fixture(autouse=True)
def house(settings: Any) -> None:
    settings.EMAIL_FROM = f'"Wörter, täglich" <digest@{DOMAIN}>'
    settings.SITE_NAME = "Über Papiere"
    settings.CONTACT = "papers@example.org"


def a_digest(**fields: Any) -> Rendered:
    box = f"bounces+r1-aaaaaaaaaaaaaaaaaaaaaaaaaa@{DOMAIN}"
    own = replace(envelope(), unsubscribe_mailbox=box, reply_mailbox=box)
    return digest(replace(seven_papers(), envelope=own, **fields))


MAILS = {
    "a digest": a_digest,
    "text only": lambda: a_digest(recipient=recipient(text_only=True)),
    "a letter": lambda: letter(letter_of("confirm")),
}


def through_django(made: Rendered) -> EmailMessage:
    """As Django's own backends write it."""
    octets = as_django(made.message, ADDRESS).message().as_bytes()
    return parsed(octets)


def parsed(octets: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(octets, policy=policy.default))


def lines(mail: EmailMessage) -> dict[str, str]:
    """Each header of the mail, as its reader's program reads it."""
    return {
        name.lower(): str(value).strip()  # it may begin on the next line
        for name, value in mail.items()
        if name.lower() not in WRITTEN_ANEW
    }


@pytest.mark.parametrize("kind", MAILS)
def test_the_headers_are_the_same(kind: str) -> None:
    made = MAILS[kind]()
    ours, theirs = lines(parsed(made.message)), lines(through_django(made))
    addresses = {"from", "to", "reply-to"}  # the same mailboxes, quoted otherwise
    for name in addresses & ours.keys():
        assert _mailboxes(parsed(made.message), name) == _mailboxes(
            through_django(made), name
        )
    assert {k: v for k, v in theirs.items() if k not in addresses} == {
        k: v for k, v in ours.items() if k not in addresses
    }
    assert {"message-id", "date", "list-unsubscribe", "list-id", "feedback-id"} <= set(
        theirs
    )
    assert {"auto-submitted", "list-unsubscribe-post"} <= set(theirs)


def _mailboxes(mail: EmailMessage, name: str) -> list[tuple[str, str]]:
    return [(each.display_name, each.addr_spec) for each in mail[name].addresses]


@pytest.mark.parametrize("kind", MAILS)
def test_the_texts_are_the_same(kind: str) -> None:
    made = MAILS[kind]()
    mail = through_django(made)
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content() == part(made, "plain")
    html = mail.get_body(("html",))
    assert (html.get_content() if html else "") == made.html


def test_a_signature_is_left_to_whoever_sends(settings: Any, tmp_path: Any) -> None:
    settings.DKIM_DOMAIN, settings.DKIM_SELECTOR = DOMAIN, "digest2026"
    settings.DKIM_KEY_FILE = rsa_key(tmp_path / "rsa.pem")
    made = a_digest()
    assert b"DKIM-Signature:" in made.message
    assert "dkim-signature" not in lines(through_django(made))


def test_other_backends_get_the_envelope_sender_and_the_header_beside_it() -> None:
    django_mail.outbox = []
    made, line = a_digest(), Line("django.core.mail.backends.locmem.EmailBackend")
    line.open()
    offer = Offer(1, f"bounces+x@{DOMAIN}", ADDRESS, lambda: made.message)
    assert line.send(as_django(made.message, ADDRESS), offer).kind == "sent"
    [sent] = django_mail.outbox
    assert (sent.from_email, sent.to) == (offer.sender, [ADDRESS])
    mail = parsed(sent.message().as_bytes())
    assert _mailboxes(mail, "From") == _mailboxes(parsed(made.message), "From")
