"""Why a reader did or did not get a paper: every verdict, in the order of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from subscriptions import pipeline
from subscriptions.models import Edition, Paper, Subscriber
from subscriptions.pipeline.explain import Explanation
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)

from .digests import a_reader_of

pytestmark = pytest.mark.django_db
MONDAY, WEDNESDAY = TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    """It is Tuesday noon."""
    noon = datetime(2026, 7, 7, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False) as moved:
        yield moved


def a_listed_paper(edition: Edition | None = None, **fields: Any) -> Paper:
    return a_listing(a_paper(**{"title": "Gradient flows"} | fields), edition).paper


def told(reader: Subscriber, paper: Paper) -> Explanation:
    return pipeline.explain(reader.email, paper.arxiv_id)


def test_what_no_source_listed_is_unknown() -> None:
    explained = pipeline.explain(a_reader_of("*").email, "2607.99999")
    assert explained.verdict == "unknown"
    assert explained.reason == "2607.99999 is not stored: no source listed it here."
    assert explained.filters == ()


@pytest.mark.parametrize("written", ["2607.77777v3", " 2607.77777 "])
def test_an_id_with_its_version_is_that_paper(written: str) -> None:
    a_listed_paper(arxiv_id="2607.77777")
    assert pipeline.explain(a_reader_of("*").email, written).verdict == "upcoming"


def test_the_address_may_be_written_in_any_case() -> None:
    paper = a_listed_paper()
    reader = a_reader_of("gradient", email="One@example.org")
    assert pipeline.explain("one@EXAMPLE.org", paper.arxiv_id) == told(reader, paper)


def test_an_address_nobody_has_raises() -> None:
    with pytest.raises(Subscriber.DoesNotExist):
        pipeline.explain("nobody@example.org", "2607.00001")


def test_a_paper_in_an_open_edition_is_upcoming() -> None:
    paper = a_listed_paper(an_edition(state="open"))
    explained = told(a_reader_of("gradient"), paper)
    assert (explained.verdict, explained.due_date) == ("upcoming", None)
    assert explained.reason == "arXiv, Tue 7 July 2026 is not published yet."


def test_before_the_digest_is_made_it_says_when_it_is_due() -> None:
    paper = a_listed_paper()
    explained = told(a_reader_of("gradient"), paper)
    assert (explained.verdict, explained.due_date) == ("upcoming", TUESDAY)
    assert explained.reason == "The next digest covers arXiv, Tue 7 July 2026."


def test_the_next_digest_is_the_next_of_the_readers_days() -> None:
    paper = a_listed_paper()
    reader = a_reader_of("gradient", cadence="weekly", weekdays=0b0001000)
    assert told(reader, paper).due_date == TUESDAY + timedelta(days=2)


def test_an_edition_that_came_after_todays_digest_goes_with_tomorrows() -> None:
    a_listed_paper(an_edition(day=MONDAY))
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    paper = a_listed_paper()
    assert told(reader, paper).due_date == WEDNESDAY


def test_in_a_digest_that_is_made_it_waits_until_that_is_sent() -> None:
    paper, reader = a_listed_paper(), a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    explained = told(reader, paper)
    assert (explained.verdict, explained.due_date) == ("waiting", TUESDAY)
    assert explained.reason == "In the digest of 2026-07-07, which is pending."
    reader.deliveries.update(state="sent")
    explained = told(reader, paper)
    assert (explained.verdict, explained.due_date) == ("sent", TUESDAY)
    assert explained.reason == "In the digest of 2026-07-07."


@pytest.mark.parametrize(
    ("state", "reason"), [("failed", "550 no such user"), ("skipped", "paused")]
)
def test_of_a_digest_that_ended_unsent_it_comes_with_the_next(
    state: str, reason: str
) -> None:
    paper, reader = a_listed_paper(), a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    reader.deliveries.all().end(state, reason)
    explained = told(reader, paper)
    assert (explained.verdict, explained.due_date) == ("upcoming", WEDNESDAY)
    pipeline.compose_day(WEDNESDAY)
    reader.deliveries.filter(due_date=WEDNESDAY).update(state="sent")
    assert told(reader, paper).due_date == WEDNESDAY


def test_what_the_cap_cut_was_cut() -> None:
    edition = an_edition()
    papers = [a_listed_paper(edition) for _ in range(5)]
    reader = a_reader_of("gradient", max_papers=3)
    pipeline.compose_day(TUESDAY)
    verdicts = [told(reader, paper).verdict for paper in papers]
    assert sorted(verdicts) == ["cut", "cut", "waiting", "waiting", "waiting"]
    explained = told(reader, papers[verdicts.index("cut")])
    assert (explained.reason, explained.due_date) == (
        "The digest of 2026-07-07 was full: 3 of 5 papers had room.",
        TUESDAY,
    )


def test_what_the_mail_had_no_room_for_was_cut_too() -> None:
    paper, reader = a_listed_paper(), a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    reader.deliveries.update(state="sent", left_out=1)
    explained = told(reader, paper)
    assert explained.verdict == "cut"
    assert "0 of 1 papers had room" in explained.reason


def test_a_filter_that_came_after_the_digest_says_so() -> None:
    edition = an_edition()
    a_listed_paper(edition, title="Protein folding")
    paper, reader = a_listed_paper(edition), a_reader_of("protein")
    pipeline.compose_day(TUESDAY)
    a_subscription(reader, "gradient")
    explained = told(reader, paper)
    assert (explained.verdict, explained.due_date) == ("not_sent", TUESDAY)
    assert (
        explained.reason == "The filters were others when 2026-07-07's digest was made."
    )


def test_a_skipped_digest_says_why_it_was() -> None:
    paper, reader = a_listed_paper(), a_reader_of("protein")
    pipeline.compose_day(TUESDAY)
    a_subscription(reader, "gradient")
    explained = told(reader, paper)
    assert (explained.verdict, explained.due_date) == ("not_sent", TUESDAY)
    assert explained.reason == "The digest of 2026-07-07 was skipped: nothing matched."


def test_a_paper_from_before_the_first_digest_was_not_sent() -> None:
    paper = a_listed_paper(an_edition(day=MONDAY))
    reader = a_reader_of("gradient", covered={"arxiv": "2026-07-06"})
    explained = told(reader, paper)
    assert (explained.verdict, explained.due_date) == ("not_sent", None)
    assert explained.reason == (
        "arXiv, Mon 6 July 2026 was out before the reader's first digest."
    )


def test_an_edition_that_no_digest_reaches_any_more_was_not_sent(
    clock: time_machine.Coordinates,
) -> None:
    paper, reader = a_listed_paper(), a_reader_of("gradient")
    clock.shift(timedelta(days=14))
    assert told(reader, paper).verdict == "upcoming"
    clock.shift(timedelta(days=1))
    explained = told(reader, paper)
    assert explained.verdict == "not_sent"
    assert explained.reason.endswith("is too old for the next digest.")


@pytest.mark.parametrize("state", ["pending", "unsubscribed", "suppressed"])
def test_a_reader_who_gets_nothing_gets_no_promise(state: str) -> None:
    explained = told(a_reader_of("gradient", state=state), a_listed_paper())
    assert (explained.verdict, explained.due_date) == ("not_sent", None)
    assert explained.reason == f"The reader is {state}."


def test_a_paper_that_came_too_late_is_unlisted() -> None:
    listing = a_listing(a_paper(title="Gradient"), None, source="hf", listed_on=MONDAY)
    assert told(a_reader_of("gradient"), listing.paper).verdict == "unlisted"


def test_what_a_digest_held_is_forgotten_after_ninety_days(
    clock: time_machine.Coordinates,
) -> None:
    paper, reader = a_listed_paper(), a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    reader.deliveries.update(state="sent")
    clock.shift(timedelta(days=92))
    pipeline.forget(datetime.now(UTC))
    explained = told(reader, paper)
    assert (explained.verdict, explained.due_date) == ("unknown", TUESDAY)
    assert explained.reason == "What the digest of 2026-07-07 held is no longer kept."


def test_no_filter_that_finds_it_is_unmatched_and_each_says_why() -> None:
    reader = a_reader_of("protein", "gradient NOT flow")
    explained = told(reader, a_listed_paper())
    assert explained.verdict == "unmatched"
    first, second = explained.filters
    assert (first.name, first.matches, first.words) == ("protein", False, ())
    assert "protein" in first.why_not
    assert "flow" in second.why_not


def test_a_filter_that_is_off_finds_it_and_brings_nothing() -> None:
    reader = a_reader()
    a_subscription(reader, "gradient", name="Optimisers", enabled=False)
    explained = told(reader, a_listed_paper())
    assert explained.verdict == "unmatched"
    (only,) = explained.filters
    assert (only.name, only.enabled, only.matches) == ("Optimisers", False, True)


def test_a_filter_that_finds_it_names_the_words_as_written() -> None:
    reader = a_reader_of("gradient* flow")
    (only,) = told(reader, a_listed_paper(title="Gradients and flows")).filters
    assert (only.matches, only.words, only.why_not) == (
        True,
        ("Gradients", "flows"),
        "",
    )


def test_rule_11_any_of_its_listings_may_satisfy_a_filter() -> None:
    paper = a_listed_paper()
    a_listing(paper, an_edition(source="hf"))
    reader = a_reader_of("in:hf gradient", "in:arxiv gradient")
    assert [each.matches for each in told(reader, paper).filters] == [True, True]


@pytest.mark.parametrize("order", [("arxiv", "hf"), ("hf", "arxiv")])
@pytest.mark.parametrize(
    ("text", "why_not"),
    [
        ("in:hf survey", "The word “survey” is not in its title or abstract."),
        ("in:arxiv survey", "The word “survey” is not in its title or abstract."),
        ("upvotes:20", "It has 3 upvotes, fewer than 20."),
    ],
)
def test_the_listing_that_comes_nearest_says_why_not(
    text: str, why_not: str, order: tuple[str, str]
) -> None:
    paper = a_paper(title="Gradient flows")
    for source in order:
        paper.upvotes = {"arxiv": 0, "hf": 3}[source]
        a_listing(paper, an_edition(source=source))
    (verdict,) = told(a_reader_of(text), paper).filters
    assert verdict.why_not == why_not
