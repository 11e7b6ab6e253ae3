"""What a reader changes: schedule, format, filters, a pause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from subscriptions.models import (
    ConsentRecord,
    Delivery,
    Subscriber,
    Subscription,
)
from subscriptions.models.mailings import PAUSED

from .change import (
    Schedule,
    Wanted,
    end_waiting,
    heard_from,
    locked,
    record,
    set_schedule,
    subscribe_to,
)

State = Subscriber.State
Action = ConsentRecord.Action


class TooManyFilters(Exception):
    """The reader has as many filters as the settings allow."""


def change_schedule(
    reader_id: int,
    schedule: Schedule,
    nothing_today: bool | None = None,
    hold_until: int | None = None,
) -> None:
    """Holds for dates without a delivery (rounds.md 12). `nothing_today`: a letter on
    those without a paper; `hold_until`: no digest before so many wait (rounds.md 14);
    None leaves either as it is."""
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        set_schedule(reader, schedule)
        if nothing_today is not None:
            reader.nothing_today = nothing_today
        if hold_until is not None:
            reader.hold_until = hold_until
        reader.save()
        record(reader, Action.CHANGED, "preferences")


def change_format(
    reader_id: int, max_papers: int | None, full_abstracts: bool, text_only: bool
) -> None:
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        reader.max_papers = max_papers
        reader.full_abstracts = full_abstracts
        reader.text_only = text_only
        reader.save()


def pause(reader_id: int, until: date | None) -> None:
    """No digest before the local day `until`; None goes on at once."""
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        reader.paused_until = until
        reader.save(update_fields=["paused_until"])
        if until and reader.is_paused_on(timezone.now().astimezone(reader.tz).date()):
            end_waiting(reader, Delivery.State.SKIPPED, PAUSED, letters=False)
        record(reader, Action.CHANGED, "preferences")


def add_filter(reader_id: int, wanted: Wanted) -> Subscription:
    """Add a filter; an equal one is kept, and switched on. Raises TooManyFilters."""
    with transaction.atomic():
        reader = locked(reader_id)
        others = reader.subscriptions.exclude(filter__text=wanted.canonical)
        if others.count() >= settings.FILTERS_PER_READER:
            raise TooManyFilters
        heard_from(reader)
        last = reader.subscriptions.order_by("-position").first()
        first = last.position + 1 if last else 0
        (added,) = subscribe_to(reader, [wanted], first)
        if not added.enabled:
            added.enabled = True
            added.save(update_fields=["enabled"])
        record(reader, Action.CHANGED, "preferences")
        return added


def edit_subscription(
    reader_id: int, subscription_id: int, name: str, enabled: bool
) -> None:
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        reader.subscriptions.filter(pk=subscription_id).update(
            name=name.strip()[:80], enabled=enabled
        )


def drop_filter(reader_id: int, subscription_id: int) -> None:
    with transaction.atomic():
        reader = locked(reader_id)
        heard_from(reader)
        reader.subscriptions.filter(pk=subscription_id).delete()
        record(reader, Action.CHANGED, "preferences")


def replace_wishes(address: str, wanted: Sequence[Wanted], schedule: Schedule) -> bool:
    """Give a known, active reader other filters and hours; False for anyone else."""
    with transaction.atomic():
        reader = Subscriber.objects.at(address).select_for_update().first()
        if reader is None or reader.state != State.ACTIVE:
            return False
        before, days = reader.before_silence, (reader.cadence, reader.weekdays)
        set_schedule(reader, schedule)
        if days == (schedule.cadence, schedule.weekdays):
            reader.before_silence = before  # the days that silence took still wait
        reader.save()
        reader.subscriptions.all().delete()
        subscribe_to(reader, wanted)
        record(reader, Action.CHANGED, "import")
        return True
