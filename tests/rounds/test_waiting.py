"""Waiting for a source (rounds.md 13)."""

from datetime import UTC, date, datetime

import pytest

from subscriptions.models import SourceRun
from subscriptions.rounds import missing_sources
from tests.factories import TUESDAY, an_edition

pytestmark = pytest.mark.django_db
EIGHT = datetime(2026, 7, 7, 8, tzinfo=UTC)
MONDAY = date(2026, 7, 6)


def a_run(source: str, day: date, state: str, at: datetime = EIGHT) -> None:
    SourceRun.objects.create(
        source=source,
        day=day,
        attempt=1,
        state=state,
        started_at=at,
        finished_at=at,
    )


def test_rule_13_a_source_that_should_be_out_and_is_not_is_missing() -> None:
    assert missing_sources(["arxiv"], EIGHT, TUESDAY) == ["arxiv"]


def test_rule_13_hugging_face_is_expected_with_yesterdays_list_in_the_morning() -> None:
    an_edition(source="hf", day=MONDAY)
    assert missing_sources(["hf"], EIGHT, TUESDAY) == []


def test_rule_13_a_published_edition_is_not_missing() -> None:
    an_edition(source="arxiv", day=TUESDAY)
    assert missing_sources(["arxiv"], EIGHT, TUESDAY) == []


def test_rule_13_an_open_edition_is_still_missing() -> None:
    an_edition(source="arxiv", day=TUESDAY, state="open")
    assert missing_sources(["arxiv"], EIGHT, TUESDAY) == ["arxiv"]


@pytest.mark.parametrize("state", ["quiet", "stale"])
def test_rule_13_a_day_known_quiet_is_not_waited_for(state: str) -> None:
    a_run("arxiv", TUESDAY, state)
    assert missing_sources(["arxiv"], EIGHT, TUESDAY) == []


def test_rule_13_an_empty_list_from_before_it_settled_is_not_known_quiet() -> None:
    a_run("arxiv", TUESDAY, "quiet", at=datetime(2026, 7, 7, 1, tzinfo=UTC))
    assert missing_sources(["arxiv"], EIGHT, TUESDAY) == ["arxiv"]


def test_rule_13_a_source_that_is_down_is_waited_for() -> None:
    a_run("arxiv", TUESDAY, "down")
    assert missing_sources(["arxiv"], EIGHT, TUESDAY) == ["arxiv"]


def test_rule_13_a_source_that_settles_too_late_for_the_hour_is_not_expected() -> None:
    # 00:30 in New York is 04:30 UTC; a reader at 02:00 gets yesterday's list.
    an_edition(source="arxiv", day=MONDAY)
    two = datetime(2026, 7, 7, 2, tzinfo=UTC)
    assert missing_sources(["arxiv"], two, TUESDAY) == []
    three = datetime(2026, 7, 7, 3, tzinfo=UTC)
    assert missing_sources(["arxiv"], three, TUESDAY) == ["arxiv"]


def test_rule_13_nothing_is_expected_of_a_weekend() -> None:
    sunday = datetime(2026, 7, 5, 8, tzinfo=UTC)
    an_edition(source="hf", day=date(2026, 7, 3))
    assert missing_sources(["arxiv", "hf"], sunday, sunday.date()) == []
