"""What readers agree to and take back: the only writer of a subscriber's state.

Every function is one transaction under the reader's row lock, may be called twice, and
leaves a `ConsentRecord`. Nothing here sends: mails are `Letter` rows that `sending`
finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from .models import (
    ConsentRecord,
    Delivery,
    Edition,
    Letter,
    Subscriber,
    Subscription,
    Suppression,
    TopicFilter,
)
from .models.readers import EVERY_DAY, fold_address

State = Subscriber.State
Action = ConsentRecord.Action

WORDS = (
    "I want the papers that match my filters by e-mail, at the hour I chose, until I "
    "unsubscribe with the link in any of the mails."
)
# Nobody's inbox can be filled by someone else's sign-ups (safety.md).
CONFIRM_LETTERS_A_DAY, CONFIRM_LETTERS_A_WEEK = 1, 3


class TooManyFilters(Exception):
    """The reader has as many filters as the settings allow."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter as the reader wrote it, in canonical form, under their name for it."""

    text: str
    canonical: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a reader wants mail. `weekdays`: bits, Monday 1, Tuesday 2, ..."""

    zone: str = "UTC"
    hour: int = 8
    cadence: str = Subscriber.Cadence.DAILY
    weekdays: int = EVERY_DAY


def subscribe(
    address: str, wanted: Sequence[Wanted], schedule: Schedule, source: str = "form"
) -> None:
    """Ask for a subscription; a confirm letter is owed unless there were enough.

    The caller shows the same answer whatever happens here. A reader who is active
    already gets a letter with the preferences link instead, and what was typed is
    dropped: it may be somebody else who typed it.
    """
    with transaction.atomic():
        if Suppression.objects.of(address).standing().exists():
            return
        reader, _ = Subscriber.objects.get_or_create(
            email_folded=fold_address(address), defaults={"email": address.strip()}
        )
        reader = _locked(reader.pk)
        if reader.state == State.ACTIVE:
            _owe_letter(reader, Letter.Kind.PREFERENCES)
            return
        if reader.state == State.SUPPRESSED:
            return
        # Unsubscribed readers stay so, filters and all, until they confirm.
        if reader.state == State.PENDING:
            _set_schedule(reader, schedule)
            reader.subscriptions.all().delete()
            for position, each in enumerate(wanted[: settings.FILTERS_PER_READER]):
                _subscribe_to(reader, each, position)
        _record(reader, Action.ASKED, source, WORDS)
        _owe_letter(
            reader,
            Letter.Kind.CONFIRM,
            context=None
            if reader.state == State.PENDING
            else {
                "wanted": [[w.text, w.canonical, w.name] for w in wanted],
                "schedule": [
                    schedule.zone,
                    schedule.hour,
                    schedule.cadence,
                    schedule.weekdays,
                ],
            },
        )


def confirm(reader_id: int, source: str = "letter") -> Subscriber:
    """Make the reader active; confirming again changes nothing.

    Coverage starts the day before the newest edition of each source, so that the
    first digest holds that edition (rounds.md 8, 15).
    """
    with transaction.atomic():
        reader = _locked(reader_id)
        if reader.state not in {State.PENDING, State.UNSUBSCRIBED}:
            return reader
        if reader.state == State.UNSUBSCRIBED:
            _take_what_was_asked(reader)
        _activate(reader, timezone.now())
        reader.awaits_first_digest = True
        reader.save()
        _record(reader, Action.CONFIRMED, source, WORDS)
        return reader


def add_imported(
    address: str,
    wanted: Sequence[Wanted],
    schedule: Schedule,
    confirmed_at: datetime | None,
) -> bool:
    """Take over a reader from elsewhere; False if the address is known or suppressed.

    With `confirmed_at` they are active and due first on the date whose hour lies
    after this import (rounds.md 16); without it they get a confirm letter.
    """
    with transaction.atomic():
        known = Subscriber.objects.at(address).exists()
        if known or Suppression.objects.of(address).standing().exists():
            return False
        if confirmed_at is None:
            subscribe(address, wanted, schedule, source="import")
            return True
        reader = Subscriber(
            email=address.strip(),
            email_folded=fold_address(address),
            state=State.ACTIVE,
        )
        _set_schedule(reader, schedule)
        reader.confirmed_at = confirmed_at
        reader.due_after = timezone.now()
        reader.covered = _coverage_at_start(reader, timezone.now())
        reader.save()
        for position, each in enumerate(wanted):
            _subscribe_to(reader, each, position)
        _record(reader, Action.IMPORTED, "import", f"confirmed {confirmed_at:%Y-%m-%d}")
        return True


def unsubscribe(reader_id: int, source: str) -> Subscriber:
    """End everything at once; what is waiting is not sent."""
    with transaction.atomic():
        reader = _locked(reader_id)
        if reader.state in {State.UNSUBSCRIBED, State.SUPPRESSED}:
            return reader
        was_active = reader.state == State.ACTIVE
        reader.state = State.UNSUBSCRIBED
        reader.unsubscribed_at = timezone.now()
        reader.awaits_first_digest = False
        reader.save()
        _end_waiting(reader, Delivery.State.UNSUBSCRIBED, "unsubscribed")
        _record(reader, Action.UNSUBSCRIBED, source)
        if was_active:
            _owe_letter(reader, Letter.Kind.GOODBYE)
        return reader


def resubscribe(reader_id: int, source: str = "letter") -> Subscriber:
    """Take an unsubscribing back. Only for readers who had confirmed."""
    with transaction.atomic():
        reader = _locked(reader_id)
        if reader.state != State.UNSUBSCRIBED or reader.confirmed_at is None:
            return reader
        confirmed_at = reader.confirmed_at
        _activate(reader, timezone.now())
        reader.confirmed_at = confirmed_at
        reader.save()
        _record(reader, Action.RESUBSCRIBED, source)
        return reader


def suppress(reader_id: int, reason: str, detail: str = "") -> None:
    """Never mail this address again, until an operator lifts it."""
    with transaction.atomic():
        reader = _locked(reader_id)
        Suppression.objects.update_or_create(
            address_hash=Suppression.hash_of(reader.email),
            defaults={"reason": reason, "detail": detail[:300], "lifted_at": None},
        )
        reader.state = State.SUPPRESSED
        reader.save(update_fields=["state"])
        _end_waiting(reader, Delivery.State.SUPPRESSED, reason)


def change_schedule(reader_id: int, schedule: Schedule) -> None:
    """Holds for dates without a delivery (rounds.md 12)."""
    with transaction.atomic():
        reader = _locked(reader_id)
        _set_schedule(reader, schedule)
        reader.save()
        _record(reader, Action.CHANGED, "preferences")


def change_format(
    reader_id: int, max_papers: int | None, full_abstracts: bool, text_only: bool
) -> None:
    with transaction.atomic():
        reader = _locked(reader_id)
        reader.max_papers = max_papers
        reader.full_abstracts = full_abstracts
        reader.text_only = text_only
        reader.save()


def pause(reader_id: int, until: date | None) -> None:
    """No digest before the local day `until`; None goes on at once."""
    with transaction.atomic():
        reader = _locked(reader_id)
        reader.paused_until = until
        reader.save(update_fields=["paused_until"])
        if until and reader.is_paused_on(timezone.now().astimezone(reader.tz).date()):
            _end_waiting(reader, Delivery.State.SKIPPED, "paused", letters=False)
        _record(reader, Action.CHANGED, "preferences")


def add_filter(reader_id: int, wanted: Wanted) -> Subscription:
    """Add a filter; an equal one is kept as it is. Raises TooManyFilters."""
    with transaction.atomic():
        reader = _locked(reader_id)
        if reader.subscriptions.count() >= settings.FILTERS_PER_READER:
            raise TooManyFilters
        last = reader.subscriptions.order_by("-position").first()
        added = _subscribe_to(reader, wanted, last.position + 1 if last else 0)
        _record(reader, Action.CHANGED, "preferences")
        return added


def edit_subscription(
    reader_id: int, subscription_id: int, name: str, enabled: bool
) -> None:
    with transaction.atomic():
        reader = _locked(reader_id)
        reader.subscriptions.filter(pk=subscription_id).update(
            name=name.strip()[:80], enabled=enabled
        )


def drop_filter(reader_id: int, subscription_id: int) -> None:
    with transaction.atomic():
        reader = _locked(reader_id)
        reader.subscriptions.filter(pk=subscription_id).delete()
        _record(reader, Action.CHANGED, "preferences")


def send_preferences_link(address: str) -> None:
    """Owe a letter with a fresh preferences link, if there is such a reader."""
    with transaction.atomic():
        reader = Subscriber.objects.at(address).select_for_update().first()
        if reader and reader.state == State.ACTIVE:
            _owe_letter(reader, Letter.Kind.PREFERENCES)


def erase(reader_id: int) -> None:
    """Forget the reader and all that hangs on them. A suppression's hash stays."""
    with transaction.atomic():
        Subscriber.objects.filter(pk=reader_id).delete()


