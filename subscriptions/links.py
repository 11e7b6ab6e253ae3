"""Signed links: out as absolute addresses, in as ids.

A token names one row and one purpose: `<id in base 62>~<128-bit HMAC>`, and for links
that expire the time in between. Compared in constant time, valid under rotated keys
(SECRET_KEY_FALLBACKS), useless for any other purpose or reader. Addresses start with
PUBLIC_URL, never with a request's Host header.

Made by hand, since a morning's mails need millions; read by Django's signer, which a
test holds to the same tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from base64 import b32encode
from binascii import b2a_base64
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeVar

from django.conf import settings
from django.core import signing
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
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
    "tune": timedelta(days=90),
}
# Who makes a reader's row and who makes their link may be two machines.
_CLOCKS_APART = timedelta(minutes=5)
# Stand for a token and for a paper where addresses are taken apart.
_PLACE, _ANY_PAPER = "0-token-0", "0000.00000"
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_MAC_LENGTH = 22  # characters of base64: 128 bits and more


class Row(Protocol):
    """A row of the database, whole or only its key: a round reads no more of one."""

    @property
    def pk(self) -> Any: ...


class Made(Row, Protocol):
    @property
    def created_at(self) -> datetime: ...


R = TypeVar("R", Subscriber, Delivery)


class BadLink(Exception):
    """The token is not one of ours for this purpose, which is the error's text."""


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
    return _signed(purpose, _base62(pk), at)


def _signed(purpose: str, value: str, at: datetime | None) -> str:
    if _LIFETIMES[purpose] is not None:
        made = int(at.timestamp()) if at else int(time.time())
        value = f"{value}~{_base62(made)}"
    # Of 17 bytes the first 22 characters are those of all 32.
    code = b2a_base64(_mac(purpose, settings.SECRET_KEY, value)[:17], newline=False)
    return f"{value}~{code[:_MAC_LENGTH].translate(_URL_SAFE).decode()}"


def _mac(purpose: str, secret: str, value: str) -> bytes:
    mac = _keyed(purpose, secret).copy()
    mac.update(value.encode())
    return mac.digest()


# The readers, papers and second of a batch of mails come again and again.
_base62 = lru_cache(maxsize=10_000)(signing.b62_encode)


@lru_cache(maxsize=100)
def _keyed(purpose: str, secret: str) -> hmac.HMAC:
    """With the key that `salted_hmac` derives for the signer of a purpose. It is to be
    copied: that is faster than to begin anew, and lets no other thread in."""
    salt = f"paper-round.{purpose}signer"
    key = hashlib.sha256(salt.encode() + secret.encode()).digest()
    return hmac.new(key, digestmod="sha256")


def read(purpose: str, given: str) -> int:
    """The id in a token for `purpose`. Raises Expired, or BadLink for anything else."""
    try:
        return signing.b62_decode(_value(purpose, given))
    except ValueError as error:
        raise BadLink(purpose) from error


def _value(purpose: str, given: str) -> str:
    signer = _signer(purpose)
    lifetime = _LIFETIMES[purpose]
    try:
        if lifetime is None:
            return signing.Signer.unsign(signer, given)
        return signer.unsign(given, max_age=lifetime)
    except signing.SignatureExpired as error:
        raise Expired(purpose) from error
    except (signing.BadSignature, ValueError) as error:
        raise BadLink(purpose) from error


def read_row(purpose: str, given: str, rows: QuerySet[R]) -> R:
    """The one of `rows` that a token with a time names. Raises as `read` does, and
    BadLink where there is none or it was made after the token: a restored database
    gives the same ids out again, and links to what it has forgotten are in people's
    mail. Expired too where it was sent to an address that the reader has left.
    """
    try:
        row = rows.get(pk=read(purpose, given))
    except ObjectDoesNotExist as error:
        raise BadLink(purpose) from error
    if is_before(given, row):
        raise BadLink(purpose)
    moved = row.address_changed_at if isinstance(row, Subscriber) else None
    if moved and is_older(given, than=moved):
        raise Expired(purpose)
    return row


def is_before(given: str, row: Made) -> bool:
    """Was this token, read before, made before its row, and so for another one?"""
    return is_older(given, than=row.created_at - _CLOCKS_APART)


def is_older(given: str, than: datetime) -> bool:
    """Was this token, read before, made in a second earlier than `than`?"""
    return signing.b62_decode(given.split("~")[1]) < int(than.timestamp())


class Mailbox(NamedTuple):
    """An address of ours that mail comes back to: for what, and the row it names."""

    what: str
    pk: int


# Of a digest and of a letter: where what becomes of it is reported to (VERP, RFC 5321
# section 4.5.5). Of a reader: where any mail of theirs unsubscribes, and where replies
# to a digest go.
_MAILBOXES = {"digest": "d", "letter": "l", "unsubscribe": "u", "reply": "r"}
_MAILBOX = re.compile(r"([dlur])([0-9a-z]{1,13})-([a-z2-7]{26})")


