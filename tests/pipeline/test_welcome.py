"""What the welcome letter says to whoever has just confirmed, at any hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from subscriptions import pipeline
from subscriptions.models import Subscriber
from tests.factories import TUESDAY, an_edition

from .digests import MONDAY, a_reader_of, at, listed
from .test_empty_days import said

pytestmark = pytest.mark.django_db


def welcomed(**fields: Any) -> str:
    """The letter to a reader of "gradient" who confirms now."""
    confirmed = {"awaits_first_digest": True, "confirmed_at": timezone.now()}
    reader: Subscriber = a_reader_of("gradient", **confirmed | fields)
    pipeline.compose(timezone.now())
    return said(reader.letters.get())


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-07-07T06:00", "due Tuesday 7 July at 07:00"),
        ("2026-07-07T07:00", "due Wednesday 8 July at 07:00"),
        ("2026-07-07T20:00", "due Wednesday 8 July at 07:00"),
    ],
)
def test_without_any_list_the_next_digest_is_due_at_an_hour_to_come(
    now: str, due: str
) -> None:
    with time_machine.travel(at(now), tick=False):
        assert due in welcomed(hour=7)


@time_machine.travel(at("2026-07-12T20:00"), tick=False)
def test_a_week_later_for_whoever_confirms_on_their_one_day_after_its_hour() -> None:
    assert "due Sunday 19 July" in welcomed(hour=7, cadence="weekly", weekdays=1 << 6)


@time_machine.travel(at("2026-07-07T20:00"), tick=False)
def test_without_any_list_the_filters_are_not_said_to_be_too_narrow() -> None:
    text = welcomed()
    assert "There is no new list of papers yet, so" in text
    assert "matched" not in text
    assert "too narrow" not in text


@time_machine.travel(at("2026-07-07T20:00"), tick=False)
def test_a_list_without_a_match_says_so_and_a_whole_median_has_no_decimals() -> None:
    for back, number in enumerate([0, 2, 4, 4]):
        edition = an_edition(day=TUESDAY - timedelta(days=back))
        listed(edition, "Protein", *["Gradient flows"] * number)
    text = welcomed(covered={"arxiv": MONDAY.isoformat()})
    assert "None of the newest papers matched your filters" in text
    assert "too narrow" in text
    assert "gradient: 0 to 4 papers a day, median 3, over 4 editions" in text


@time_machine.travel(at("2026-07-10T12:00"), tick=False)
def test_a_past_date_composed_later_names_no_past_one_as_the_next() -> None:
    listed(an_edition(day=MONDAY), "Protein")
    reader = a_reader_of("gradient", nothing_today=True)
    pipeline.compose_day(MONDAY)
    assert "due Saturday 11 July at 08:00" in said(reader.letters.get())
