"""Which e-mail addresses can be subscribed."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email

from subscriptions.models.readers import fold_address

# RFC 2142: these reach an operator, not a reader; mail to them can loop.
ROLES = {"abuse", "hostmaster", "mailer-daemon", "postmaster"}


def masked(address: str) -> str:
    """`reader@example.org` as `r•••@example.org`: who is told it already knows it, and
    nobody else learns it."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def read_address(typed: str) -> str:
    """One deliverable address, its domain in ASCII (IDNA) as mail servers take it.

    Raises ValidationError for anything else: lists, display names, quoted or
    non-ASCII local parts, address literals, control characters, our own sender.
    """
    if any(sign in typed for sign in ",;<>"):
        raise ValidationError(
            "Give one address and nothing else, as in you@example.org."
        )
    try:
        checked = validate_email(
            typed,
            check_deliverability=False,
            allow_smtputf8=False,
            strict=True,  # a local part of at most 64 octets
            test_environment=settings.EMBEDDED_INBOX,
        )
    except EmailNotValidError as error:
        raise ValidationError(
            f"This is not an address that mail can be sent to: {error}"
        ) from error
    address = checked.ascii_email or checked.normalized
    local = checked.local_part.casefold()
    own = parseaddr(settings.EMAIL_FROM)[1]
    if local in ROLES or fold_address(address) == fold_address(own):
        raise ValidationError(
            "This address belongs to a mail system. Give the one you read yourself."
        )
    return address
