"""A mail that came in: whose mail it speaks of, whether to believe it, what it says."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import Message

from django.utils import timezone

from subscriptions import links
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Letter,
    Subscriber,
    Suppression,
)
from subscriptions.models.readers import fold_address

from . import delivery_status, feedback, replies
from .noticing import Mail, noticed
from .opening import LOOKED_AT, header, headers, opened
from .report import Report, mailboxes_in

Type, State = DeliveryEvent.Type, Subscriber.State
# Servers give up after five days; what comes much later was kept by somebody.
BELIEVED_FOR = timedelta(days=90)
_WORST_FIRST = (Type.BOUNCED, Type.DEFERRED, Type.DELIVERED, Type.UNKNOWN)
_RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a mail. `type`: a DeliveryEvent.Type, "" where it was refused;
    `new`: it was not known before; `why`: why it was refused, "" if it was not."""

    type: str = ""
    new: bool = False
    why: str = ""


def take(
    raw: bytes, recipients: Sequence[str] = (), sender: str | None = None
) -> Taken:
    """Read a mail to one of our bounce addresses, and act on it if it can be believed.

    `recipients` and `sender` of its envelope where they are known, else its headers
    tell. At most the first LOOKED_AT bytes are read. Raises nothing for what is in it;
    the database's errors pass, and then the same mail may be taken again.
    """
    taken = _take(raw[:LOOKED_AT], recipients, sender)
    if taken.why:
        log.info("returned mail changes nothing: %s", taken.why)
    return taken


def _take(raw: bytes, recipients: Sequence[str], sender: str | None) -> Taken:
    message = opened(raw)
    if message is None:
        return Taken(why="it is nested beyond reason")
    given = recipients or _recipients_of(message)
    if complaint := feedback.read(message, raw):
        return _complaint(complaint, raw, given)
    box = _first_of(given, {"digest", "letter", "unsubscribe", "reply"})
    if box is None:
        return Taken(why="it names no mail of ours")
    if box.what in {"unsubscribe", "reply"}:
        return _reply(message, raw, sender, box)
    mail = mail_of(box)
    if mail is None:
        return Taken(why="the mail it speaks of is gone")
    if why := unbelievable(mail):
        return Taken(why=why)
    reports = delivery_status.read(message, raw) or delivery_status.guessed(raw)
    if reports:
        return _outcome(mail, reports)
    automatic = replies.is_automatic(message, sender)
    type_ = Type.AUTOREPLIED if automatic else Type.UNKNOWN
    return Taken(type_, noticed(type_, mail))


def mail_of(box: links.Mailbox) -> Mail | None:
    """The digest or letter that an address of ours names."""
    if box.what == "digest":
        return Delivery.objects.select_related("subscriber").filter(pk=box.pk).first()
    return Letter.objects.select_related("subscriber").filter(pk=box.pk).first()


def unbelievable(mail: Mail) -> str:
    """Why nothing that is said of this mail now is believed; "" if it may be."""
    sent = mail.sent_at or mail.created_at
    if timezone.now() - sent > BELIEVED_FOR:
        return f"the mail it speaks of is older than {BELIEVED_FOR.days} days"
    if isinstance(mail, Letter) and mail.recipient:
        return ""
    # Its recipient is forgotten, and `address` is the reader's, who had no such mail.
    if isinstance(mail, Letter) and mail.kind in Letter.ABOUT_ADDRESSES:
        return "where the letter it speaks of went is not kept any more"
    moved = mail.subscriber.address_changed_at
    if moved and sent < moved:
        return "the mail it speaks of went to an earlier address"
    return ""


def _outcome(mail: Mail, reports: Sequence[Report]) -> Taken:
    address = fold_address(mail.address)
    of_mail = [r for r in reports if not r.recipients or address in r.recipients]
    if not of_mail:
        return Taken(why="it speaks of another recipient")
    worst = min(of_mail, key=lambda report: _WORST_FIRST.index(Type(report.type)))
    new = noticed(worst.type, mail, worst.status, worst.text)
    return Taken(worst.type, new)


