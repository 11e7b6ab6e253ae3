"""What goes to the relay, and what came of it: the words all of `sending` shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Literal

Kind = Literal["sent", "deferred", "failed", "in_doubt"]
REPLY_LENGTH = 300
UNMADE = "it could not be made: "  # how the reply at stage "rendering" begins
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail and its envelope; addresses without angle brackets.

    `message` makes its bytes when it is to be sent, without asking the database, and
    the same each time. They are 7-bit: quoted-printable or base64 where the text is
    not ASCII.
    """

    sender: str
    recipient: str
    message: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    `stage` names where it ended: MAIL, RCPT, DATA, payload or dot (the reply to the
    end of the data); "address" or "message" where it could not be offered;
    "rendering" where there was none. `reply` is the server's code and text, cleaned,
    at most 300 characters, or what went wrong in our words. `status` is the enhanced
    status code (RFC 3463), "" without one.
    """

    kind: Kind
    stage: str
    reply: str
    status: str = ""


def cleaned(text: str, hide: str = "") -> str:
    """One line without control characters; the address `hide` does not stay in it."""
    if hide:
        text = re.sub(re.escape(hide), "(address)", text, flags=re.IGNORECASE)
    visible = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(visible.split())[:REPLY_LENGTH]


def enhanced_status(reply: str) -> str:
    """The enhanced status code at the start of a reply's text (RFC 2034), or ""."""
    found = _STATUS.search(reply[:40])
    return found.group() if found else ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Transitions one call made, by the state they led to; they add up."""

    sent: int = 0
    deferred: int = 0
    failed: int = 0
    in_doubt: int = 0
    suppressed: int = 0
    unsubscribed: int = 0
    skipped: int = 0
    expired: int = 0
    quarantined: int = 0

    @classmethod
    def of(cls, tally: Mapping[str, int]) -> Counts:
        return cls(**{field.name: tally.get(field.name, 0) for field in fields(cls)})

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )


class RelayDown(Exception):
    """The relay takes nothing from us now: unreachable, TLS or authentication failed.

    It says nothing about a mail, so no attempt is counted. `counts` is what the run
    had done until then.
    """

    counts = Counts()


class NothingMade(RelayDown):
    """No mail of a batch could be made, alone or together: the fault is common to all.

    Like a relay that is down it says nothing about a mail: no attempt is counted.
    """
