"""Asking the sources: which days, and what is published of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from subscriptions import pipeline
from subscriptions.models import Edition, Notice, Paper, SourceRun
from subscriptions.pipeline import intake
from tests.ingestion.invented import an_hf_item, an_rss_feed, an_rss_item, hf_json
from tests.ingestion.stub_source import Fault, StubSource

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TUESDAY = date(2026, 7, 7)
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    """It is Tuesday noon."""
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def lists(stub: StubSource, *days: date) -> None:
    """Let Hugging Face list one paper on each of these days."""
    for day in days:
        stub.hf[day] = [an_hf_item(f"2607.{day:%m%d}1", day)]


def asked(stub: StubSource) -> list[str]:
    """The days Hugging Face was asked for since the last time."""
    days = [
        path.partition("date=")[2][:10] for path in stub.requests if "date=" in path
    ]
    stub.requests.clear()
    return days


def test_every_configured_source_is_asked(stub: StubSource) -> None:
    lists(stub, TUESDAY)
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00001")])
    both = pipeline.ingest()
    assert [(each.source, each.new) for each in both] == [("hf", 1), ("arxiv", 1)]
    assert Edition.objects.open().count() == 2


def test_one_source_alone_can_be_asked(stub: StubSource) -> None:
    (only,) = pipeline.ingest(source="arxiv")
    assert only.source == "arxiv"
    assert asked(stub) == []


def test_a_range_of_days_is_asked_for_day_by_day(stub: StubSource) -> None:
    days = [TUESDAY - 2 * DAY, TUESDAY - DAY, TUESDAY]
    lists(stub, *days)
    pipeline.ingest(days[0], days[-1], "hf")
    assert asked(stub) == ["2026-07-05", "2026-07-06", "2026-07-07"]
    assert Edition.objects.count() == 3


def test_days_missed_while_nothing_ran_are_asked_for_too(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    lists(stub, *(TUESDAY + n * DAY for n in range(4)))
    pipeline.ingest(TUESDAY, source="hf")
    clock.shift(3 * DAY)
    asked(stub)
    pipeline.ingest(source="hf")
    assert asked(stub)[:3] == ["2026-07-07", "2026-07-08", "2026-07-09"]
    assert sorted(Edition.objects.values_list("day", flat=True)) == [
        TUESDAY + n * DAY for n in range(4)
    ]


def test_of_a_long_absence_two_weeks_are_asked_for(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    lists(stub, TUESDAY)
    pipeline.ingest(TUESDAY, source="hf")
    clock.shift(40 * DAY)
    asked(stub)
    pipeline.ingest(source="hf")
    missed = asked(stub)[:13]
    assert (missed[0], missed[-1]) == ("2026-08-03", "2026-08-15")


def test_a_missed_day_that_was_quiet_is_not_asked_for_again(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    lists(stub, TUESDAY, TUESDAY + 2 * DAY)
    pipeline.ingest(TUESDAY, source="hf")
    clock.shift(2 * DAY)
    pipeline.ingest(source="hf")
    assert "2026-07-08" in asked(stub)
    clock.shift(DAY)
    pipeline.ingest(source="hf")
    assert "2026-07-08" not in asked(stub)


def test_a_missed_day_at_which_the_source_was_down_is_asked_for_again(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    lists(stub, TUESDAY, TUESDAY + DAY, TUESDAY + 2 * DAY)
    pipeline.ingest(TUESDAY, source="hf")
    clock.shift(2 * DAY)
    lost = TUESDAY + DAY
    stub.fault = Fault(status=500, at=f"date={lost}")
    pipeline.ingest(source="hf")
    assert {run.state for run in SourceRun.objects.filter(day=lost)} == {"down"}
    # The days after it came in, and are out; it is asked for all the same.
    clock.shift(DAY)
    lists(stub, TUESDAY + 3 * DAY)
    pipeline.ingest(source="hf")
    pipeline.publish_until(TUESDAY + 2 * DAY)
    stub.fault = None
    pipeline.ingest(source="hf")
    assert Paper.objects.filter(arxiv_id=f"2607.{lost:%m%d}1").exists()


def test_a_day_last_heard_before_it_settled_is_asked_for_after_an_absence(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    lists(stub, TUESDAY - DAY, TUESDAY)
    pipeline.ingest(source="hf")  # at noon: the list grows until the evening
    stub.hf[TUESDAY].append(an_hf_item("2607.99999", TUESDAY))
    clock.shift(2 * DAY)
    lists(stub, TUESDAY + DAY, TUESDAY + 2 * DAY)
    pipeline.ingest(source="hf")
    assert Paper.objects.filter(arxiv_id="2607.99999").exists()
    asked(stub)
    pipeline.ingest(source="hf")
    assert str(TUESDAY) not in asked(stub)


def test_what_came_between_settling_and_midnight_is_asked_for_after_an_absence(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    """Hugging Face settles at 19:30 and its day ends at midnight."""
    lists(stub, TUESDAY)
    clock.move_to(NOON + timedelta(hours=8))
    pipeline.ingest(source="hf")
    pipeline.publish(NOON + timedelta(hours=8))
    stub.hf[TUESDAY].append(an_hf_item("2607.99999", TUESDAY))
    lists(stub, TUESDAY + DAY)
    clock.move_to(NOON + timedelta(hours=20))
    pipeline.ingest(source="hf")
    late = Paper.objects.get(arxiv_id="2607.99999").listings.get()
    assert (late.listed_on, late.edition.day) == (TUESDAY, TUESDAY + DAY)
    asked(stub)
    pipeline.ingest(source="hf")
    assert str(TUESDAY) not in asked(stub)


def test_a_missed_day_of_which_the_list_came_cut_is_asked_for_again(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    lists(stub, TUESDAY)
    pipeline.ingest(source="hf")
    lists(stub, TUESDAY + DAY, TUESDAY + 2 * DAY)
    clock.shift(2 * DAY)
    cut = TUESDAY + DAY
    whole = hf_json(an_hf_item("2607.00001", cut, title="Title"))
    stub.fault = Fault(body=whole.replace(b"Title", b"T\xfftle"), at=f"date={cut}")
    pipeline.ingest(source="hf")
    assert {run.state for run in SourceRun.objects.filter(day=cut)} == {"partial"}
    stub.fault = None
    clock.shift(DAY)
    lists(stub, TUESDAY + 3 * DAY)
    asked(stub)
    pipeline.ingest(source="hf")
    assert str(cut) in asked(stub)


def test_a_source_that_hangs_keeps_the_next_one_waiting_for_two_budgets_only(
    stub: StubSource, clock: time_machine.Coordinates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each missed day had a budget of its own: after two weeks that was a quarter of
    an hour, and the next bell came before it was over."""
    monkeypatch.setattr(intake, "_BUDGET", 0.5)
    lists(stub, TUESDAY)
    pipeline.ingest(TUESDAY, source="hf")
    clock.shift(12 * DAY)
    stub.fault = Fault(body=b"[" * 100, drip=0.1, at="date=")
    stub.rss = an_rss_feed(TUESDAY + 12 * DAY, [an_rss_item("2607.00001")])
    asked(stub)
    *_, arxiv = pipeline.ingest()
    assert (arxiv.source, arxiv.new) == ("arxiv", 1)
    assert len(asked(stub)) <= 5  # four of twelve, and the newest