def mailbox(what: str, pk: int) -> str:
    """`bounces+d1x-<128-bit HMAC>@...`; "" where BOUNCE_ADDRESS is not set.

    In base 36 and 32: the servers on the way may change capitals. It never expires; how
    old the mail may be is for those to judge who read what comes back.
    """
    if not settings.BOUNCE_ADDRESS:
        return ""
    name, _, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    value = f"{_MAILBOXES[what]}{_base36(pk)}"
    return f"{name}+{value}-{_mailbox_mac(value, settings.SECRET_KEY)}@{domain}"


def read_mailbox(address: str) -> Mailbox:
    """What an address made by `mailbox` names. Raises BadLink for anything else.

    The sign alone proves it: mails of before BOUNCE_ADDRESS was changed have another
    name and domain, and readers unsubscribe by them for as long as they keep them.
    """
    given, _, _ = address.strip().lower().rpartition("@")
    found = _MAILBOX.fullmatch(given.partition("+")[2])
    if not settings.BOUNCE_ADDRESS or not found:
        raise BadLink("mailbox")
    value = found[1] + found[2]
    for key in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]:
        if hmac.compare_digest(_mailbox_mac(value, key), found[3]):
            what = next(what for what, sign in _MAILBOXES.items() if sign == found[1])
            return Mailbox(what, int(found[2], 36))
    raise BadLink("mailbox")


def envelope_sender(what: str, pk: int) -> str:
    """MAIL FROM of a "digest" or "letter": its own bounce address, else the bare
    EMAIL_FROM."""
    return mailbox(what, pk) or _bare(settings.EMAIL_FROM)


@lru_cache(maxsize=16)
def _bare(address: str) -> str:
    return parseaddr(address)[1]


class Mailboxes(NamedTuple):
    """For the headers of a mail: where its reader can unsubscribe by mail, and reply
    to. "" where there is none."""

    unsubscribe: str = ""
    reply: str = ""


def mailboxes(reader_pk: int) -> Mailboxes:
    return Mailboxes(mailbox("unsubscribe", reader_pk), mailbox("reply", reader_pk))


def _mailbox_mac(value: str, secret: str) -> str:
    mac = _mac("mailbox", secret, value)
    return b32encode(mac[:16]).decode().rstrip("=").lower()


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if not number:
            return digits


def absolute(name: str, *args: object) -> str:
    """The public address of the page `name`."""
    return settings.PUBLIC_URL + reverse(name, args=args)


def site() -> str:
    return _page(settings.PUBLIC_URL, "front")


def privacy() -> str:
    return _page(settings.PUBLIC_URL, "privacy")


def paper(arxiv_id: str) -> str:
    return absolute("paper", arxiv_id)


def confirm(reader: Subscriber) -> str:
    return absolute("confirm", token("confirm", reader.pk))


def preferences(reader: Row, at: datetime | None = None) -> str:
    return _with_token("preferences", token("preferences", reader.pk, at))


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


def unsubscribe(reader: Row) -> str:
    """Page and RFC 8058 one-click address are the same: GET shows, POST acts."""
    return _with_token("unsubscribe", token("unsubscribe", reader.pk))


def web_copy(delivery: Made) -> str:
    return _with_token("digest", token("digest", delivery.pk, delivery.created_at))


def tune(delivery: Made, arxiv_id: str) -> str:
    """The "save or tune" page of one paper of a delivery, for 90 days after that was
    made: its web copy renews nothing."""
    return tunes(delivery) + arxiv_id


def tunes(delivery: Made) -> str:
    """What the `tune` addresses of all papers of a delivery begin with, made once: a
    morning of a million digests has twelve million of them. The token is the
    delivery's; the paper's id follows it, and the page shows no others than the
    delivery's."""
    made = token("tune", delivery.pk, delivery.created_at)
    return _with_token("tune", made, _ANY_PAPER).removesuffix(_ANY_PAPER)


def papers() -> str:
    """What the addresses of papers' own pages begin with."""
    return paper(_ANY_PAPER).removesuffix(_ANY_PAPER)


def _with_token(name: str, made: str, *more: str) -> str:
    before, after = _around(settings.PUBLIC_URL, name, *more)
    return f"{before}{made}{after}"


@lru_cache(maxsize=64)
def _around(public_url: str, name: str, *more: str) -> tuple[str, str]:
    """What such an address has before and after its token; `reverse` takes longer than
    a token does."""
    before, after = reverse(name, args=[_PLACE, *more]).split(_PLACE)
    return public_url + before, after


@lru_cache(maxsize=16)
def _page(public_url: str, name: str) -> str:
    return public_url + reverse(name)
