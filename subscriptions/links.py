"""Signed links: out as absolute addresses, in as ids.

A token names one row and one purpose: `<id in base 62>~<128-bit HMAC>`, and for links
that expire the time in between. Compared in constant time, valid under rotated keys
(SECRET_KEY_FALLBACKS), useless for any other purpose or reader. Addresses start with
PUBLIC_URL, never with a request's Host header.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .models import Delivery, Letter, Subscriber

# None: never expires. An unsubscribe link works for as long as the mail is kept.
_LIFETIMES: dict[str, timedelta | None] = {
    "confirm": timedelta(hours=72),
    "preferences": timedelta(days=30),
    # From a letter asked for: opens the same page, and may erase. A digest can be
    # forwarded; a fresh letter was read by whoever reads the address now.
    "account": timedelta(days=1),
    "unsubscribe": None,
    # Both name the letter that asks a new address to confirm, or tells the old one.
    "address": timedelta(hours=72),
    "withdraw": None,
    # It changes nothing that its reader would mind.
    "still": timedelta(days=365),
    "digest": timedelta(days=90),
}
_MAC_LENGTH = 22  # characters of base64: 128 bits and more


class BadLink(Exception):
    """The token is not one of ours for this purpose."""


class Expired(BadLink):
    """The token was ours and has had its time."""


class _ShortSigner(signing.TimestampSigner):
    """Django's signer with a signature of 128 bits: a short List-Unsubscribe survives
    mail software that folds long headers."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return super().signature(value, key)[:_MAC_LENGTH]


def _signer(purpose: str) -> _ShortSigner:
    return _ShortSigner(salt=f"paper-round.{purpose}", sep="~")


def token(purpose: str, pk: int, at: datetime | None = None) -> str:
    """The token that lets its holder do `purpose` with row `pk`, counted from `at`.

    A mail and its web copy give the mail's own time: reading one again must not renew
    what it can do.
    """
    value = signing.b62_encode(pk)
    signer = _signer(purpose)
    if _LIFETIMES[purpose] is not None:
        made = int(at.timestamp()) if at else int(time.time())
        value = f"{value}{signer.sep}{signing.b62_encode(made)}"
    # The plain signer's method: the time, where there is one, is in the value.
    return signing.Signer.sign(signer, value)


def read(purpose: str, given: str) -> int:
    """The id in a token for `purpose`. Raises Expired, or BadLink for anything else."""
    signer = _signer(purpose)
    lifetime = _LIFETIMES[purpose]
    try:
        if lifetime is None:
            value = signing.Signer.unsign(signer, given)
        else:
            value = signer.unsign(given, max_age=lifetime)
        return signing.b62_decode(value)
    except signing.SignatureExpired as error:
        raise Expired(purpose) from error
    except (signing.BadSignature, ValueError) as error:
        raise BadLink(purpose) from error


def is_older(given: str, than: datetime) -> bool:
    """Was this token, read before, made in a second earlier than `than`?"""
    return signing.b62_decode(given.split("~")[1]) < int(than.timestamp())


def absolute(name: str, *args: object) -> str:
    """The public address of the page `name`."""
    return settings.PUBLIC_URL + reverse(name, args=args)


def site() -> str:
    return absolute("front")


def privacy() -> str:
    return absolute("privacy")


def paper(arxiv_id: str) -> str:
    return absolute("paper", arxiv_id)


def confirm(reader: Subscriber) -> str:
    return absolute("confirm", token("confirm", reader.pk))


def preferences(reader: Subscriber, at: datetime | None = None) -> str:
    return absolute("preferences", token("preferences", reader.pk, at))


def account(reader: Subscriber) -> str:
    """The preferences page with what a forwarded digest must not give."""
    return absolute("preferences", token("account", reader.pk))


def new_address(letter: Letter) -> str:
    """The page whose button makes the letter's recipient the reader's address."""
    return absolute("new_address", token("address", letter.pk))


def withdraw_address(letter: Letter) -> str:
    """Page and one-click address, as of `unsubscribe`: it ends what was asked for."""
    return absolute("withdraw_address", token("withdraw", letter.pk))


def still_useful(reader: Subscriber) -> str:
    return absolute("still_useful", token("still", reader.pk))


def unsubscribe(reader: Subscriber) -> str:
    """Page and RFC 8058 one-click address are the same: GET shows, POST acts."""
    return absolute("unsubscribe", token("unsubscribe", reader.pk))


def web_copy(delivery: Delivery) -> str:
    return absolute("digest", token("digest", delivery.pk, delivery.created_at))