@pytest.mark.parametrize("fault", [{"status": 500}, {"body": b"[" * 100, "drip": 0.1}])
def test_a_missed_day_that_fails_for_good_does_not_hide_the_others(
    stub: StubSource,
    clock: time_machine.Coordinates,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
) -> None:
    monkeypatch.setattr(intake, "_BUDGET", 2.0)
    days = [TUESDAY + n * DAY for n in range(4)]
    lists(stub, *days)
    pipeline.ingest(TUESDAY, source="hf")
    clock.shift(3 * DAY)
    stub.fault = Fault(**fault, at=f"date={TUESDAY}")
    pipeline.ingest(source="hf")
    assert sorted(Edition.objects.values_list("day", flat=True)) == days


def test_an_empty_installation_has_missed_nothing(stub: StubSource) -> None:
    lists(stub, TUESDAY - 2 * DAY, TUESDAY - DAY)
    pipeline.ingest(source="hf")
    assert asked(stub) == ["2026-07-07", "2026-07-06"]


def test_a_file_is_taken_as_if_its_source_had_answered(tmp_path: Path) -> None:
    path = tmp_path / "day.json"
    path.write_bytes(hf_json(an_hf_item("2607.00001", TUESDAY, title="Gradient flow")))
    taken = pipeline.ingest_file(path)
    assert (taken.source, taken.new, taken.days) == ("hf", 1, (TUESDAY,))
    # By the words as the filter language reads them, so that search finds it.
    assert Paper.objects.get().title_words.split() == ["gradient", "flow"]


def test_publish_leaves_open_what_has_not_settled(stub: StubSource) -> None:
    lists(stub, TUESDAY - DAY, TUESDAY)
    pipeline.ingest(TUESDAY - DAY, TUESDAY, "hf")
    assert [edition.day for edition in pipeline.publish(NOON)] == [TUESDAY - DAY]
    assert Edition.objects.get(day=TUESDAY).state == "open"
    assert pipeline.publish(NOON) == []


def test_publish_until_publishes_what_is_there_settled_or_not(stub: StubSource) -> None:
    lists(stub, TUESDAY - DAY, TUESDAY, TUESDAY + DAY)
    pipeline.ingest(TUESDAY - DAY, TUESDAY + DAY, "hf")
    published = [edition.day for edition in pipeline.publish_until(TUESDAY)]
    assert published == [TUESDAY - DAY, TUESDAY]
    assert pipeline.publish_until(TUESDAY) == []


def told() -> list[str]:
    """What the operator was told of sources."""
    return [each.text for each in Notice.objects.filter(kind="source")]


def test_a_source_that_cannot_be_read_for_two_days_is_told_once(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00001")])
    pipeline.ingest(source="arxiv")
    clock.shift(7 * DAY)  # the machine was off: nobody asked
    stub.fault = Fault(status=404)
    for half_days in range(9):
        pipeline.ingest(source="arxiv")
        assert bool(told()) == (half_days >= 4)
        clock.shift(DAY / 2)
    assert told() == ["arXiv cannot be read since 2026-07-14."]


def test_a_source_that_lists_nothing_new_for_ten_days_is_told(
    stub: StubSource, clock: time_machine.Coordinates
) -> None:
    """Its address answers with the same list for ever; holidays are shorter."""
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00001")])
    for days in range(12):
        pipeline.ingest(source="arxiv")
        assert bool(told()) == (days >= 11)
        clock.shift(DAY)
    assert told() == ["arXiv has listed nothing new since 2026-07-08."]
