"""A finished mail's bytes as the message that Django's e-mail backends take.

What readers see and their mail programs read stays the same. Left out are the headers
that whoever sends writes anew: those of MIME, and the signature over them.

The bytes are our own, so the old parser does, which makes no object of each header: a
digest takes 2.2 ms by it where it took 4 by the new one, on a busy machine.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import Message
from typing import Any, cast

from django.core.mail import EmailMultiAlternatives

_ANEW = {"mime-version", "content-type", "content-transfer-encoding", "dkim-signature"}
_APART = {"from", "to", "reply-to", "subject"}  # Django has a place for each
_FOLD = re.compile(r"\r?\n(?=[ \t])")


def as_django(octets: bytes, recipient: str) -> EmailMultiAlternatives:
    """The mail with the same subject, texts and headers, to `recipient` alone."""
    mail = message_from_bytes(octets, policy=policy.compat32)
    text, html = _text(mail, "plain"), _text(mail, "html")
    message = EmailMultiAlternatives(
        subject=str(_read(mail, "Subject") or ""),
        body=text,
        from_email=next(iter(_addresses(mail, "From")), None),
        to=[recipient],
        reply_to=_addresses(mail, "Reply-To"),
        headers={
            # As written: an encoded List-Id would be encoded a second time.
            name: _FOLD.sub("", value).strip()
            for name, value in mail.raw_items()
            if name.lower() not in _ANEW | _APART
        },
    )
    if html:
        message.attach_alternative(html, "text/html")
    return message


def _text(mail: Message, subtype: str) -> str:
    for part in mail.walk():
        if part.get_content_type() == f"text/{subtype}":
            octets = cast(bytes, part.get_payload(decode=True))
            text = octets.decode(part.get_content_charset("utf-8"))
            return text.replace("\r\n", "\n")
    return ""


def _read(mail: Message, name: str) -> Any:
    """The header as its reader's program reads it, None where there is none."""
    raw = (value for each, value in mail.raw_items() if each.lower() == name.lower())
    value = next(raw, None)
    return value and policy.default.header_fetch_parse(name, value)


def _addresses(mail: Message, name: str) -> list[str]:
    field: AddressHeader | None = _read(mail, name)
    return [str(address) for address in field.addresses] if field else []
