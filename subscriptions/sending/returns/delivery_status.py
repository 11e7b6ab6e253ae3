"""Delivery status notifications (RFC 3464, 6522, 6533): what became of each recipient.

A report whose MIME is broken is read by its fields alone. What is no such report at all
is tried with flufl.bounce, which knows how older servers put it.
"""

from __future__ import annotations

import re
from email.message import Message

from flufl.bounce import all_failures

from subscriptions.models import DeliveryEvent
from subscriptions.models.readers import fold_address
from subscriptions.sending.verdicts import code_in

from .opening import (
    Fields,
    blocks,
    content_type,
    decoded,
    header,
    opened,
    parameter,
    parts,
    text_of,
)
from .report import Report, addresses_in, status_in, without_addresses

Type = DeliveryEvent.Type
_REPORTS = {"message/delivery-status", "message/global-delivery-status"}
_RECIPIENTS = ("final-recipient", "original-recipient", "x-actual-recipient")
_ACTIONS = {
    "failed": Type.BOUNCED,
    "delayed": Type.DEFERRED,
    "delivered": Type.DELIVERED,
    "relayed": Type.DELIVERED,
    "expanded": Type.DELIVERED,
}
_CLASSES = {"2": Type.DELIVERED, "4": Type.DEFERRED, "5": Type.BOUNCED}
# Bytes looked at of a mail, whose words stand before what it returns, and of each line
# (RFC 5322 section 2.1.1): flufl.bounce's patterns take the square of its length.
_GUESSED_FROM, _LINE = 20_000, 1_000
_REPLY = re.compile(r"\b([45]\d\d)[ -]#?([45]\.\d{1,3}\.\d{1,3})\b[^\n]{0,200}")


def read(message: Message, raw: bytes) -> list[Report]:
    """What the report says of each recipient; [] if this is no such report."""
    is_report = parameter(message, "report-type") == "delivery-status"
    for part in parts(message):
        if content_type(part) in _REPORTS:
            is_report = True
            if reports := _recipients(blocks(text_of(part))):
                return reports
    return _recipients(blocks(decoded(raw))) if is_report else []


def guessed(raw: bytes) -> list[Report]:
    """What older servers say in words alone; [] if they say nothing known.

    Only for mail to an address of ours that a token authenticates. No code: soft.
    """
    lines = raw[:_GUESSED_FROM].splitlines()
    message = opened(b"\n".join([line[:_LINE] for line in lines]))
    if message is None or header(message, "Content-Type").count("/") > 1:
        return []
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # its detectors were written for mail as it should be
        return []
    said = _REPLY.search(decoded(raw))
    text = without_addresses(said[0]) if said else "recognised by its wording"
    status = said[2] if said else ""
    return [
        Report(type_, status, text, frozenset({fold_address(decoded(bytes(each)))}))
        for type_, found in ((Type.BOUNCED, permanent), (Type.DEFERRED, temporary))
        for each in found
    ]


def _recipients(groups: list[Fields]) -> list[Report]:
    return [_report(each) for each in groups if any(n in each for n in _RECIPIENTS)]


def _report(fields: Fields) -> Report:
    diagnostic = fields.get("diagnostic-code", "")
    said = diagnostic.partition(";")[2].strip() or diagnostic
    status = status_in(fields.get("status", ""))
    # X.0.0 says nothing; the server's own words often do.
    if not status or status.endswith(".0.0"):
        status = status_in(said) or status
    if not code_in(said) and fields.get("status"):
        said = f"{said} {fields['status']}".strip()
    recipients: frozenset[str] = frozenset()
    for name in _RECIPIENTS:
        recipients |= addresses_in(fields.get(name, ""))
    action = fields.get("action", "").split("(")[0].strip().lower()
    type_ = _ACTIONS.get(action) or _CLASSES.get(status[:1], Type.UNKNOWN)
    return Report(type_, status, without_addresses(said), recipients)
