"""What a message says became of a mail: the words that its readers share."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings

from subscriptions.models.readers import fold_address
from subscriptions.sending.outcome import cleaned

_ADDRESS = re.compile(r"[^\s<>()\[\];:,\"']{1,100}@[^\s<>()\[\];:,\"']{1,255}")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_MAILBOX = re.compile(r"[0-9A-Za-z.+_-]{1,64}@[0-9A-Za-z.-]{1,255}")
_XTEXT = re.compile(r"\+([0-9A-F]{2})")
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
DETAIL = 200  # characters kept of what a server said
_ADDRESS_LENGTH = 320  # at most, RFC 3696 erratum 1003; to fold more takes its square


@dataclass(frozen=True, slots=True)
class Report:
    """One recipient's outcome.

    `type`: a DeliveryEvent.Type. `status`: the enhanced status code, "" without one.
    `text`: what the server said, without addresses. `recipients`: the folded addresses
    it may mean, none if it names none.
    """

    type: str
    status: str = ""
    text: str = ""
    recipients: frozenset[str] = frozenset()


def without_addresses(text: str) -> str:
    """On one line, no address and no link of ours in it, at most DETAIL characters."""
    text = re.sub(re.escape(settings.PUBLIC_URL) + r"\S*", "(link)", text[:2_000])
    return cleaned(_ADDRESS.sub("(address)", text))[:DETAIL]


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463), "" without one."""
    found = _STATUS.search(text[:2_000])
    return found[0] if found else ""


def mailboxes_in(text: str) -> list[str]:
    """What may be addresses of ours, in order, wherever they stand in the text."""
    return _MAILBOX.findall(text)


def addresses_in(field: str) -> frozenset[str]:
    """The folded addresses that a recipient field may mean (RFC 3464 section 2.3.1).

    As written, and decoded: from xtext (RFC 3461 section 4) and, of type utf-8, from
    RFC 6533's form. `+` is common in addresses, so neither reading is sure.
    """
    kind, semicolon, given = field.partition(";")
    address = (given if semicolon else kind).strip()
    if bracketed := re.search(r"<([^<>]*)>", address):
        address = bracketed[1]
    address = address.split(" ")[0].strip("<>\"'")
    if "@" not in address or len(address) > _ADDRESS_LENGTH:
        return frozenset()
    readings = {address, _XTEXT.sub(lambda at: chr(int(at[1], 16)), address)}
    readings |= {_UNICODE.sub(_character, each) for each in readings}
    # No database takes a NUL or half a character; no address has one.
    return frozenset(fold_address(each) for each in readings if each.isprintable())


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number <= 0x10FFFF else found[0]