def _complaint(
    complaint: feedback.Complaint, raw: bytes, given: Iterable[str]
) -> Taken:
    if not complaint.type:
        return Taken(why="a feedback report, but no complaint")
    of = _complained_of(complaint, given)
    if of is None:
        return Taken(why="a complaint about no mail of ours")
    if isinstance(of, Subscriber):
        return _of_reader(complaint.type, of, raw)
    if why := unbelievable(of):
        return Taken(why=why)
    return Taken(complaint.type, noticed(complaint.type, of))


def _complained_of(
    complaint: feedback.Complaint, given: Iterable[str]
) -> Mail | Subscriber | None:
    """The mail by its own address, else by its reader and Message-ID; else the reader.

    A reader's address alone proves nothing: anybody can write it into a report.
    """
    box = _first_of([*given, *complaint.mailboxes], {"digest", "letter"})
    if box and (mail := mail_of(box)):
        return mail
    proven = _proven_reader(complaint)
    readers = Subscriber.objects.filter(email_folded__in=complaint.recipients)
    for reader in filter(None, [proven, *readers[:5]]):
        if found := mail_by_id(reader, complaint.message_ids):
            return found
    return proven


def _proven_reader(complaint: feedback.Complaint) -> Subscriber | None:
    """Whose List-Unsubscribe or Reply-To it was: those are signed."""
    box = _first_of(complaint.mailboxes, {"unsubscribe", "reply"})
    if box:
        return Subscriber.objects.filter(pk=box.pk).first()
    for token in complaint.tokens:
        try:
            pk = links.read("unsubscribe", token)
        except links.BadLink:
            continue
        return Subscriber.objects.filter(pk=pk).first()
    return None


def mail_by_id(reader: Subscriber, message_ids: Iterable[str]) -> Mail | None:
    """The reader's mail with one of these Message-IDs, which nobody can guess."""
    ids = [each for each in message_ids if each]
    if not ids:
        return None
    return (
        reader.deliveries.select_related("subscriber")
        .filter(message_id__in=ids)
        .first()
        or reader.letters.select_related("subscriber")
        .filter(message_id__in=ids)
        .first()
    )


def _reply(
    message: Message, raw: bytes, sender: str | None, box: links.Mailbox
) -> Taken:
    """To the address in List-Unsubscribe any mail of a person unsubscribes; to the one
    in Reply-To, one that says only so."""
    reader = Subscriber.objects.filter(pk=box.pk).first()
    if reader is None:
        return Taken(why="its reader is gone")
    if replies.is_automatic(message, sender) or delivery_status.read(message, raw):
        return Taken(why="it was written by a program")
    if box.what == "reply" and not replies.says_only_stop(message):
        return Taken(why="a reply that does not say only stop")
    named = header(message, "Message-ID").encode()
    return _of_reader(Type.UNSUBSCRIBED, reader, named or raw)


def _of_reader(type_: str, reader: Subscriber, report: bytes) -> Taken:
    """Of no mail that is known: once for each report, while it changes anything, else
    one reader's sign could fill the table."""
    if type_ == Type.COMPLAINED:
        standing = Suppression.objects.of(reader.email).standing()
        is_done = standing.filter(reason=Suppression.Reason.COMPLAINED).exists()
    else:
        is_done = reader.state in {State.UNSUBSCRIBED, State.SUPPRESSED}
    fingerprint = hashlib.sha256(report).hexdigest()[:32]
    return Taken(type_, not is_done and noticed(type_, reader, report=fingerprint))


def _recipients_of(message: Message) -> list[str]:
    return mailboxes_in(" ".join(headers(message, *_RECIPIENT_HEADERS)))[:50]


def _first_of(addresses: Iterable[str], wanted: set[str]) -> links.Mailbox | None:
    for each in addresses:
        try:
            box = links.read_mailbox(each)
        except links.BadLink:
            continue
        if box.what in wanted:
            return box
    return None
