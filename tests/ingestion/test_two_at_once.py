"""Two processes that ingest or publish at the same time do what one would have done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from subscriptions import ingestion
from subscriptions.ingestion.publication import _publish
from subscriptions.models import Edition, Listing, Paper, SourceRun

from .conftest import NOON, TUESDAY, Take, words
from .invented import a_line, json_lines

# On PostgreSQL only: SQLite's tests share one connection, in memory.


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    start = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_ingests_of_the_same_and_other_days_lose_and_double_nothing(
    tmp_path: Any,
) -> None:
    paths = []
    for back in range(4):
        lines = [a_line(f"2607.{number + 50 * back:05d}") for number in range(100)]
        path = tmp_path / f"{TUESDAY - back * timedelta(days=1)}.jsonl"
        path.write_bytes(json_lines(*(lines if back % 2 else reversed(lines))))
        paths.append(path)

    def ingest(path: Any) -> ingestion.Ingested:
        return ingestion.ingest_file(path, None, None, NOON, words)

    taken = at_once(*(lambda path=path: ingest(path) for path in paths * 2))
    assert sum(each.new for each in taken) == Paper.objects.count() == 250
    assert sum(each.listed for each in taken) == Listing.objects.count() == 250
    assert SourceRun.objects.count() == 8
    for edition in Edition.objects.all():
        assert edition.papers == edition.listings.count()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_edition_is_published_by_one_of_two(take: Take) -> None:
    take(json_lines(*(a_line(f"2607.{number:05d}") for number in range(200))))
    publish = lambda: ingestion.publish_until(TUESDAY, NOON)  # noqa: E731
    assert sorted(map(len, at_once(publish, publish, publish))) == [0, 0, 1]


@pytest.mark.django_db
def test_a_stale_view_of_an_edition_publishes_nothing_twice(take: Take) -> None:
    """What a second process read before the first one was done changes nothing."""
    take(json_lines(a_line("2607.00001")))
    seen_before = list(Edition.objects.open())
    assert len(ingestion.publish_until(TUESDAY, NOON)) == 1
    assert _publish(seen_before, NOON + timedelta(hours=1)) == []
    assert Edition.objects.get().published_at == NOON


@pytest.mark.django_db
def test_rule_5_a_day_opened_since_the_open_ones_were_read_is_out_before_later_ones(
    take: Take,
) -> None:
    """Else it would be out after a later one, and readers who had that never get it."""
    monday = TUESDAY - timedelta(days=1)
    take(json_lines(a_line("2607.00001")))
    seen_before = list(Edition.objects.open())
    take(json_lines(a_line("2607.00002")), day=monday)
    published = _publish(seen_before, NOON)
    assert [edition.day for edition in published] == [monday, TUESDAY]
    assert not Edition.objects.open().exists()
