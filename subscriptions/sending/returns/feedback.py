"""Complaints: feedback reports in the Abuse Reporting Format (RFC 5965).

The recipient is often redacted; what says whose mail it was is our own signs in the
headers of the mail that the report returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from subscriptions.models import DeliveryEvent

from .opening import (
    Fields,
    blocks,
    content_type,
    decoded,
    parameter,
    parts,
    text_of,
)
from .report import addresses_in, mailboxes_in

Type = DeliveryEvent.Type
# RFC 5965 section 3.1 and 7.3; the opt-outs are of its earlier drafts.
_TYPES = {
    "abuse": Type.COMPLAINED,
    "fraud": Type.COMPLAINED,
    "virus": Type.COMPLAINED,
    "other": Type.COMPLAINED,
    "miscategorized": Type.COMPLAINED,
    "opt-out": Type.UNSUBSCRIBED,
    "opt-out-list": Type.UNSUBSCRIBED,
}
_ORIGINALS = {"message/rfc822", "message/global", "text/rfc822-headers"}
_TOKEN = re.compile(r"/unsubscribe/([0-9A-Za-z_~-]{10,80})")
_ID = re.compile(r"<[!-;=?-~]{1,250}>")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a feedback report says, as yet unbelieved.

    `type`: "" where it is no complaint (not-spam, auth-failure). `mailboxes`, `tokens`
    and `message_ids`: what may be signs of ours. `recipients`: folded addresses.
    """

    type: str
    mailboxes: tuple[str, ...]
    tokens: tuple[str, ...]
    message_ids: tuple[str, ...]
    recipients: frozenset[str]


def read(message: Message, raw: bytes) -> Complaint | None:
    """The complaint in this message; None if it is no feedback report."""
    report, original = _parts_of(message)
    if report is None and parameter(message, "report-type") == "feedback-report":
        # Its boundary is wrong, or it has none: the fields are there all the same.
        groups = blocks(decoded(raw))
        report = next((each for each in groups if "feedback-type" in each), None)
        original = original or next(filter(_is_ours, groups), {})
    if report is None or "feedback-type" not in report:
        return None
    return _complaint(report, original)


def _parts_of(message: Message) -> tuple[Fields | None, Fields]:
    report: Fields | None = None
    original: Fields = {}
    for part in parts(message):
        if content_type(part) == "message/feedback-report":
            found = blocks(text_of(part))
            report = report or (found[0] if found else None)
        elif content_type(part) in _ORIGINALS and not original:
            original = next(iter(blocks(text_of(part))), {})
    return report, original


def _is_ours(fields: Fields) -> bool:
    return "list-unsubscribe" in fields and "feedback-type" not in fields


def _complaint(report: Fields, original: Fields) -> Complaint:
    named = report["feedback-type"].split(";")[0].strip().lower()
    ways_out = original.get("list-unsubscribe", "")
    recipients: frozenset[str] = frozenset()
    for field in _recipients(report, original):
        recipients |= addresses_in(field)
    places = [report.get("original-mail-from", ""), original.get("return-path", "")]
    places += [ways_out, original.get("reply-to", "")]
    return Complaint(
        type=_TYPES.get(named, ""),
        mailboxes=tuple(a for each in places for a in mailboxes_in(each))[:20],
        tokens=tuple(_TOKEN.findall(ways_out))[:5],
        message_ids=tuple(_ID.findall(original.get("message-id", "")))[:5],
        recipients=recipients,
    )


def _recipients(report: Fields, original: Fields) -> Iterator[str]:
    for name in ("original-rcpt-to", "removal-recipient"):
        yield report.get(name, "")
    yield original.get("to", "")
