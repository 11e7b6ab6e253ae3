"""How a round goes: counts, a rate, the time left, or why nothing goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions import pipeline
from subscriptions.models import Delivery, Round
from tests.factories import TUESDAY, a_reader
from tests.planner import leave_to_the_planner

from .digests import at

pytestmark = pytest.mark.django_db
EIGHT = at("2026-07-07T08:00")
MINUTE = timedelta(minutes=1)


def a_round_of(**states: int) -> Round:
    round_ = Round.objects.create(due_date=TUESDAY)
    for state, number in states.items():
        for _ in range(number):
            Delivery.objects.create(
                subscriber=a_reader(), round=round_, due_date=TUESDAY, state=state
            )
    return round_


def sent_since(number: int) -> None:
    ids = Delivery.objects.filter(state="pending").values_list("pk", flat=True)
    Delivery.objects.filter(pk__in=list(ids[:number])).update(state="sent")


def test_it_counts_every_state() -> None:
    a_round_of(pending=3, sent=2, deferred=1, in_doubt=1, suppressed=1)
    going = pipeline.progress(TUESDAY, EIGHT)
    assert (going.due, going.waiting) == (8, 4)
    assert going.counts["in_doubt"] == going.counts["suppressed"] == 1
    assert going.counts["failed"] == 0


def test_the_rate_is_that_of_the_last_minutes_and_tells_the_time_left() -> None:
    a_round_of(pending=20)
    assert pipeline.progress(TUESDAY, EIGHT).per_minute is None
    pipeline.look_after(EIGHT)
    sent_since(8)
    going = pipeline.progress(TUESDAY, EIGHT + 2 * MINUTE)
    assert going.per_minute == 4
    assert going.left == 3 * MINUTE


def test_what_was_sent_long_ago_is_not_the_rate() -> None:
    a_round_of(pending=20)
    pipeline.look_after(EIGHT)
    sent_since(10)
    for minutes in range(20, 32):
        pipeline.look_after(EIGHT + minutes * MINUTE)
    assert pipeline.progress(TUESDAY, EIGHT + 32 * MINUTE).per_minute == 0
    assert len(Round.objects.get().pace) == 11


def test_it_says_why_nothing_goes(settings: Any) -> None:
    round_ = a_round_of(pending=2)
    assert pipeline.progress(TUESDAY, EIGHT).waits == ""
    pipeline.pause(EIGHT, TUESDAY)
    assert pipeline.progress(TUESDAY, EIGHT).waits == "the round is paused"
    pipeline.pause(EIGHT, reason="a new relay")
    why = "All sending paused by the operator: a new relay"
    assert pipeline.progress(TUESDAY, EIGHT).waits == why
    pipeline.resume(EIGHT)
    pipeline.resume(EIGHT, TUESDAY)
    canary = [Delivery.objects.values_list("pk", flat=True)[0]]
    until = at("2026-07-07T08:30")
    Round.objects.filter(pk=round_.pk).update(canary=canary, canary_until=until)
    assert pipeline.progress(TUESDAY, EIGHT).waits == (
        "the first 1 digests go before the others, which wait until 08:30 UTC"
    )


def test_counting_reads_no_row_of_the_table() -> None:
    a_round_of(pending=2, sent=2)
    with CaptureQueriesContext(connection) as asked:
        pipeline.progress(TUESDAY, EIGHT)
    (counting,) = [each["sql"] for each in asked if "COUNT" in each["sql"]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            leave_to_the_planner(Delivery, "delivery_by_round")
        explain = (
            "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
        )
        cursor.execute(explain + counting)
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "Index Only Scan" in plan or "COVERING INDEX delivery_by_round" in plan
