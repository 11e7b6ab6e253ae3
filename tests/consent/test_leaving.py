"""Unsubscribing, pausing, erasing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
import time_machine
from django.db import connection, transaction

from subscriptions import consent
from subscriptions.models import (
    Delivery,
    Letter,
    Round,
    Subscriber,
    Suppression,
    TopicFilter,
)
from tests.factories import TUESDAY, a_filter, a_reader, a_subscription

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)
WANTED = [consent.Wanted("a", "a")]


def a_waiting_delivery(reader: Subscriber, **fields: object) -> Delivery:
    round_, _ = Round.objects.get_or_create(due_date=TUESDAY)
    return Delivery.objects.create(
        **{
            "subscriber": reader,
            "round": round_,
            "due_date": TUESDAY,
            "covered_from": {"hf": "2026-07-05"},
            "covered_to": {"hf": "2026-07-06", "arxiv": "2026-07-07"},
        }
        | fields
    )


def test_unsubscribing_ends_what_waits_and_says_goodbye_once() -> None:
    reader = a_reader()
    a_waiting_delivery(reader)
    consent.unsubscribe(reader.pk, "one-click")
    consent.unsubscribe(reader.pk, "one-click")
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"
    assert Delivery.objects.get().state == "unsubscribed"
    assert [each.kind for each in Letter.objects.all()] == ["goodbye"]


def test_undoing_it_makes_active_again() -> None:
    reader = a_reader()
    a_subscription(reader)
    consent.unsubscribe(reader.pk, "page")
    assert consent.resubscribe(reader.pk).state == "active"
    assert reader.subscriptions.count() == 1


def test_undoing_it_loses_nothing_that_waited() -> None:
    reader = a_reader(covered={"hf": "2026-07-01"})
    consent.unsubscribe(reader.pk, "page")
    assert consent.resubscribe(reader.pk).covered == {"hf": "2026-07-01"}


def test_undoing_it_before_the_first_digest_went_leaves_that_the_first() -> None:
    """It opens with a welcome, and waits for nothing (rounds.md 9, 15)."""
    reader = a_reader()
    a_waiting_delivery(reader, first=True)
    consent.unsubscribe(reader.pk, "page")
    assert consent.resubscribe(reader.pk).awaits_first_digest


def test_undoing_works_for_a_week_whoever_finds_the_link_later() -> None:
    reader = a_reader()
    with time_machine.travel(NOON, tick=False) as clock:
        consent.unsubscribe(reader.pk, "page")
        clock.shift(timedelta(days=7, minutes=1))
        assert consent.resubscribe(reader.pk).state == "unsubscribed"


def test_a_lifted_suppression_brings_nobody_back_without_a_new_confirmation() -> None:
    reader = a_reader()
    consent.suppress(reader.pk, Suppression.Reason.COMPLAINED)
    consent.lift(Suppression.objects.get().pk)
    assert consent.resubscribe(reader.pk).state == "unsubscribed"
    consent.subscribe(reader.email, [consent.Wanted("a", "a")], consent.Schedule())
    assert Letter.objects.get().kind == "confirm"


def test_a_confirm_letter_in_doubt_is_not_sent_again_after_leaving() -> None:
    reader = a_reader(state="pending", confirmed_at=None)
    Letter.objects.create(subscriber=reader, kind="confirm", state="in_doubt")
    consent.unsubscribe(reader.pk, "page")
    assert Letter.objects.get().state == "unsubscribed"


def test_someone_who_never_confirmed_cannot_undo_their_way_in() -> None:
    reader = a_reader(state="pending", confirmed_at=None)
    consent.unsubscribe(reader.pk, "page")
    assert consent.resubscribe(reader.pk).state == "unsubscribed"


def test_rule_9_what_was_not_sent_gives_its_coverage_back() -> None:
    reader = a_reader(covered={"hf": "2026-07-06", "arxiv": "2026-07-07"})
    a_waiting_delivery(reader)
    with time_machine.travel(NOON, tick=False):
        consent.pause(reader.pk, date(2026, 7, 20))
    reader.refresh_from_db()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ("skipped", "paused")
    assert reader.covered == {"hf": "2026-07-05"}
    assert reader.recheck_had


def test_rule_9_coverage_goes_back_only_to_what_is_older() -> None:
    reader = a_reader(covered={"hf": "2026-07-02", "arxiv": "2026-07-07"})
    delivery = a_waiting_delivery(
        reader, covered_from={"hf": "2026-07-05", "arxiv": "2026-07-07"}
    )
    reader.deliveries.filter(pk=delivery.pk).give_coverage_back()
    reader.refresh_from_db()
    assert reader.covered == {"hf": "2026-07-02", "arxiv": "2026-07-07"}


def test_rule_12_a_pause_that_has_not_begun_leaves_mail_alone() -> None:
    reader = a_reader()
    a_waiting_delivery(reader)
    with time_machine.travel(NOON, tick=False):
        consent.pause(reader.pk, TUESDAY)
    assert Delivery.objects.get().state == "pending"


def test_a_leased_delivery_is_left_to_its_sender() -> None:
    reader = a_reader()
    token = "7" * 32
    a_waiting_delivery(reader, state="leased", lease_token=token)
    consent.unsubscribe(reader.pk, "page")
    assert Delivery.objects.get().state == "leased"


def test_erasing_leaves_nothing_but_the_hash_of_a_suppression() -> None:
    reader = a_reader(email="gone@example.org")
    a_subscription(reader)
    a_waiting_delivery(reader)
    consent.suppress(reader.pk, Suppression.Reason.COMPLAINED)
    consent.erase(reader.pk)
    assert not Subscriber.objects.exists()
    assert not Delivery.objects.exists()
    kept = Suppression.objects.get()
    assert "gone" not in f"{kept.address_hash}{kept.detail}"
    assert Suppression.objects.of("GONE@example.org").standing().exists()


def test_erasing_twice_is_no_error() -> None:
    reader = a_reader()
    consent.erase(reader.pk)
    consent.erase(reader.pk)


@pytest.mark.parametrize("how", ["declined", "bounced"])
def test_a_sign_up_that_was_declined_or_came_back_vanishes_like_any_other(
    how: str,
) -> None:
    with time_machine.travel(NOON, tick=False):
        consent.subscribe("once@example.org", WANTED, consent.Schedule())
        reader = Subscriber.objects.get()
        if how == "declined":
            consent.unsubscribe(reader.pk, "one-click")
        else:
            consent.suppress(reader.pk, Suppression.Reason.BOUNCED)
    consent.forget(NOON + timedelta(days=6))
    assert Subscriber.objects.exists()
    assert consent.forget(NOON + timedelta(days=8))["unconfirmed"] == 1
    assert not Subscriber.objects.exists()


def test_a_lifted_suppression_is_no_sign_up_that_was_never_confirmed() -> None:
    with time_machine.travel(NOON, tick=False):
        consent.subscribe("reader@example.org", WANTED, consent.Schedule())
        reader = consent.confirm(Subscriber.objects.get().pk)
        consent.suppress(reader.pk, Suppression.Reason.COMPLAINED)
        consent.lift(Suppression.objects.get().pk)
    consent.forget(NOON + timedelta(days=60))
    assert Subscriber.objects.filter(pk=reader.pk).exists()


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_who_signs_up_again_during_the_clean_up_is_not_forgotten() -> None:
    def ask() -> None:
        consent.subscribe("reader@example.org", WANTED, consent.Schedule())

    with time_machine.travel(NOON):
        ask()
    asked, clean = Event(), Event()

    def again() -> None:
        try:
            with transaction.atomic():
                ask()
                asked.set()
                clean.wait(0.5)  # the clean-up has begun and waits for this
        finally:
            connection.close()

    with time_machine.travel(NOON + timedelta(days=8)), ThreadPoolExecutor(1) as pool:
        done = pool.submit(again)
        asked.wait(5)
        consent.forget(NOON + timedelta(days=8))
        clean.set()
        done.result()
    assert Letter.objects.filter(kind="confirm").count() == 2


def test_unconfirmed_sign_ups_and_unused_filters_vanish() -> None:
    with time_machine.travel(NOON, tick=False):
        consent.subscribe(
            "once@example.org",
            [consent.Wanted("a", "a")],
            consent.Schedule(),
        )
        a_reader()
    Letter.objects.update(state="sent")
    a_filter("gradient")
    consent.forget(NOON + timedelta(days=6))
    assert Subscriber.objects.count() == 2
    consent.forget(NOON + timedelta(days=8))
    assert [each.state for each in Subscriber.objects.all()] == ["active"]
    assert not TopicFilter.objects.exists()
