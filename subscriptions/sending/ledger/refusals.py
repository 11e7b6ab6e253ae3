"""Why a mail that is owed must not go after all: consent, suppression, pause, time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.utils import timezone

from subscriptions.models import Letter, Mailing, Subscriber, Suppression, among_texts
from subscriptions.models.mailings import PAUSED
from subscriptions.models.readers import fold_address, zone_of

from .statements import Owed

State = Mailing.State
Reader = Subscriber.State
Kind = Letter.Kind
Refusal = tuple[str, str]

_FOR_READERS = frozenset(
    {Kind.WELCOME, Kind.NEW_ADDRESS, Kind.ADDRESS_ASKED, Kind.STILL_USEFUL}
)


def suppressed_among(mails: Iterable[Owed]) -> set[int]:
    """Ids of the mails to addresses and readers that must not be mailed; one query.

    A letter that asks an address to confirm again goes out in spite of its bounces:
    consent lets one through in 30 days. A second query finds these, where a letter is
    among them at all.
    """
    by_hash: dict[str, list[Owed]] = defaultdict(list)
    out, letters = set(), set()
    for mail in mails:
        if mail.state == Reader.SUPPRESSED:
            out.add(mail.id)
        if mail.kind:
            letters.add(mail.id)
        for one in Suppression.hashes_of(mail.address):
            by_hash[one].append(mail)
    standing = Suppression.objects.standing().filter(
        address_hash__in=among_texts(by_hash)
    )
    for one, reason in standing.values_list("address_hash", "reason"):
        out |= {mail.id for mail in by_hash[one]}
        if reason != Suppression.Reason.BOUNCED:
            letters -= {mail.id for mail in by_hash[one]}
    if asking := out & letters:
        again = Letter.objects.filter(pk__in=asking, context__after_bounces=True)
        out -= set(again.values_list("pk", flat=True))
    return out


def refusal(mail: Owed, suppressed: Collection[int]) -> Refusal | None:
    """The state and reason this mail ends with, or None where it may go."""
    if mail.id in suppressed:
        return State.SUPPRESSED, "the address is on the suppression list"
    if not mail.kind:
        return _digest_refusal(mail)
    return _letter_refusal(mail)


def _digest_refusal(mail: Owed) -> Refusal | None:
    if mail.state != Reader.ACTIVE:
        return State.UNSUBSCRIBED, f"the reader is {mail.state}"
    if mail.paused_until is not None:
        today = timezone.now().astimezone(zone_of(mail.zone)).date()
        if today < mail.paused_until:
            return State.SKIPPED, PAUSED
    return None


def _letter_refusal(letter: Owed) -> Refusal | None:
    active = letter.state == Reader.ACTIVE
    if letter.kind == Kind.CONFIRM and active:
        return State.SKIPPED, "confirmed already"
    # One who unsubscribed stays so until they confirm again: a letter made since then
    # is for that, an earlier one is not wanted any more.
    if letter.kind == Kind.CONFIRM and not active and letter.left_since:
        return State.SKIPPED, "unsubscribed since"
    if letter.kind == Kind.GOODBYE and active:
        return State.SKIPPED, "subscribed again"
    if letter.kind in _FOR_READERS and not active:
        return State.UNSUBSCRIBED, f"the reader is {letter.state}"
    if letter.kind == Kind.NO_MATCH:
        return _digest_refusal(letter)
    if letter.kind == Kind.NOTHING_TODAY:
        if not letter.nothing_today:
            return State.SKIPPED, "not asked for any more"
        return _digest_refusal(letter)
    if letter.kind == Kind.STILL_USEFUL and not letter.silence:
        return State.SKIPPED, "the reader has been heard from"
    if letter.kind in Letter.ABOUT_ADDRESSES:
        return _address_refusal(letter)
    return None


def _address_refusal(letter: Owed) -> Refusal | None:
    """Of a letter that is about an address: it goes while that is still asked for."""
    if not letter.recipient:
        return State.SKIPPED, "not asked for any more"
    is_theirs = fold_address(letter.recipient) == letter.email_folded
    wanted = letter.kind == Kind.ADDRESS_ASKED
    if letter.kind == Kind.ADDRESS_CHANGED or is_theirs == wanted:
        return None
    return State.SKIPPED, "the address has been changed already"
