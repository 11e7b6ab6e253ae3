"""Whoever owns a value keeps it: most rows can be looked at only."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from subscriptions.models import (
    ConsentRecord,
    Delivery,
    DeliveryEvent,
    Edition,
    Letter,
    Listing,
    Notice,
    Paper,
    Pause,
    Round,
    SourceRun,
    Subscriber,
    Subscription,
    Suppression,
    TopicFilter,
)

from .making import one_of_everything
from .test_every_list import TABLES, page

SHOWN = [
    ConsentRecord,
    Delivery,
    DeliveryEvent,
    Edition,
    Letter,
    Listing,
    Notice,
    Paper,
    Pause,
    Round,
    SourceRun,
    Suppression,
    TopicFilter,
]


@pytest.mark.parametrize("model", SHOWN, ids=lambda m: m.__name__)
def test_what_others_write_cannot_be_changed(desk: Client, model: Any) -> None:
    row = one_of_everything()[model]
    before = model.objects.values().get(pk=row.pk)
    answer = desk.post(page(model, "change", row.pk), {"state": "sent", "text": "else"})
    assert answer.status_code == 403
    assert model.objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize("model", TABLES, ids=lambda m: m.__name__)
def test_no_row_is_added_by_hand(desk: Client, model: Any) -> None:
    assert desk.get(page(model, "add")).status_code == 403


@pytest.mark.parametrize("model", TABLES, ids=lambda m: m.__name__)
def test_no_row_is_deleted_by_hand(desk: Client, model: Any) -> None:
    row = one_of_everything()[model]
    assert desk.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    desk.post(page(model, "changelist"), chosen)
    assert model.objects.filter(pk=row.pk).exists()


MAIL = {"zone": "Asia/Tokyo", "hour": 6, "hold_until": 3, "max_papers": ""}


def test_a_readers_hour_and_zone_can_be_set(desk: Client) -> None:
    reader = one_of_everything()[Subscriber]
    answer = desk.post(page(Subscriber, "change", reader.pk), MAIL)
    assert answer.status_code == 302
    reader.refresh_from_db()
    assert (reader.zone, reader.hour, reader.hold_until) == ("Asia/Tokyo", 6, 3)


def test_the_log_of_what_was_changed_keeps_no_address_and_no_filter(
    desk: Client,
) -> None:
    """It stays when a reader is erased."""
    rows = one_of_everything()
    reader, subscription = rows[Subscriber], rows[Subscription]
    desk.post(page(Subscriber, "change", reader.pk), MAIL)
    desk.post(page(Subscription, "change", subscription.pk), {"name": "Plain"})
    assert {entry.object_repr for entry in LogEntry.objects.all()} == {
        f"subscriber {reader.pk}",
        f"subscription {subscription.pk}",
    }


def test_a_zone_that_is_none_is_refused(desk: Client) -> None:
    reader = one_of_everything()[Subscriber]
    answer = desk.post(page(Subscriber, "change", reader.pk), MAIL | {"zone": "Mars"})
    assert "is not an IANA time zone" in answer.content.decode()
    reader.refresh_from_db()
    assert reader.zone == "UTC"


def test_a_readers_state_and_coverage_are_not_the_desks_to_write(desk: Client) -> None:
    reader = one_of_everything()[Subscriber]
    desk.post(
        page(Subscriber, "change", reader.pk),
        MAIL | {"state": "unsubscribed", "covered": "{}", "email": "other@example.org"},
    )
    changed = Subscriber.objects.get(pk=reader.pk)
    assert (changed.state, changed.email) == (reader.state, reader.email)


def test_saving_a_reader_leaves_what_compose_wrote_meanwhile(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = one_of_everything()[Subscriber]
    read = Subscriber.full_clean

    def compose_comes_between(row: Subscriber, *args: Any, **kwargs: Any) -> None:
        covered = {"arxiv": "2026-07-31"}
        Subscriber.objects.filter(pk=reader.pk).update(covered=covered)
        read(row, *args, **kwargs)

    monkeypatch.setattr(Subscriber, "full_clean", compose_comes_between)
    desk.post(page(Subscriber, "change", reader.pk), MAIL)
    reader.refresh_from_db()
    assert (reader.hour, reader.covered) == (6, {"arxiv": "2026-07-31"})


def test_a_subscription_can_be_renamed_and_switched_off(desk: Client) -> None:
    subscription = one_of_everything()[Subscription]
    desk.post(page(Subscription, "change", subscription.pk), {"name": "Plain"})
    subscription.refresh_from_db()
    assert (subscription.name, subscription.enabled) == ("Plain", False)
