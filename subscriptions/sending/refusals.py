"""Why a mail that is owed must not go after all: consent, suppression, pause, time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.utils import timezone

from subscriptions.models import Delivery, Letter, Mailing, Subscriber, Suppression
from subscriptions.models.readers import fold_address

State = Mailing.State
Kind = Letter.Kind
Refusal = tuple[str, str]

_FOR_READERS = frozenset(
    {Kind.WELCOME, Kind.NEW_ADDRESS, Kind.ADDRESS_ASKED, Kind.STILL_USEFUL}
)
_OF_ADDRESSES = frozenset({Kind.NEW_ADDRESS, Kind.ADDRESS_ASKED, Kind.ADDRESS_CHANGED})


def suppressed_among(mails: Sequence[Delivery | Letter]) -> set[int]:
    """Ids of the mails to addresses that must not be mailed; one query for all.

    A letter that asks an address to confirm again goes out in spite of its bounces.
    """
    by_hash: dict[str, list[int]] = defaultdict(list)
    for mail in mails:
        for one in Suppression.hashes_of(mail.address):
            by_hash[one].append(mail.pk)
    standing = Suppression.objects.standing().filter(address_hash__in=by_hash)
    asking = {mail.pk for mail in mails if _asks_again(mail)}
    return {
        pk
        for one, reason in standing.values_list("address_hash", "reason")
        for pk in by_hash[one]
        if not (pk in asking and reason == Suppression.Reason.BOUNCED)
    }


def refusal(mail: Delivery | Letter, suppressed: Collection[int]) -> Refusal | None:
    """The state and reason this mail ends with, or None where it may go."""
    reader = mail.subscriber
    is_out = reader.state == Subscriber.State.SUPPRESSED and not _asks_again(mail)
    if mail.pk in suppressed or is_out:
        return State.SUPPRESSED, "the address is on the suppression list"
    if isinstance(mail, Delivery):
        return _digest_refusal(reader)
    return _letter_refusal(mail, reader)


def _asks_again(mail: Delivery | Letter) -> bool:
    """Consent lets one such letter through in 30 days."""
    return isinstance(mail, Letter) and mail.context.get("after_bounces") is True


def _digest_refusal(reader: Subscriber) -> Refusal | None:
    if reader.state != Subscriber.State.ACTIVE:
        return State.UNSUBSCRIBED, f"the reader is {reader.state}"
    if reader.is_paused_on(timezone.now().astimezone(reader.tz).date()):
        return State.SKIPPED, "paused"
    return None


def _letter_refusal(letter: Letter, reader: Subscriber) -> Refusal | None:
    active = reader.state == Subscriber.State.ACTIVE
    if letter.kind == Kind.CONFIRM and active:
        return State.SKIPPED, "confirmed already"
    # One who unsubscribed stays so until they confirm again: a letter made since then
    # is for that, an earlier one is not wanted any more.
    left = None if active else reader.unsubscribed_at
    if letter.kind == Kind.CONFIRM and left and letter.created_at < left:
        return State.SKIPPED, "unsubscribed since"
    if letter.kind == Kind.GOODBYE and active:
        return State.SKIPPED, "subscribed again"
    if letter.kind in _FOR_READERS and not active:
        return State.UNSUBSCRIBED, f"the reader is {reader.state}"
    if letter.kind == Kind.NO_MATCH:
        return _digest_refusal(reader)
    if letter.kind == Kind.STILL_USEFUL and not reader.silence:
        return State.SKIPPED, "the reader has been heard from"
    if letter.kind in _OF_ADDRESSES:
        return _address_refusal(letter, reader)
    return None


def _address_refusal(letter: Letter, reader: Subscriber) -> Refusal | None:
    """These have a recipient of their own, which is emptied when it is withdrawn."""
    if not letter.recipient:
        return State.SKIPPED, "not asked for any more"
    is_theirs = fold_address(letter.recipient) == reader.email_folded
    wanted = letter.kind == Kind.ADDRESS_ASKED
    if letter.kind == Kind.ADDRESS_CHANGED or is_theirs == wanted:
        return None
    return State.SKIPPED, "the address has been changed already"
