"""Another address: asked of both, changed by the one who reads at the new.

The letter to the new address is the request: while its `recipient` stands, the button
behind its link makes that the reader's address. There is one such letter a reader.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from subscriptions.addresses import masked
from subscriptions.models import ConsentRecord, Letter, Subscriber
from subscriptions.models.readers import domain_of, fold_address

from . import again
from .asking import DAY
from .change import heard_from, locked, record, requests, withdraw_requests
from .owing import owe_letter

State, Kind = Subscriber.State, Letter.Kind

ADDRESS_WORDS = (
    "I read mail at this address. Send my papers here from now on, and nothing more to "
    "the address that had them until now."
)


def ask_for_address(reader_id: int, address: str) -> None:
    """Ask `address`, a checked one, to confirm that it is to be the reader's, and tell
    the present one. The last address asked for counts.

    The caller shows the same answer whatever happens here: an address that is
    subscribed or suppressed gets no letter, one that was asked today no second one.
    """
    with transaction.atomic():
        reader = locked(reader_id)
        folded = fold_address(address)
        if reader.state != State.ACTIVE or folded == reader.email_folded:
            return
        heard_from(reader)
        owe_letter(
            reader, Kind.ADDRESS_ASKED, {"to": masked(address)}, recipient=reader.email
        )
        since = timezone.now() - DAY
        for asked in requests(reader).filter(created_at__gt=since):
            if fold_address(asked.recipient) == folded:
                return  # the link in that letter works
        withdraw_requests(reader)
        if not _is_taken(address):
            owe_letter(reader, Kind.NEW_ADDRESS, recipient=address)


def asked_for(letter_id: int) -> Letter | None:
    """The request of this letter, if it stands or has been granted."""
    asked = Letter.objects.filter(pk=letter_id, kind=Kind.NEW_ADDRESS)
    return asked.exclude(recipient="").select_related("subscriber").first()


def change_address(letter_id: int) -> Subscriber | None:
    """Make the letter's recipient the reader's address, and tell the old one.

    None if that cannot be, whatever the reason: the request was withdrawn, the reader
    left, the address is suppressed, or somebody has subscribed with it. One who never
    confirmed gives way: whoever reads there has just said what they want. Called again
    it changes nothing. Links made before open the preferences no more.
    """
    asked = asked_for(letter_id)
    if asked is None:
        return None
    folded = fold_address(asked.recipient)
    with transaction.atomic():
        both = Q(pk=asked.subscriber_id) | Q(email_folded=folded)
        readers = Subscriber.objects.select_for_update().filter(both).order_by("pk")
        found = {each.pk: each for each in readers}
        reader = found.pop(asked.subscriber_id, None)
        asked = asked_for(letter_id)  # as it is under the lock
        if reader is None or asked is None:
            return None
        if reader.email_folded == folded:
            return reader
        if reader.state != State.ACTIVE or _is_taken(asked.recipient):
            return None
        for never_confirmed in found.values():
            never_confirmed.delete()
        return _moved(reader, asked.recipient)


def withdraw_address(letter_id: int) -> None:
    """End what this letter is about: the request itself, or, for the letter to the
    reader's present address, whatever new one they asked for. What has been granted
    stays."""
    with transaction.atomic():
        letters = Letter.objects.filter(pk=letter_id)
        rows = Subscriber.objects.filter(pk__in=letters.values("subscriber_id"))
        reader = rows.select_for_update().first()
        letter = letters.first()
        if reader is None or letter is None:
            return
        is_theirs = fold_address(letter.recipient) == reader.email_folded
        if letter.kind == Kind.ADDRESS_ASKED and is_theirs:
            withdraw_requests(reader)
        elif letter.kind == Kind.NEW_ADDRESS and not is_theirs:
            letters.update(recipient="")


def _is_taken(address: str) -> bool:
    """It must not be mailed, or is somebody's who confirmed it at some time."""
    theirs = Subscriber.objects.at(address).exclude(state=State.PENDING)
    if theirs.exists() or again.is_suppressed(address):
        return True
    return not again.may_ask(address)


def _moved(reader: Subscriber, address: str) -> Subscriber | None:
    old, reader.email = reader.email, address
    reader.email_folded, reader.domain = fold_address(address), domain_of(address)
    reader.address_changed_at = timezone.now()
    fields = ["email", "email_folded", "domain", "address_changed_at"]
    try:
        with transaction.atomic():
            reader.save(update_fields=fields)
    except IntegrityError:  # somebody signed up with it in this very moment
        return None
    heard_from(reader)
    record(reader, ConsentRecord.Action.ADDRESS, "letter", ADDRESS_WORDS)
    owe_letter(reader, Kind.ADDRESS_CHANGED, {"to": masked(address)}, recipient=old)
    return reader
