"""Rule 18: when a round is complete."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from subscriptions import pipeline
from subscriptions.models import Delivery, Round
from tests.factories import TUESDAY, a_listing, a_reader, a_subscription, an_edition

pytestmark = pytest.mark.django_db
COMPOSE = import_module("subscriptions.pipeline.compose")
CLOSES = datetime(2026, 7, 8, 18, tzinfo=UTC)


def a_round(*states: str, day: date = TUESDAY) -> Round:
    """A round with one delivery in each of these states."""
    round_ = Round.objects.create(due_date=day)
    for state in states:
        fields: dict[str, Any] = {"state": state}
        if state == "leased":
            fields["lease_token"] = "00000000-0000-0000-0000-000000000001"
        Delivery.objects.create(
            subscriber=a_reader(), round=round_, due_date=day, **fields
        )
    return round_


def test_rule_18_it_closes_at_18_utc_on_the_day_after() -> None:
    round_ = a_round("sent", "skipped")
    assert pipeline.close_rounds(CLOSES - timedelta(seconds=1)) == 0
    assert pipeline.close_rounds(CLOSES) == 1
    round_.refresh_from_db()
    assert (round_.state, round_.completed_at) == ("complete", CLOSES)


@pytest.mark.parametrize("state", ["pending", "leased", "deferred"])
def test_rule_18_an_open_delivery_keeps_it_open(state: str) -> None:
    round_ = a_round("sent", state)
    assert pipeline.close_rounds(CLOSES + timedelta(days=9)) == 0
    round_.deliveries.update(state="failed", lease_token=None)
    assert pipeline.close_rounds(CLOSES + timedelta(days=9)) == 1


@pytest.mark.parametrize(
    "state", ["in_doubt", "failed", "expired", "quarantined", "suppressed"]
)
def test_rule_18_every_other_end_lets_it_close_in_doubt_too(state: str) -> None:
    a_round("sent", state)
    assert pipeline.close_rounds(CLOSES) == 1


def test_each_round_closes_by_itself_and_once() -> None:
    a_round("pending")
    a_round("sent", day=TUESDAY - timedelta(days=1))
    assert pipeline.close_rounds(CLOSES) == 1
    before = Round.objects.get(state="complete").completed_at
    assert pipeline.close_rounds(CLOSES + timedelta(hours=1)) == 0
    assert Round.objects.get(state="complete").completed_at == before


def test_rule_17_rows_written_while_it_closed_open_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`round --day` reads that it is open, and a tick closes it before the rows are
    there."""
    a_listing(edition=an_edition())
    a_subscription()
    a_round("sent")
    insert = COMPOSE.insert

    def after_a_tick(rows: Any) -> None:
        Round.objects.update(state="complete", completed_at=CLOSES)
        insert(rows)

    monkeypatch.setattr(COMPOSE, "insert", after_a_tick)
    pipeline.compose_day(TUESDAY)
    round_ = Round.objects.get()
    assert round_.deliveries.open().exists()
    assert (round_.state, round_.completed_at) == ("open", None)


@pytest.mark.postgresql  # SQLite has one writer, and its tests one connection
@pytest.mark.django_db(transaction=True)
def test_rule_18_it_does_not_close_over_rows_that_are_being_written() -> None:
    a_listing(edition=an_edition())
    a_subscription()
    a_round("sent")
    written, looked = Event(), Event()

    def write() -> None:
        try:
            with transaction.atomic():
                pipeline.compose_day(TUESDAY)
                written.set()
                looked.wait(1)  # not committed while the tick looks
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert written.wait(10)
        closed = pipeline.close_rounds(CLOSES)
        looked.set()
        writing.result()
    assert closed == 0
    assert Round.objects.get().state == "open"
