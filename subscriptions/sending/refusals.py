"""Why a mail that is owed must not go after all: consent, suppression, pause, time."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils import timezone

from subscriptions.models import Delivery, Letter, Mailing, Subscriber, Suppression

State = Mailing.State
Refusal = tuple[str, str]


def suppressed_among(readers: Iterable[Subscriber]) -> set[int]:
    """Ids of the readers whose address must not be mailed; one query for all."""
    by_hash = {
        one: reader.pk
        for reader in readers
        for one in Suppression.hashes_of(reader.email)
    }
    standing = Suppression.objects.standing().filter(address_hash__in=by_hash)
    return {by_hash[one] for one in standing.values_list("address_hash", flat=True)}


def refusal(mail: Delivery | Letter, suppressed: Collection[int]) -> Refusal | None:
    """The state and reason this mail ends with, or None where it may go."""
    reader = mail.subscriber
    if reader.pk in suppressed or reader.state == Subscriber.State.SUPPRESSED:
        return State.SUPPRESSED, "the address is on the suppression list"
    if isinstance(mail, Delivery):
        return _digest_refusal(reader)
    return _letter_refusal(mail, reader)


def _digest_refusal(reader: Subscriber) -> Refusal | None:
    if reader.state != Subscriber.State.ACTIVE:
        return State.UNSUBSCRIBED, f"the reader is {reader.state}"
    if reader.is_paused_on(timezone.now().astimezone(reader.tz).date()):
        return State.SKIPPED, "paused"
    return None


def _letter_refusal(letter: Letter, reader: Subscriber) -> Refusal | None:
    active = reader.state == Subscriber.State.ACTIVE
    if letter.kind == Letter.Kind.CONFIRM and active:
        return State.SKIPPED, "confirmed already"
    # One who unsubscribed stays so until they confirm again: a letter made since then
    # is for that, an earlier one is not wanted any more.
    left = None if active else reader.unsubscribed_at
    if letter.kind == Letter.Kind.CONFIRM and left and letter.created_at < left:
        return State.SKIPPED, "unsubscribed since"
    if letter.kind == Letter.Kind.GOODBYE and active:
        return State.SKIPPED, "subscribed again"
    if letter.kind == Letter.Kind.WELCOME and not active:
        return State.UNSUBSCRIBED, f"the reader is {reader.state}"
    return None
