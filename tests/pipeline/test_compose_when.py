"""Composing at an instant: for whom it is time (rounds.md 12-19)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from digest_site.values import LONGEST_HOLD
from subscriptions import pipeline
from subscriptions.models import Delivery, Letter
from tests.factories import (
    TUESDAY,
    an_edition,
)

from .digests import MONDAY, WEDNESDAY, a_reader_of, at, listed, titles

pytestmark = pytest.mark.django_db


def test_rule_13_waits_for_a_late_source_then_goes_and_names_it() -> None:
    listed(an_edition(source="hf", day=MONDAY), "Gradient flows")
    reader = a_reader_of("gradient", hour=8)
    pipeline.compose(at("2026-07-07T08:00"))
    pipeline.compose(at("2026-07-07T09:29"))
    assert not reader.deliveries.exists()
    pipeline.compose(at("2026-07-07T09:30"))
    assert titles(reader) == ["Gradient flows"]
    assert "arXiv had not published" in reader.deliveries.get().notes[0]


def test_rule_13_the_longest_wait_that_may_be_set_ends_before_the_window(
    settings: Any,
) -> None:
    """After it the date would be combined with the next, which waits as long."""
    settings.HOLD_FOR_SOURCE = LONGEST_HOLD
    listed(an_edition(source="hf", day=MONDAY), "Gradient flows")
    reader = a_reader_of("gradient", hour=8)
    hour = at("2026-07-07T08:00")
    for minute in range(0, 7 * 60, 10):
        pipeline.compose(hour + timedelta(minutes=minute))
    assert titles(reader) == ["Gradient flows"]


def test_rule_13_a_reader_who_needs_only_what_is_there_does_not_wait() -> None:
    listed(an_edition(source="hf", day=MONDAY), "Gradient flows")
    reader = a_reader_of("in:hf gradient", "in:hf (flow OR tide)", hour=8)
    pipeline.compose(at("2026-07-07T08:00"))
    assert titles(reader) == ["Gradient flows"]
    assert reader.deliveries.get().notes == []


def test_rule_13_no_new_edition_is_written_down_after_the_window() -> None:
    reader = a_reader_of("gradient", hour=8)
    pipeline.compose(at("2026-07-07T13:59"))
    assert not reader.deliveries.exists()
    pipeline.compose(at("2026-07-07T14:00"))
    assert reader.deliveries.get(due_date=TUESDAY).reason == "no new edition"


def test_rule_12_later_than_the_window_is_combined_with_the_next_date() -> None:
    listed(an_edition(source="arxiv", day=TUESDAY), "Gradient flows")
    an_edition(source="hf", day=MONDAY)
    reader = a_reader_of("in:arxiv gradient", hour=8)
    pipeline.compose(at("2026-07-07T15:00"))  # nothing ran all morning
    assert not reader.deliveries.exists()
    listed(an_edition(source="arxiv", day=WEDNESDAY), "Gradient two")
    pipeline.compose(at("2026-07-08T08:00"))
    assert sorted(titles(reader, WEDNESDAY)) == ["Gradient flows", "Gradient two"]


def test_rule_14_holds_until_enough_papers_wait() -> None:
    listed(an_edition(source="arxiv", day=MONDAY), "Gradient one")
    reader = a_reader_of("in:arxiv gradient", hour=8, hold_until=2)
    pipeline.compose(at("2026-07-06T08:00"))
    assert not reader.deliveries.exists()
    listed(an_edition(source="arxiv", day=TUESDAY), "Gradient two")
    pipeline.compose(at("2026-07-07T08:00"))
    assert sorted(titles(reader)) == ["Gradient one", "Gradient two"]


def test_rule_14_does_not_hold_a_paper_for_more_than_a_week() -> None:
    listed(an_edition(source="arxiv", day=MONDAY), "Gradient one")
    reader = a_reader_of("in:arxiv gradient", hour=8, hold_until=5)
    sunday, monday = at("2026-07-12T08:00"), at("2026-07-13T08:00")
    pipeline.compose(sunday)
    assert not reader.deliveries.exists()
    an_edition(source="arxiv", day=date(2026, 7, 13))
    pipeline.compose(monday)
    assert titles(reader, date(2026, 7, 13)) == ["Gradient one"]


def test_rule_15_the_first_digest_opens_with_a_welcome_and_does_not_wait() -> None:
    listed(an_edition(source="hf", day=MONDAY), "Gradient flows")
    reader = a_reader_of(
        "gradient",
        hour=8,
        hold_until=5,
        awaits_first_digest=True,
        confirmed_at=at("2026-07-07T01:00"),
    )
    pipeline.compose(at("2026-07-07T01:01"))
    row = reader.deliveries.get()
    assert row.first
    assert titles(reader) == ["Gradient flows"]
    reader.refresh_from_db()
    assert not reader.awaits_first_digest


def test_rule_15_a_first_digest_without_a_match_is_a_welcome_letter() -> None:
    listed(an_edition(source="hf", day=MONDAY), "Protein folding")
    reader = a_reader_of(
        "gradient", awaits_first_digest=True, confirmed_at=at("2026-07-07T01:00")
    )
    pipeline.compose(at("2026-07-07T01:01"))
    assert reader.deliveries.get().reason == "nothing matched"
    letter = Letter.objects.get()
    assert letter.kind == "welcome"
    assert letter.context["next_due"] == "2026-07-08"
    (volume,) = letter.context["volumes"]
    assert (volume["name"], volume["low"], volume["high"]) == ("gradient", 0, 0)


def test_rule_17_a_welcome_of_a_past_date_knows_nothing_later() -> None:
    listed(an_edition(day=MONDAY), "Protein folding")
    listed(an_edition(day=WEDNESDAY), "Gradient flows")
    a_reader_of("gradient", awaits_first_digest=True)
    pipeline.compose_day(TUESDAY)
    (volume,) = Letter.objects.get().context["volumes"]
    assert (volume["high"], volume["days"]) == (0, 1)


def test_rule_15_without_any_edition_the_letter_comes_and_the_date_stays_free() -> None:
    reader = a_reader_of(
        "gradient",
        hour=8,
        awaits_first_digest=True,
        confirmed_at=at("2026-07-07T01:00"),
    )
    pipeline.compose(at("2026-07-07T01:01"))
    pipeline.compose(at("2026-07-07T01:02"))
    assert [each.kind for each in Letter.objects.all()] == ["welcome"]
    assert not reader.deliveries.exists()


def test_rule_19_slices_together_give_what_one_would(settings: Any) -> None:
    settings.COMPOSE_SLICE = 2
    listed(an_edition(), "Gradient flows")
    for _ in range(5):
        a_reader_of("gradient")
    assert pipeline.compose_day(TUESDAY).pending == 5
    assert Delivery.objects.filter(state="pending").count() == 5


def test_rule_19_work_stops_at_its_deadline_and_says_so(settings: Any) -> None:
    settings.COMPOSE_SLICE = 2
    listed(an_edition(), "Gradient flows")
    for _ in range(5):
        a_reader_of("gradient")
    composed = pipeline.compose_day(TUESDAY, until=0.0)
    assert (composed.pending, composed.done) == (2, False)
    assert pipeline.compose_day(TUESDAY).pending == 3


def test_rule_17_a_date_that_is_not_over_stays_free_without_an_edition() -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    reader = a_reader_of("gradient")
    assert pipeline.compose_day(tomorrow).skipped == 0
    assert not reader.deliveries.exists()
