"""What goes to the relay, and what came of it: the words all of `sending` shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from subscriptions.models.readers import domain_of

Kind = Literal["sent", "deferred", "failed", "in_doubt"]
REPLY_LENGTH = 300
UNMADE = "it could not be made: "  # how the reply at stage "rendering" begins
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that can be made, and its envelope; addresses without angle brackets.

    `message` makes its bytes, without access to the database: 7-bit, quoted-printable
    or base64 where the text is not ASCII, and the same each time. It is called right
    before the mail is offered, so that of a batch only those in flight are in memory.
    `is_tidy`: see `Offer`.
    """

    sender: str
    recipient: str
    message: Callable[[], bytes]
    is_tidy: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """One mail to hand over. `key` is the caller's: a delivery's id, say.

    `message` makes the finished mail, 7-bit as in `Outgoing`. It is called once, right
    before MAIL, which declares the size; what it raises makes the outcome `deferred` at
    stage "rendering". `is_tidy`: the caller vouches that every line of it ends in CRLF
    and none begins with a dot. Where nobody does, it is looked for, which takes longer
    than all the rest of handing over a digest.
    """

    key: Hashable
    sender: str
    recipient: str
    message: Callable[[], bytes]
    is_tidy: bool = False

    @property
    def domain(self) -> str:
        """As readers have it: in small letters and ASCII; "" where it is no address."""
        return domain_of(self.recipient)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    `stage` names where it ended: MAIL, RCPT, DATA, payload or dot (the reply to the
    end of the data), or "call", a mail service's answer; "address" or "message" where
    it could not be offered; "rendering" where there was none. `reply` is the server's
    code and text, cleaned, at most 300 characters, or what went wrong in our words.
    `status` is the enhanced status code (RFC 3463), "" without one. `rest`: seconds for
    which a mail service asks to be left alone, 0 where it does not say.
    """

    kind: Kind
    stage: str
    reply: str
    status: str = ""
    rest: float = 0.0


def cleaned(text: str, hide: str = "") -> str:
    """One line without control characters; the address `hide` does not stay in it."""
    # Asked first: a pattern for each address costs as much as all else of a mail.
    if hide and hide.casefold() in text.casefold():
        text = re.sub(re.escape(hide), "(address)", text, flags=re.IGNORECASE)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:REPLY_LENGTH]


def kind_and_place(error: BaseException) -> tuple[str, str]:
    """What may be told of an error: its text may hold an address or a filter."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
    return type(error).__name__, place


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
        return cls(**{each.name: tally.get(each.name, 0) for each in fields(cls)})

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )


class RelayDown(Exception):
    """The relay takes nothing from us now: unreachable, TLS or authentication failed.

    It says nothing about a mail, so no attempt is counted. `counts` is what the run
    had done until then.
    """

    counts = Counts()


class LedgerRestored(RelayDown):
    """The database is an older one than what this machine has sent by: it was restored
    from a backup. What it says is owed may have gone out; an operator decides."""


class JournalFull(RelayDown):
    """The disk takes no more of a sender's journal. What stands in it is kept for the
    one that takes over when there is room again; mails that were in the air may be sent
    once more."""


class NothingMade(RelayDown):
    """No mail of a batch could be made, alone or together: the fault is common to all.

    Like a relay that is down it says nothing about a mail: no attempt is counted.
    """
