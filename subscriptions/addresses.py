"""Which e-mail addresses can be subscribed."""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email

from subscriptions.models.readers import fold_address

# RFC 2142: these reach an operator, not a reader; mail to them can loop.
ROLES = {"abuse", "hostmaster", "mailer-daemon", "postmaster"}
_GMAIL = ("gmail.com", "googlemail.com")


def masked(address: str) -> str:
    """`reader@example.org` as `r•••@example.org`: who is told it already knows it, and
    nobody else learns it."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def inbox_of(address: str) -> str:
    """What the spellings of one inbox have in common, to count and compare by: without
    a tag, at Gmail without dots. `Ann.B+papers@gmail.com` is `annb@gmail.com`.

    Some servers take `+` for a letter like any other: mail goes to what was typed.
    """
    local, _, domain = fold_address(address).rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{local.replace('.', '')}@{_GMAIL[0]}"
    return f"{local}@{domain}"


def read_address(typed: str) -> str:
    """One deliverable address, its domain in ASCII (IDNA) as mail servers take it.

    Raises ValidationError for anything else: lists, display names, quoted or
    non-ASCII local parts, address literals, control characters, our own sender and
    where bounces go.
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
    own = parseaddr(settings.EMAIL_FROM)[1], settings.BOUNCE_ADDRESS
    if local in ROLES or inbox_of(address) in map(inbox_of, own):
        raise ValidationError(
            "This address belongs to a mail system. Give the one you read yourself."
        )
    return address
