"""A tick that has nothing for anybody reads little and locks nobody: there is one every
minute, also all through a weekend, with a million readers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions import pipeline
from subscriptions.models import Delivery, Mute, Subscription
from tests.factories import TUESDAY, a_listing, a_paper, an_edition

from .digests import MONDAY, WEDNESDAY, a_reader_of, at, listed, sent, titles

pytestmark = pytest.mark.django_db
WISHES = [Subscription._meta.db_table, Mute._meta.db_table]
PICKS = f'"{Delivery._meta.db_table}"."picks"'


def asked_at(now: datetime) -> str:
    """All that one compose says to the database."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert pipeline.compose(now).done
    return " ".join(each["sql"] for each in queries)


def test_where_nothing_new_is_out_no_filter_is_read() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("in:arxiv gradient", hour=8)
    pipeline.compose(at("2026-07-07T08:00"))
    sent(reader)
    asked = asked_at(at("2026-07-08T08:00"))
    assert not any(f'"{table}"' in asked for table in WISHES)
    assert reader.deliveries.count() == 1


def test_after_an_absence_no_filter_is_read_of_whoever_waits_for_the_next_date() -> (
    None
):
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("in:arxiv gradient", hour=8)
    asked = asked_at(at("2026-07-07T15:00"))
    assert not any(f'"{table}"' in asked for table in WISHES)
    assert not reader.deliveries.exists()


def test_others_of_the_same_hour_get_theirs() -> None:
    listed(an_edition(), "Gradient flows")
    through = a_reader_of("in:arxiv gradient", hour=8, covered={"arxiv": str(TUESDAY)})
    behind = a_reader_of("in:arxiv gradient", hour=8, covered={"arxiv": str(MONDAY)})
    first = a_reader_of("in:arxiv gradient", awaits_first_digest=True)
    assert pipeline.compose(at("2026-07-07T08:00")).pending == 2
    assert titles(behind) == titles(first) == ["Gradient flows"]
    assert not through.deliveries.exists()


def test_while_a_source_is_waited_for_no_earlier_digest_is_read() -> None:
    paper = a_paper(title="Gradient")
    a_listing(paper, an_edition())
    reader = a_reader_of("gradient", hour=8)
    pipeline.compose_day(TUESDAY)
    sent(reader)
    a_listing(paper, an_edition(source="hf", day=WEDNESDAY - timedelta(days=1)))
    listed(an_edition(source="hf", day=WEDNESDAY), "Gradient two")
    hour = at("2026-07-08T08:00")
    assert PICKS not in asked_at(hour)
    assert PICKS in asked_at(hour + timedelta(hours=1, minutes=30))
    assert titles(reader, WEDNESDAY) == ["Gradient two"]


def test_however_many_wait_for_a_source_whoever_needs_it_not_gets_theirs(
    settings: Any,
) -> None:
    """The next tick begins with the first of them again."""
    settings.COMPOSE_SLICE = 1
    listed(an_edition(), "Gradient flows")
    waiting = [a_reader_of("gradient", hour=8) for _ in range(3)]
    ready = [a_reader_of("in:arxiv gradient", hour=8) for _ in range(2)]
    hour, out_of_time = at("2026-07-07T08:00"), 0.0
    assert pipeline.compose(hour, out_of_time) == pipeline.Composed(1, 0, done=False)
    assert not pipeline.compose(hour, out_of_time).done
    assert pipeline.compose(hour, out_of_time) == pipeline.Composed(0, 0, done=True)
    assert [reader.deliveries.count() for reader in waiting + ready] == [0, 0, 0, 1, 1]
