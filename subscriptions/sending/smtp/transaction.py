"""The lines and octets of one mail, as a server with these features can take it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import idna

from subscriptions.sending.outcome import UNMADE, Offer, Outcome

from .replies import Reply

NOT_AUTHENTICATED = {530, 534, 535, 538}  # RFC 4954 section 6
_UNFIT = re.compile(r"[\x00-\x20\x7f<>]")
_BARE = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"(?m)^\.")


class Transaction:
    """One mail on its way: `mail`, `rcpt` and `data` are lines, `body` ends in CRLF and
    lacks the final dot; it is let go of once it is written."""

    __slots__ = ("body", "mail", "offer", "rcpt")

    data = b"DATA\r\n"

    def __init__(self, offer: Offer, mail: bytes, rcpt: bytes, body: bytes) -> None:
        self.offer, self.mail, self.rcpt, self.body = offer, mail, rcpt, body

    @property
    def envelope(self) -> bytes:
        """All that goes before the body, in one piece."""
        return b"%s%sDATA\r\n" % (self.mail, self.rcpt)


def made(offer: Offer, features: Mapping[str, str]) -> Transaction | Outcome:
    """`prepared` of the message made now."""
    try:
        message = offer.message()
    except Exception as error:
        return Outcome("deferred", "rendering", UNMADE + type(error).__name__)
    return prepared(offer, message, features)


def prepared(
    offer: Offer, message: bytes, features: Mapping[str, str]
) -> Transaction | Outcome:
    """The mail for a server that announced `features`, or why it cannot be offered."""
    try:
        sender, recipient = _to_ascii(offer.sender), _to_ascii(offer.recipient)
    except ValueError:
        return Outcome("failed", "address", "the address is not one", "5.1.3")
    parameters = ""
    if not (sender.isascii() and recipient.isascii()):
        if "SMTPUTF8" not in features:
            why = "the address is not ASCII and the relay does not offer SMTPUTF8"
            return Outcome("failed", "address", why, "5.6.7")  # RFC 6531 section 3.5
        parameters = " BODY=8BITMIME SMTPUTF8"
    elif not message.isascii():
        return Outcome("failed", "message", "the mail is not 7-bit", "5.6.3")
    body = message if offer.is_tidy else tidied(message)
    if (limit := features.get("SIZE")) is not None:
        if limit.isdecimal() and 0 < int(limit) < len(body):
            why = f"the mail has {len(body)} octets, the relay takes {limit}"
            return Outcome("failed", "message", why, "5.3.4")  # RFC 1870 section 6.3
        parameters += f" SIZE={len(body)}"
    mail = f"MAIL FROM:<{sender}>{parameters}\r\n".encode()
    return Transaction(offer, mail, f"RCPT TO:<{recipient}>\r\n".encode(), body)


def tidied(message: bytes) -> bytes:
    """Lines that end in CRLF, dots at their start doubled (RFC 5321 sections 2.3.8 and
    4.5.2). The same object where there is nothing to do."""
    ends = message.count(b"\n")
    if not ends == message.count(b"\r") == message.count(b"\r\n"):
        message = _BARE.sub(b"\r\n", message)
    if message.startswith(b".") or b"\n." in message:
        message = _DOT.sub(b"..", message)
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def refused(stage: str, reply: Reply, offer: Offer) -> Outcome:
    """What a 4xx or 5xx makes of a mail; it is final for this attempt."""
    kind = "failed" if reply.code // 100 == 5 else "deferred"
    return Outcome(kind, stage, reply.told(offer.recipient), reply.status)  # type: ignore[arg-type]


def is_about_us(reply: Reply, offer: Offer) -> bool:
    """Whether a 5xx to MAIL is about our sender or login, not about this mail.

    About the mail may be SIZE: 552 or 5.3.4 (RFC 1870 section 6.1), and SMTPUTF8, asked
    for this recipient: several codes (RFC 6531 section 3.5); one such mail must not
    stop all others.
    """
    if reply.code in NOT_AUTHENTICATED:
        return True
    is_too_big = reply.code == 552 or reply.status == "5.3.4"
    return not is_too_big and offer.recipient.rpartition("@")[0].isascii()


def _to_ascii(address: str) -> str:
    """The address with its domain in ASCII (IDNA); the local part stays as it is.

    Raises ValueError for what cannot stand between angle brackets.
    """
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or _UNFIT.search(address):
        raise ValueError("takes an address such as reader@example.org")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}"
