"""Composing a due date: who gets which papers, once (rounds.md 4-11, 20, 21)."""

from datetime import date, timedelta
from typing import Any

import pytest

from subscriptions import pipeline
from subscriptions.models import Paper, Subscriber
from tests.factories import TUESDAY, a_listing, a_subscription, an_edition

from .digests import MONDAY, WEDNESDAY, a_reader_of, listed, sent, titles

pytestmark = pytest.mark.django_db


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


def test_rule_10_a_later_list_that_knows_no_more_of_a_paper_is_no_line() -> None:
    """arXiv's came late; its cards are of all that is known, the upvotes too."""
    (paper,) = listed(an_edition(source="hf", day=MONDAY), "Gradient flows", upvotes=40)
    reader = a_reader_of("gradient")
    pipeline.compose_day(MONDAY)
    sent(reader, MONDAY)
    arxiv = an_edition(source="arxiv", day=TUESDAY)
    a_listing(paper, arxiv)
    listed(arxiv, "Gradient news")
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient news"]
    assert reader.deliveries.get(due_date=TUESDAY).also == []


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
