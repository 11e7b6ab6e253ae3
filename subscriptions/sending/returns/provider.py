"""What a mail service says by webhook, in the same words as what comes by mail."""

from __future__ import annotations

from dataclasses import dataclass

from subscriptions import links
from subscriptions.models import DeliveryEvent, Subscriber
from subscriptions.models.readers import fold_address

from .noticing import Mail, noticed
from .report import status_in, without_addresses
from .taking import Taken, mail_by_id, mail_of, unbelievable

Type = DeliveryEvent.Type


@dataclass(frozen=True, slots=True)
class Said:
    """One event of a mail service, whose webhook has been authenticated.

    `sender`: the mail's own bounce address where the service gave it back. Without it
    `recipient` and one of `message_ids` must belong together: an address alone is not
    believed. `text`: the receiving server's answer.
    """

    type: str
    recipient: str
    message_ids: tuple[str, ...] = ()
    sender: str = ""
    text: str = ""


def noticed_of(said: Said) -> Taken:
    """Act on it once. Any order, any number of times."""
    mail = _mail(said)
    if mail is None:
        return Taken(why="it speaks of no mail of ours")
    if fold_address(said.recipient) != fold_address(mail.address):
        return Taken(why="it speaks of another recipient")
    if why := unbelievable(mail):
        return Taken(why=why)
    text = without_addresses(said.text)
    return Taken(said.type, noticed(said.type, mail, status_in(said.text), text))


def _mail(said: Said) -> Mail | None:
    try:
        box = links.read_mailbox(said.sender)
    except links.BadLink:
        reader = Subscriber.objects.at(said.recipient).first()
        return mail_by_id(reader, said.message_ids) if reader else None
    return mail_of(box) if box.what in {"digest", "letter"} else None
