"""What happens while, or after, a date is composed: nothing lost, nothing repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from subscriptions import consent, pipeline
from subscriptions.models import Delivery, Listing, Paper, Round, Subscriber
from subscriptions.pipeline.compose import _Compose
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)

pytestmark = pytest.mark.django_db
MONDAY, WEDNESDAY, THURSDAY = (TUESDAY + timedelta(days=n) for n in (-1, 1, 2))


def a_reader_of(text: str, **fields: object) -> Subscriber:
    reader = a_reader(**fields)
    a_subscription(reader, text)
    return reader


def listed_on(day: date, title: str, source: str = "arxiv", **fields: object) -> Paper:
    paper = a_paper(title=title, abstract="", **fields)
    a_listing(paper, an_edition(source=source, day=day))
    return paper


def titles(reader: Subscriber, day: date) -> list[str]:
    picks = reader.deliveries.get(due_date=day).picks
    listings = Listing.objects.in_bulk([pick["listing"] for pick in picks])
    return sorted(each.card.title for each in listings.values())


def sent(reader: Subscriber, day: date) -> None:
    reader.deliveries.filter(due_date=day).update(state="sent")


def doubtful_then_failed(reader: Subscriber, day: date) -> None:
    reader.deliveries.filter(due_date=day).update(state="failed")
    reader.deliveries.filter(due_date=day).give_coverage_back()


@contextmanager
def between_question_and_lock(
    act: Callable[[], object], monkeypatch: pytest.MonkeyPatch, slice_: int = 1
) -> Iterator[None]:
    """`act` runs when the readers of a slice are known and not yet locked."""
    real, slices = _Compose._slice, iter(range(1, 100))

    def late(work: _Compose, due: Any, ids: list[int]) -> object:
        if next(slices) == slice_:
            act()
        return real(work, due, ids)

    with monkeypatch.context() as patch:
        patch.setattr(_Compose, "_slice", late)
        yield


def test_a_filter_added_while_others_are_composed_finds_its_papers(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.COMPOSE_SLICE = 1  # type: ignore[attr-defined]
    a_reader_of("gradient")
    second = a_reader_of("protein")
    listed_on(TUESDAY, "Gradient flows")

    def adds() -> None:
        wanted = consent.Wanted("Flow", "flow")
        consent.add_filter(second.pk, wanted)

    with between_question_and_lock(adds, monkeypatch, slice_=2):
        pipeline.compose_day(TUESDAY)
    assert titles(second, TUESDAY) == ["Gradient flows"]


def test_rule_12_a_reader_who_paused_meanwhile_gets_no_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = a_reader_of("gradient")
    listed_on(TUESDAY, "Gradient flows")
    with (
        time_machine.travel(datetime(2026, 7, 7, 9, tzinfo=UTC), tick=False),
        between_question_and_lock(
            lambda: consent.pause(reader.pk, THURSDAY), monkeypatch
        ),
    ):
        pipeline.compose_day(TUESDAY)
    assert not reader.deliveries.exists()


def test_two_composes_at_once_write_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = a_reader_of("gradient")
    listed_on(TUESDAY, "Gradient flows")
    with between_question_and_lock(lambda: pipeline.compose_day(TUESDAY), monkeypatch):
        pipeline.compose_day(TUESDAY)
    assert reader.deliveries.count() == 1


def test_the_database_itself_refuses_a_second_row_of_a_date() -> None:
    reader = a_reader_of("gradient")
    listed_on(TUESDAY, "Gradient flows")
    pipeline.compose_day(TUESDAY)
    again = reader.deliveries.get()
    again.pk = None
    with pytest.raises(IntegrityError, match="due_date"), transaction.atomic():
        again.save()
    assert reader.deliveries.count() == 1


def test_rule_10_an_earlier_date_does_not_make_later_papers_come_again() -> None:
    """A digest of Tuesday, made after Wednesday's, reaches back and not as far on."""
    listed_on(MONDAY, "Gradient one")
    reader = a_reader_of("gradient")
    pipeline.compose_day(MONDAY)
    reader.deliveries.update(state="in_doubt")
    listed_on(WEDNESDAY, "Gradient three")
    pipeline.compose_day(WEDNESDAY)
    sent(reader, WEDNESDAY)
    doubtful_then_failed(reader, MONDAY)
    pipeline.compose_day(TUESDAY)
    assert titles(reader, TUESDAY) == ["Gradient one"]
    sent(reader, TUESDAY)
    listed_on(THURSDAY, "Gradient four")
    pipeline.compose_day(THURSDAY)
    assert titles(reader, THURSDAY) == ["Gradient four"]


def test_rule_10_the_same_listing_is_no_line_about_a_later_list() -> None:
    listed_on(MONDAY, "Gradient one", source="hf", upvotes=9)
    reader = a_reader_of("gradient")
    pipeline.compose_day(MONDAY)
    sent(reader, MONDAY)
    Subscriber.objects.update(covered={}, recheck_had=True)
    listed_on(TUESDAY, "Gradient two", source="hf")
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get(due_date=TUESDAY).also == []


def test_rule_10_what_was_had_more_than_90_days_ago_may_come_again() -> None:
    long_ago = TUESDAY - timedelta(days=100)
    paper = listed_on(long_ago, "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(long_ago)
    sent(reader, long_ago)
    a_listing(paper, an_edition(source="hf", day=TUESDAY))
    pipeline.compose_day(TUESDAY)
    assert titles(reader, TUESDAY) == ["Gradient flows"]


def test_rule_14_what_they_had_does_not_end_the_holding() -> None:
    """Only what still waits can get too old: here the paper of Tuesday."""
    paper = listed_on(TUESDAY - timedelta(days=7), "Gradient old")
    reader = a_reader_of("in:arxiv gradient", hour=8, hold_until=3)
    Delivery.objects.create(
        subscriber=reader,
        round=Round.objects.create(due_date=MONDAY),
        due_date=MONDAY,
        state="sent",
        picks=[{"listing": 1, "paper": paper.pk, "filters": []}],
    )
    Subscriber.objects.update(recheck_had=True)
    listed_on(TUESDAY, "Gradient new")
    pipeline.compose(datetime(2026, 7, 7, 10, tzinfo=UTC))
    assert not reader.deliveries.filter(due_date=TUESDAY).exists()


def test_rule_17_a_complete_round_is_open_again_while_it_has_a_digest_to_send() -> None:
    listed_on(TUESDAY, "Gradient flows")
    a_reader_of("gradient")
    Round.objects.create(
        due_date=TUESDAY,
        state="complete",
        completed_at=datetime(2026, 7, 8, 18, tzinfo=UTC),
    )
    pipeline.compose_day(TUESDAY)
    assert Round.objects.get().state == "open"
    pipeline.close_rounds(datetime(2026, 7, 9, tzinfo=UTC))
    assert Round.objects.get().state == "open"
    Delivery.objects.update(state="sent")
    pipeline.close_rounds(datetime(2026, 7, 9, tzinfo=UTC))
    assert Round.objects.get().state == "complete"


def test_a_tick_that_finds_nobody_due_reads_no_filters() -> None:
    """There may be a million of them, and there is a tick every minute."""
    listed_on(TUESDAY, "Gradient flows")
    a_reader_of("gradient", hour=20, confirmed_at=datetime(2026, 7, 7, 8, tzinfo=UTC))
    with CaptureQueriesContext(connection) as asked:
        pipeline.compose(datetime(2026, 7, 7, 10, tzinfo=UTC))
    assert not [each for each in asked if "topicfilter" in each["sql"]]