def forget(now: datetime) -> dict[str, int]:
    """Drop what has had its time: unconfirmed sign-ups after 7 days, unused filters."""
    stale = Subscriber.objects.filter(
        state=State.PENDING, created_at__lt=now - timedelta(days=7)
    )
    recent = Letter.objects.filter(created_at__gte=now - timedelta(days=7))
    unconfirmed = stale.exclude(pk__in=recent.values("subscriber_id"))
    unused = TopicFilter.objects.filter(subscriptions=None)
    readers, _ = unconfirmed.delete()
    filters, _ = unused.delete()
    return {"unconfirmed": readers, "filters": filters}


# --- parts of the above -------------------------------------------------------------


def _locked(reader_id: int) -> Subscriber:
    return Subscriber.objects.select_for_update().get(pk=reader_id)


def _record(reader: Subscriber, action: str, source: str, text: str = "") -> None:
    ConsentRecord.objects.create(
        subscriber=reader, action=action, source=source, text=text
    )


def _set_schedule(reader: Subscriber, schedule: Schedule) -> None:
    reader.zone, reader.hour = schedule.zone, schedule.hour
    reader.cadence, reader.weekdays = schedule.cadence, schedule.weekdays


def _subscribe_to(reader: Subscriber, wanted: Wanted, position: int) -> Subscription:
    row, _ = TopicFilter.objects.get_or_create(
        fingerprint=TopicFilter.fingerprint_of(wanted.canonical),
        defaults={"text": wanted.canonical},
    )
    subscription, _ = Subscription.objects.get_or_create(
        subscriber=reader,
        filter=row,
        defaults={
            "text": wanted.text,
            "name": wanted.name.strip()[:80],
            "position": position,
        },
    )
    return subscription


