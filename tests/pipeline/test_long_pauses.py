"""All sending was paused for months, as while nobody looks after the circuit breaker:
what waited is whole when it goes on, and nobody is worse off for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from subscriptions import consent, pipeline
from subscriptions.consent import Schedule, Wanted
from subscriptions.models import Delivery, Letter, Round, Subscriber
from subscriptions.sending.ledger.attempts import HELD
from tests.factories import TUESDAY, a_reader, an_edition

from .digests import a_reader_of, listed

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def clean_up() -> None:
    consent.forget(timezone.now())
    pipeline.forget(timezone.now())


def a_waiting_digest(state: str = "pending") -> Delivery:
    reader = a_reader_of("gradient")
    listed(an_edition(), "Gradient flows")
    pipeline.compose_day(TUESDAY)
    reader.deliveries.update(state=state)
    return reader.deliveries.get()


@pytest.mark.parametrize("state", ["pending", "deferred"])
def test_a_digest_that_waited_for_months_still_has_its_papers(
    clock: time_machine.Coordinates, state: str
) -> None:
    digest = a_waiting_digest(state)
    clock.shift(91 * DAY)
    clean_up()
    digest.refresh_from_db()
    assert len(digest.picks) == len(digest.filters) == 1


def test_once_it_went_it_is_emptied_and_nobody_looks_at_its_round_again(
    clock: time_machine.Coordinates,
) -> None:
    digest = a_waiting_digest()
    clock.shift(91 * DAY)
    clean_up()
    assert not Round.objects.get().emptied
    Delivery.objects.update(state="sent")
    assert [pipeline.forget(timezone.now()) for _ in range(2)] == [1, 0]
    digest.refresh_from_db()
    assert (digest.picks, digest.filters) == ([], [])
    assert Round.objects.get().emptied


def test_rows_written_into_an_emptied_round_are_emptied_in_their_time(
    clock: time_machine.Coordinates,
) -> None:
    a_waiting_digest("sent")
    clock.shift(91 * DAY)
    clean_up()
    late = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    late.deliveries.update(state="sent")
    clean_up()
    assert late.deliveries.get().picks  # of an old date, and made today
    clock.shift(91 * DAY)
    clean_up()
    assert late.deliveries.get().picks == []


def test_what_is_not_kept_any_more_is_not_sent_once_more(
    clock: time_machine.Coordinates,
) -> None:
    digest = a_waiting_digest("in_doubt")
    Delivery.objects.update(lease_owner=HELD)
    clock.shift(91 * DAY)
    clean_up()
    assert pipeline.decide_held(resend=True) == 0
    digest.refresh_from_db()
    assert digest.next_at is None


def test_a_sign_up_is_kept_until_a_week_after_its_letter_went(
    clock: time_machine.Coordinates,
) -> None:
    consent.subscribe("one@example.org", [Wanted("a", "a")], Schedule())
    clock.shift(9 * DAY)
    clean_up()
    assert Subscriber.objects.exists()
    Letter.objects.update(state="sent", sent_at=timezone.now())
    clock.shift(6 * DAY)
    clean_up()
    assert Subscriber.objects.exists()
    clock.shift(2 * DAY)
    clean_up()
    assert not Subscriber.objects.exists()


def test_a_letter_that_waits_still_knows_where_it_goes_and_what_it_says(
    clock: time_machine.Coordinates,
) -> None:
    consent.ask_for_address(a_reader().pk, "new@example.com")
    clock.shift(91 * DAY)
    clean_up()
    asked, told = Letter.objects.order_by("-kind")
    assert asked.recipient == "new@example.com"
    assert told.context["to"].endswith("@example.com")
    Letter.objects.update(state="sent", sent_at=timezone.now())
    clean_up()
    assert consent.change_address(asked.pk) is not None


def test_who_was_asked_late_has_a_whole_month_to_answer(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader()
    clock.shift(366 * DAY)
    pipeline.remind(timezone.now())
    clock.shift(60 * DAY)
    Letter.objects.update(state="sent", sent_at=timezone.now())
    pipeline.remind(timezone.now())
    clock.shift(29 * DAY)
    pipeline.remind(timezone.now())
    assert Subscriber.objects.get(pk=reader.pk).silence == "asked"
    clock.shift(2 * DAY)
    pipeline.remind(timezone.now())
    assert Subscriber.objects.get(pk=reader.pk).silence == "weekly"


def test_nobody_is_asked_while_nothing_can_go(
    clock: time_machine.Coordinates,
) -> None:
    a_reader()
    clock.shift(366 * DAY)
    pipeline.pause(timezone.now())
    pipeline.remind(timezone.now())
    assert not Letter.objects.exists()
    pipeline.resume(timezone.now())
    pipeline.remind(timezone.now())
    assert Letter.objects.get().kind == "still_useful"
