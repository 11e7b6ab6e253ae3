"""Ways in: the form, the confirmation, an import, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from subscriptions.crashpoint import crashpoint
from subscriptions.models import (
    ConsentRecord,
    Edition,
    Letter,
    Subscriber,
)
from subscriptions.models.readers import domain_of, fold_address

from . import again
from .asking import count_sign_up
from .change import (
    Schedule,
    Wanted,
    heard_from,
    locked,
    record,
    set_schedule,
    subscribe_to,
)
from .owing import owe_letter

State = Subscriber.State
Action = ConsentRecord.Action

UNDO_WITHIN = timedelta(days=7)
WORDS = (
    "I want the papers that match my filters by e-mail, at the hour I chose, until I "
    "unsubscribe with the link in any of the mails."
)


def subscribe(
    address: str,
    wanted: Sequence[Wanted],
    schedule: Schedule,
    source: str = "form",
    network: str | None = None,
    worked: bool = False,
) -> None:
    """Ask for a subscription; a confirm letter is owed unless there were enough.

    The caller shows the same answer whatever happens here. A reader who is active
    already gets a letter with the preferences link instead, and what was typed is
    dropped: it may be somebody else who typed it. An address suppressed for its bounces
    gets one letter in 30 days. `network`: of who filled the form in, "" if nothing
    says it, None for an import; by a form raises TooManySignUps, later where their
    browser `worked` for it.
    """
    with transaction.atomic():
        if network is not None:
            count_sign_up(network, address, worked)
        if not again.may_ask(address):
            return
        reader, _ = Subscriber.objects.select_for_update().get_or_create(
            email_folded=fold_address(address),
            defaults={"email": address.strip(), "domain": domain_of(address)},
        )
        if reader.state == State.ACTIVE:
            owe_letter(reader, Letter.Kind.PREFERENCES)
            return
        bounced = again.is_suppressed(address)
        if bounced and not again.may_ask(address):  # somebody was faster
            return
        if reader.state == State.SUPPRESSED and not bounced:
            return
        # Unsubscribed readers stay so, filters and all, until they confirm.
        if reader.state == State.PENDING:
            set_schedule(reader, schedule)
            reader.save()
            reader.subscriptions.all().delete()
            subscribe_to(reader, wanted[: settings.FILTERS_PER_READER])
        context: dict[str, object] = {"after_bounces": True} if bounced else {}
        if reader.state != State.PENDING:
            context |= _asked_this_time(wanted, schedule)
        if owe_letter(reader, Letter.Kind.CONFIRM, context):
            # Else anybody could fill the table by asking again and again.
            record(reader, Action.ASKED, source, WORDS)
            again.asked(address)
            crashpoint("subscribe.owed")


def confirm(reader_id: int, source: str = "letter") -> Subscriber:
    """Make the reader active; confirming again changes nothing.

    It lifts a suppression for bounces that this letter was sent in spite of.

    Coverage starts the day before the newest edition of each source, so that the
    first digest holds that edition (rounds.md 8, 15).
    """
    with transaction.atomic():
        reader = locked(reader_id)
        if reader.state == State.ACTIVE or not again.let_in(reader):
            return reader
        if reader.state != State.PENDING:
            _take_what_was_asked(reader)
            reader.paused_until = None  # a pause from before they left
        heard_from(reader)
        now = timezone.now()
        reader.state = State.ACTIVE
        reader.confirmed_at = now
        reader.unsubscribed_at = None
        reader.recheck_had = reader.deliveries.exists()
        reader.covered = _coverage_at_start(reader, now)
        reader.awaits_first_digest = True
        reader.save()
        record(reader, Action.CONFIRMED, source, WORDS)
        crashpoint("confirm.written")
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
        if again.is_suppressed(address):
            return False
        # Asked and made in one: the reader may be signing up at this moment.
        reader, is_new = Subscriber.objects.get_or_create(
            email_folded=fold_address(address),
            defaults={"email": address.strip(), "domain": domain_of(address)},
        )
        if not is_new:
            return False
        if confirmed_at is None:
            subscribe(address, wanted, schedule, source="import")
            return True
        reader.state = State.ACTIVE
        set_schedule(reader, schedule)
        reader.confirmed_at = confirmed_at
        reader.due_after = timezone.now()
        reader.covered = _coverage_at_start(reader, timezone.now())
        reader.save()
        subscribe_to(reader, wanted)
        record(reader, Action.IMPORTED, "import", f"confirmed {confirmed_at:%Y-%m-%d}")
        return True


def resubscribe(reader_id: int, source: str = "letter") -> Subscriber:
    """Take an unsubscribing back, while `can_resubscribe`.

    What waited for them still does: their coverage stays where it was.
    """
    with transaction.atomic():
        reader = locked(reader_id)
        if not can_resubscribe(reader):
            return reader
        heard_from(reader)
        reader.state = State.ACTIVE
        reader.unsubscribed_at = None
        reader.recheck_had = reader.deliveries.exists()
        # True already where leaving ended a first digest that had not gone out.
        reader.awaits_first_digest |= not reader.recheck_had
        reader.save()
        record(reader, Action.RESUBSCRIBED, source)
        return reader


def can_resubscribe(reader: Subscriber) -> bool:
    """For a week, and only for readers who had confirmed: the link of an old mail may
    have been forwarded, and must not bring anybody back years later."""
    return (
        reader.state == State.UNSUBSCRIBED
        and reader.confirmed_at is not None
        and reader.unsubscribed_at is not None
        and timezone.now() - reader.unsubscribed_at < UNDO_WITHIN
    )


def _coverage_at_start(reader: Subscriber, now: datetime) -> dict[str, str]:
    """The day before each source's newest edition that is out by the local date."""
    today = now.astimezone(reader.tz).date()
    newest = Edition.objects.newest_days(until=today)
    return {
        source: (day - timedelta(days=1)).isoformat() for source, day in newest.items()
    }


def _asked_this_time(wanted: Sequence[Wanted], schedule: Schedule) -> dict[str, object]:
    return {
        "wanted": [[w.text, w.canonical, w.name] for w in wanted],
        "schedule": [
            schedule.zone,
            schedule.hour,
            schedule.cadence,
            schedule.weekdays,
        ],
    }


def _take_what_was_asked(reader: Subscriber) -> None:
    """A reader who left and comes back gets what they asked for this time; by the link
    of an earlier time, which may still work, what they had when they left."""
    letter = reader.letters.filter(kind=Letter.Kind.CONFIRM).first()
    if letter is None or "wanted" not in letter.context:
        return
    if reader.unsubscribed_at and letter.created_at < reader.unsubscribed_at:
        return
    set_schedule(reader, Schedule(*letter.context["schedule"]))
    reader.subscriptions.all().delete()
    subscribe_to(reader, [Wanted(*each) for each in letter.context["wanted"]])