def _activate(reader: Subscriber, now: datetime) -> None:
    reader.recheck_had = reader.deliveries.exists()
    reader.state = State.ACTIVE
    reader.confirmed_at = now
    reader.unsubscribed_at = None
    reader.covered = _coverage_at_start(reader, now)


def _coverage_at_start(reader: Subscriber, now: datetime) -> dict[str, str]:
    """The day before each source's newest edition that is out by the local date."""
    today = now.astimezone(reader.tz).date()
    newest = Edition.objects.newest_days(until=today)
    return {
        source: (day - timedelta(days=1)).isoformat() for source, day in newest.items()
    }


def _take_what_was_asked(reader: Subscriber) -> None:
    """A reader who left and comes back gets what they asked for this time."""
    letter = reader.letters.filter(kind=Letter.Kind.CONFIRM).first()
    if letter is None or "wanted" not in letter.context:
        return
    _set_schedule(reader, Schedule(*letter.context["schedule"]))
    reader.subscriptions.all().delete()
    for position, each in enumerate(letter.context["wanted"]):
        _subscribe_to(reader, Wanted(*each), position)


def _owe_letter(
    reader: Subscriber, kind: str, context: dict[str, object] | None = None
) -> None:
    """One letter of a kind a day and three a week, counted under the reader's lock."""
    now = timezone.now()
    sent = reader.letters.filter(kind=kind)
    today = sent.filter(created_at__gt=now - timedelta(days=1)).count()
    this_week = sent.filter(created_at__gt=now - timedelta(days=7)).count()
    if kind != Letter.Kind.GOODBYE and (
        today >= CONFIRM_LETTERS_A_DAY or this_week >= CONFIRM_LETTERS_A_WEEK
    ):
        return
    Letter.objects.create(subscriber=reader, kind=kind, context=context or {})


def _end_waiting(
    reader: Subscriber, state: str, reason: str, letters: bool = True
) -> None:
    reader.deliveries.open().end(state, reason)
    if letters:
        reader.letters.filter(state__in=["pending", "deferred"]).update(
            state=state, reason=reason
        )
