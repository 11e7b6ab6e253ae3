"""Which letters a reader is owed, and how many are enough; those owed on request."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from subscriptions.models import Letter, Subscriber

from .asking import DAY, USUAL, WEEK, Limits, may_ask
from .change import locked

Kind, State = Letter.Kind, Subscriber.State

# Per reader and kind; others as usual.
_LIMITS: dict[str, Limits] = {
    # A slip in the new address should not cost a day; each address has its own limit.
    Kind.NEW_ADDRESS: ((DAY, 3), (WEEK, 5)),
    Kind.NO_MATCH: ((timedelta(days=30), 1),),
    # Whoever lost their digests to another address is told of it each time.
    Kind.ADDRESS_CHANGED: (),
}
# These ask an address that may be anybody's.
_ASKING = frozenset({Kind.CONFIRM, Kind.NEW_ADDRESS})
# Of a day's "nothing today" and the letter of two weeks without a paper one goes. A day
# less four hours: a due date's letter may be late one day and early on the next.
_ONE_SAYS_NOTHING = timedelta(hours=20)


def owe_letter(
    reader: Subscriber,
    kind: str,
    context: dict[str, object] | None = None,
    recipient: str = "",
) -> bool:
    """Write a letter to be sent, unless there were enough: then False.

    Counted under the reader's lock, and those that ask an address to confirm also
    under that address's own. `recipient`: where it is not simply the reader's address.
    """
    now = timezone.now()
    sent = reader.letters.filter(kind=kind)
    for time, most in _LIMITS.get(kind, USUAL):
        if sent.filter(created_at__gt=now - time).count() >= most:
            return False
    if kind in _ASKING and not may_ask(recipient or reader.email):
        return False
    Letter.objects.create(
        subscriber=reader,
        kind=kind,
        context=context or {},
        recipient=recipient,
        message_id=Letter.message_id_for(kind, reader.pk, now.isoformat()),
    )
    return True


def tell_nothing_matched(reader_id: int, context: dict[str, object]) -> bool:
    """Owe a letter with what came nearest, one a month; False: there was one, or the
    reader has left meanwhile or been told of today."""
    with transaction.atomic():
        reader = Subscriber.objects.select_for_update().filter(pk=reader_id).first()
        if reader is None or reader.state != State.ACTIVE:
            return False
        if told_of_today(timezone.now()).filter(subscriber=reader).exists():
            return False
        return owe_letter(reader, Kind.NO_MATCH, context)


def send_preferences_link(address: str) -> None:
    """Owe a letter with a fresh preferences link, if there is such a reader."""
    with transaction.atomic():
        reader = Subscriber.objects.at(address).select_for_update().first()
        if reader and reader.state == State.ACTIVE:
            owe_letter(reader, Kind.PREFERENCES)


def send_own_link(reader_id: int) -> None:
    """The same for who came by a link of their own: also one who has left, since
    nothing else lets them erase what is kept of them."""
    with transaction.atomic():
        reader = locked(reader_id)
        if reader.confirmed_at and reader.state != State.SUPPRESSED:
            owe_letter(reader, Kind.PREFERENCES)


def told_of_today(now: datetime) -> QuerySet[Letter, int]:
    """Ids of the readers who have just been told that a day had nothing."""
    return _told(Kind.NOTHING_TODAY, now)


def told_of_two_weeks(now: datetime) -> QuerySet[Letter, int]:
    """Ids of the readers who have just been told what came nearest in two weeks: they
    need no letter of today."""
    return _told(Kind.NO_MATCH, now)


def _told(kind: str, now: datetime) -> QuerySet[Letter, int]:
    letters = Letter.objects.filter(kind=kind, created_at__gt=now - _ONE_SAYS_NOTHING)
    return letters.order_by().values_list("subscriber_id", flat=True)
