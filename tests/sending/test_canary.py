"""Of readers never mailed before a few go first; the rest waits for what comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Round
from subscriptions.sending.brakes import canary, pauses
from subscriptions.sending.ledger import claims

from .rows import a_digest

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture(autouse=True)
def two_first(settings: Any) -> None:
    settings.CANARY = 2


def claimed(owner: str = "host:1:a", limit: int = 50) -> list[int]:
    return sorted(each.id for each in claims.claim(Delivery, owner, limit))


def a_round_of(number: int) -> tuple[Round, list[int]]:
    ids = [a_digest().pk for _ in range(number)]
    return Round.objects.get(), ids


def whose(ids: list[int]) -> list[int]:
    """The readers of these deliveries."""
    mails = Delivery.objects.filter(pk__in=ids).order_by("pk")
    return [*mails.values_list("subscriber_id", flat=True)]


def test_those_never_mailed_go_first_and_the_others_wait_for_all_senders() -> None:
    round_, ids = a_round_of(6)
    assert canary.begin(round_, whose(ids[3:]), whose(ids[:3]), imported=False)
    assert claimed("host:1:a", 1) + claimed("host:2:b") == ids[3:5]
    assert claimed("host:3:c") == []


def test_thirty_minutes_after_the_canary_is_out_the_rest_goes_by_itself() -> None:
    round_, ids = a_round_of(6)
    canary.begin(round_, whose(ids), [], imported=True)
    claimed()
    now = timezone.now()
    canary.follow(now - timedelta(hours=1))
    assert Round.objects.get().canary_until is None  # they are still being sent
    Delivery.objects.filter(pk__in=ids[:2]).update(state=State.SENT, lease_token=None)
    canary.follow(now - timedelta(minutes=29))
    canary.follow(now)  # does not begin again
    assert canary.waits(now) == [round_]
    assert claimed() == []
    Round.objects.update(canary_until=now - timedelta(seconds=1))
    assert canary.waits(now) == []
    assert claimed() == ids[2:]


def test_a_greylisted_canary_holds_nobody_up() -> None:
    round_, ids = a_round_of(3)
    canary.begin(round_, whose(ids), [], imported=True)
    Delivery.objects.filter(pk__in=ids[:2]).update(state=State.DEFERRED)
    now = timezone.now()
    canary.follow(now)
    assert Round.objects.get().canary_until == now + canary.WAIT


def grown_old(ids: list[int]) -> None:
    """Let two hours have gone since these were composed."""
    at = timezone.now() - canary.LONGEST
    Delivery.objects.filter(pk__in=ids).update(created_at=at)


def test_a_domain_that_rests_for_a_day_holds_nobody_up_for_longer_than_two_hours() -> (
    None
):
    round_, ids = a_round_of(3)
    canary.begin(round_, whose(ids), [], imported=True)
    Delivery.objects.filter(pk=ids[0]).update(state=State.SENT)
    canary.follow(timezone.now())
    assert Round.objects.get().canary_until is None
    grown_old(ids)
    now = timezone.now()
    canary.follow(now)
    assert Round.objects.get().canary_until == now + canary.WAIT


def test_a_relay_that_is_down_for_two_hours_makes_nobody_go_without_a_canary() -> None:
    round_, ids = a_round_of(3)
    canary.begin(round_, whose(ids), [], imported=True)
    grown_old(ids)
    canary.follow(timezone.now())
    assert Round.objects.get().canary_until is None


@pytest.mark.parametrize("day", [True, False])
def test_nor_does_a_pause_of_two_hours(day: bool) -> None:
    round_, ids = a_round_of(3)
    canary.begin(round_, whose(ids), [], imported=True)
    Delivery.objects.filter(pk=ids[0]).update(state=State.SENT)
    grown_old(ids)
    now = timezone.now()
    since = now - timedelta(minutes=90)
    if day:
        pauses.pause_round(round_, since)
    else:
        pauses.pause_all(since)
    canary.follow(now)
    if day:
        pauses.resume_round(round_, now)
    else:
        pauses.resume_all(now)
    canary.follow(now)
    assert Round.objects.get().canary_until is None


@pytest.mark.parametrize(
    ("new", "known", "imported", "begins"),
    [(6, 100, False, True), (5, 100, False, False), (1, 100, True, True)],
)
def test_it_takes_an_import_or_more_than_one_in_twenty(
    new: int, known: int, imported: bool, begins: bool
) -> None:
    round_ = a_digest().round
    first, others = [*range(new)], [*range(new, new + known)]
    assert canary.begin(round_, first, others, imported) is begins


def test_a_round_has_one_canary() -> None:
    round_, ids = a_round_of(6)
    assert canary.begin(round_, whose(ids), [], imported=True)
    assert not canary.begin(round_, whose(ids[4:]), [], imported=True)
    assert Round.objects.get().canary == ids[:2]


def test_where_all_would_be_first_and_where_it_is_off_nobody_waits(
    settings: Any,
) -> None:
    round_, ids = a_round_of(3)
    assert not canary.begin(round_, whose(ids[:2]), [], imported=True)
    settings.CANARY = 0
    assert not canary.begin(round_, whose(ids), [], imported=True)
    assert claimed() == ids
