"""Composing a due date (rounds.md 8-17): who gets which papers, once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from subscriptions import pipeline
from subscriptions.models import Delivery, Edition, Letter, Listing, Paper, Subscriber
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)

pytestmark = pytest.mark.django_db
MONDAY, WEDNESDAY = TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_reader_of(*filters: str, **fields: Any) -> Subscriber:
    reader = a_reader(**fields)
    for text in filters:
        a_subscription(reader, text)
    return reader


def listed(edition: Edition, *titles: str, **fields: Any) -> list[Paper]:
    papers = [a_paper(title=title, abstract="", **fields) for title in titles]
    for paper in papers:
        a_listing(paper, edition)
    return papers


def titles(reader: Subscriber, day: date = TUESDAY) -> list[str]:
    delivery = reader.deliveries.get(due_date=day)
    listings = Listing.objects.in_bulk([pick["listing"] for pick in delivery.picks])
    return [listings[pick["listing"]].card.title for pick in delivery.picks]


def sent(reader: Subscriber, day: date = TUESDAY) -> None:
    reader.deliveries.filter(due_date=day).update(state="sent")


# --- who gets what --------------------------------------------------------------


def test_a_reader_gets_exactly_what_their_filters_match() -> None:
    listed(an_edition(), "Gradient flows", "Protein folding", "Hessian sketches")
    reader = a_reader_of("gradient OR hessian")
    composed = pipeline.compose_day(TUESDAY)
    assert (composed.pending, composed.skipped) == (1, 0)
    assert sorted(titles(reader)) == ["Gradient flows", "Hessian sketches"]


def test_one_delivery_per_reader_and_due_date_however_often_composed() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    again = pipeline.compose_day(TUESDAY)
    assert (again.pending, again.skipped) == (0, 0)
    assert reader.deliveries.count() == 1


def test_nothing_matched_is_a_skipped_row_that_moves_coverage() -> None:
    listed(an_edition(), "Protein folding")
    reader = a_reader_of("gradient")
    assert pipeline.compose_day(TUESDAY).skipped == 1
    row = reader.deliveries.get()
    assert (row.state, row.reason) == ("skipped", "nothing matched")
    reader.refresh_from_db()
    assert reader.covered == {"arxiv": "2026-07-07"}


def test_rule_9_no_new_edition_is_a_skipped_row_that_moves_nothing() -> None:
    reader = a_reader_of("gradient", covered={"arxiv": "2026-07-01"})
    pipeline.compose_day(TUESDAY)
    row = reader.deliveries.get()
    assert (row.state, row.reason) == ("skipped", "no new edition")
    reader.refresh_from_db()
    assert reader.covered == {"arxiv": "2026-07-01"}


def test_a_filter_that_is_off_brings_nothing() -> None:
    listed(an_edition(), "Gradient flows", "Hessian sketches")
    reader = a_reader_of("hessian")
    a_subscription(reader, "gradient", enabled=False)
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Hessian sketches"]


def test_the_cap_is_the_readers() -> None:
    listed(an_edition(), *[f"Gradient {number}" for number in range(20)])
    twelve, three = a_reader_of("gradient"), a_reader_of("gradient", max_papers=3)
    weekly = a_reader_of("gradient", cadence="weekly", weekdays=0b0000010)
    pipeline.compose_day(TUESDAY)
    counts = [len(titles(reader)) for reader in (twelve, three, weekly)]
    assert counts == [12, 3, 20]
    assert three.deliveries.get().matched == 20


def test_rule_21_a_broad_filter_never_starves_a_narrow_one() -> None:
    listed(an_edition(), *[f"Gradient {n}" for n in range(30)], "Tides of gradient sea")
    reader = a_reader_of("gradient", "tide")
    pipeline.compose_day(TUESDAY)
    picks = reader.deliveries.get().picks
    assert len(picks) == 12
    assert "Tides of gradient sea" in titles(reader)
    narrow = reader.subscriptions.get(text="tide").pk
    broad = reader.subscriptions.get(text="gradient").pk
    # It stands in the group of its narrowest filter and names the other.
    assert [pick["filters"] for pick in picks if len(pick["filters"]) > 1] == [
        [narrow, broad]
    ]


# --- editions and coverage --------------------------------------------------------


def test_rule_8_the_digest_covers_every_edition_since_the_last() -> None:
    listed(an_edition(day=MONDAY), "Gradient one")
    listed(an_edition(day=TUESDAY), "Gradient two")
    reader = a_reader_of("gradient", covered={"arxiv": "2026-07-05"})
    pipeline.compose_day(TUESDAY)
    assert sorted(titles(reader)) == ["Gradient one", "Gradient two"]
    assert [each["day"] for each in reader.deliveries.get().editions] == [
        "2026-07-06",
        "2026-07-07",
    ]


def test_rule_8_says_when_it_cut_what_is_older_than_14_days() -> None:
    listed(an_edition(day=date(2026, 6, 20)), "Gradient old")
    listed(an_edition(day=TUESDAY), "Gradient new")
    reader = a_reader_of("gradient", covered={"arxiv": "2026-06-19"})
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient new"]
    assert "14 days" in reader.deliveries.get().notes[0]


def test_rule_8_an_open_edition_is_not_covered() -> None:
    listed(an_edition(state="open"), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().reason == "no new edition"


def test_rule_9_coverage_advances_to_the_edition_never_to_the_due_date() -> None:
    listed(an_edition(day=MONDAY), "Gradient one")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    sent(reader)
    listed(an_edition(day=TUESDAY), "Gradient late")
    pipeline.compose_day(WEDNESDAY)
    assert titles(reader, WEDNESDAY) == ["Gradient late"]


def test_rule_9_what_ended_unsent_comes_with_the_next_digest() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    reader.deliveries.all().end("expired", "the relay was down for a day")
    listed(an_edition(day=WEDNESDAY), "Gradient two")
    pipeline.compose_day(WEDNESDAY)
    assert sorted(titles(reader, WEDNESDAY)) == ["Gradient flows", "Gradient two"]


# --- once ---------------------------------------------------------------------------


def test_rule_10_a_paper_reaches_a_reader_once_across_sources() -> None:
    (paper,) = listed(an_edition(source="arxiv", day=MONDAY), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(MONDAY)
    sent(reader, MONDAY)
    hf = an_edition(source="hf", day=TUESDAY)
    a_listing(paper, hf)
    listed(hf, "Gradient news")
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient news"]


def test_rule_10_the_later_list_is_a_line_where_it_brings_something() -> None:
    (paper,) = listed(an_edition(source="arxiv", day=MONDAY), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(MONDAY)
    sent(reader, MONDAY)
    paper.upvotes = 40
    paper.save()
    hf = an_edition(source="hf", day=TUESDAY)
    listing = a_listing(paper, hf)
    listed(hf, "Gradient news")
    pipeline.compose_day(TUESDAY)
    also = reader.deliveries.get(due_date=TUESDAY).also
    assert also == [{"listing": listing.pk, "sent_on": "2026-07-06"}]


def test_rule_10_such_lines_alone_make_no_digest() -> None:
    (paper,) = listed(an_edition(source="arxiv", day=MONDAY), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(MONDAY)
    sent(reader, MONDAY)
    paper.upvotes = 40
    paper.save()
    a_listing(paper, an_edition(source="hf", day=TUESDAY))
    pipeline.compose_day(TUESDAY)
    row = reader.deliveries.get(due_date=TUESDAY)
    assert (row.state, row.reason, row.also) == ("skipped", "nothing matched", [])


def test_rule_10_a_paper_cut_by_the_cap_was_not_had() -> None:
    (low, high) = listed(an_edition(day=MONDAY), "Gradient", "Gradient gradient")
    reader = a_reader_of("gradient", max_papers=1)
    pipeline.compose_day(MONDAY)
    (got,) = titles(reader, MONDAY)
    left = low if got == high.title else high
    sent(reader, MONDAY)
    a_listing(left, an_edition(source="hf", day=TUESDAY))
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == [left.title]


def test_rule_10_a_reader_who_comes_back_is_not_sent_the_same_again() -> None:
    edition = an_edition()
    listed(edition, "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    sent(reader)
    Subscriber.objects.update(covered={}, recheck_had=True)
    listed(an_edition(day=WEDNESDAY), "Gradient two")
    pipeline.compose_day(WEDNESDAY)
    assert titles(reader, WEDNESDAY) == ["Gradient two"]


def test_rule_10_a_failed_delivery_was_not_had_two_quarantined_were() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("gradient")
    for day in (TUESDAY, WEDNESDAY):
        pipeline.compose_day(day)
        reader.deliveries.filter(due_date=day).update(state="quarantined")
        Subscriber.objects.update(covered={}, recheck_had=True)
    assert titles(reader, WEDNESDAY) == ["Gradient flows"]
    pipeline.compose_day(WEDNESDAY + timedelta(days=1))
    row = reader.deliveries.get(due_date=WEDNESDAY + timedelta(days=1))
    assert row.reason == "nothing matched"


def test_rule_11_the_example_upvotes_match_when_a_list_counts_them() -> None:
    (paper,) = listed(an_edition(source="arxiv", day=MONDAY), "Gradient flows")
    reader = a_reader_of("gradient upvotes:20")
    pipeline.compose_day(MONDAY)
    assert reader.deliveries.get().reason == "nothing matched"
    paper.upvotes = 20
    paper.save()
    a_listing(paper, an_edition(source="hf", day=TUESDAY))
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient flows"]


def test_rule_11_the_example_a_weekly_reader_gets_it_once() -> None:
    (paper,) = listed(an_edition(source="arxiv", day=MONDAY), "Gradient flows")
    newer = a_listing(paper, an_edition(source="hf", day=TUESDAY))
    reader = a_reader_of("gradient", cadence="weekly", weekdays=0b0000100)
    pipeline.compose_day(WEDNESDAY)
    (pick,) = reader.deliveries.get().picks
    # Its card is the newest of the listings that match.
    assert pick["listing"] == newer.pk


def test_rule_4_the_digest_reads_what_was_published() -> None:
    edition = an_edition()
    (paper,) = listed(edition, "Gradient flows")
    Paper.objects.filter(pk=paper.pk).update(title="Changed since")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient flows"]


def test_rule_7_samples_are_mailed_only_while_there_is_nothing_else() -> None:
    listed(an_edition(source="sample"), "Gradient sample")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient sample"]
    sent(reader)
    listed(an_edition(source="sample", day=WEDNESDAY), "Gradient sample two")
    an_edition(source="hf", day=WEDNESDAY)
    pipeline.compose_day(WEDNESDAY)
    assert titles(reader, WEDNESDAY) == []


def test_rule_7_samples_go_to_the_embedded_inbox_only(settings: Any) -> None:
    settings.EMBEDDED_INBOX = False
    listed(an_edition(source="sample"), "Gradient sample")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().reason == "no new edition"


# --- when ---------------------------------------------------------------------------


def test_rule_13_waits_for_a_late_source_then_goes_and_names_it() -> None:
    listed(an_edition(source="hf", day=MONDAY), "Gradient flows")
    reader = a_reader_of("gradient", hour=8)
    pipeline.compose(at("2026-07-07T08:00"))
    pipeline.compose(at("2026-07-07T09:29"))
    assert not reader.deliveries.exists()
    pipeline.compose(at("2026-07-07T09:30"))
    assert titles(reader) == ["Gradient flows"]
    assert "arXiv had not published" in reader.deliveries.get().notes[0]


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
