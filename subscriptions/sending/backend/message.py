"""A finished mail's bytes as the message that Django's e-mail backends take.

What readers see and their mail programs read stays the same. Left out are the headers
that whoever sends writes anew: those of MIME, and the signature over them.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import cast

from django.core.mail import EmailMultiAlternatives

_ANEW = {"mime-version", "content-type", "content-transfer-encoding", "dkim-signature"}
_APART = {"from", "to", "reply-to", "subject"}  # Django has a place for each
_FOLD = re.compile(r"\r?\n(?=[ \t])")


def as_django(octets: bytes, recipient: str) -> EmailMultiAlternatives:
    """The mail with the same subject, texts and headers, to `recipient` alone."""
    mail = message_from_bytes(octets, policy=policy.default)
    text, html = _text(mail, "plain"), _text(mail, "html")
    message = EmailMultiAlternatives(
        subject=str(mail["Subject"] or ""),
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


def _text(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _addresses(mail: EmailMessage, name: str) -> list[str]:
    field = cast("AddressHeader | None", mail[name])
    return [str(address) for address in field.addresses] if field else []
