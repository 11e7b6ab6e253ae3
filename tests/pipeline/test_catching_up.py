"""After one day without service, three or fourteen: one digest, never one per day, and
every paper once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from subscriptions import pipeline
from tests.factories import TUESDAY, an_edition

from .digests import MONDAY, a_reader_of, at, listed, sent, titles

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.mark.parametrize("days", [1, 3, 14])
def test_rules_8_and_12_days_that_were_missed_come_as_one_digest(days: int) -> None:
    """The service stops after Monday's digest and comes back on the last day."""
    reader = a_reader_of("in:arxiv gradient", hour=8, max_papers=40)
    listed(an_edition(day=MONDAY), "Gradient before")
    pipeline.compose(at("2026-07-06T08:00"))
    sent(reader, MONDAY)
    missed = [MONDAY + DAY * (n + 1) for n in range(days)]
    for day in missed:
        listed(an_edition(day=day), f"Gradient of {day}")
    back = at("2026-07-06T08:00") + DAY * (days + 1)
    listed(an_edition(day=back.date()), "Gradient of today")
    for minutes in range(0, 6 * 60, 45):
        pipeline.compose(back + timedelta(minutes=minutes))
        reader.deliveries.filter(state="pending").update(state="sent")
    assert reader.deliveries.filter(due_date__gt=MONDAY).count() == 1
    wanted = [f"Gradient of {day}" for day in missed] + ["Gradient of today"]
    assert sorted(titles(reader, back.date())) == sorted(wanted)
    following = back + DAY
    listed(an_edition(day=following.date()), "Gradient after")
    pipeline.compose(following)
    assert titles(reader, following.date()) == ["Gradient after"]


def test_rule_8_what_is_older_than_14_days_is_not_dropped_in_silence() -> None:
    reader = a_reader_of("in:arxiv gradient", hour=8)
    listed(an_edition(day=MONDAY), "Gradient before")
    pipeline.compose(at("2026-07-06T08:00"))
    sent(reader, MONDAY)
    for n in range(1, 18):
        listed(an_edition(day=MONDAY + DAY * n), f"Gradient {n}")
    back = MONDAY + DAY * 17
    pipeline.compose(at(f"{back}T08:00"))
    (note,) = reader.deliveries.get(due_date=back).notes
    assert "14 days" in note
    assert "Gradient 1" not in titles(reader, back)


@pytest.mark.parametrize("state", ["failed", "expired", "quarantined"])
def test_rule_9_what_ended_unsent_over_an_outage_comes_with_the_one_digest(
    state: str,
) -> None:
    reader = a_reader_of("in:arxiv gradient", hour=8)
    listed(an_edition(), "Gradient one")
    pipeline.compose(at("2026-07-07T08:00"))
    reader.deliveries.all().end(state, "the relay was down")
    listed(an_edition(day=TUESDAY + DAY), "Gradient two")
    listed(an_edition(day=TUESDAY + DAY * 2), "Gradient three")
    pipeline.compose(at("2026-07-09T08:00"))
    found = titles(reader, TUESDAY + DAY * 2)
    assert sorted(found) == ["Gradient one", "Gradient three", "Gradient two"]
