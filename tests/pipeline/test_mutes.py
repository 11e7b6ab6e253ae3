"""What a reader muted is left out of the next digest: composed, told, explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions import consent, pipeline, rounds
from subscriptions.consent import Wanted
from subscriptions.models import Subscriber
from subscriptions.pipeline.compose import compose_one
from subscriptions.pipeline.desk import Desk
from subscriptions.pipeline.draft import draft_digest
from subscriptions.pipeline.wishes import wishes_of
from tests.factories import TUESDAY, a_listing, a_paper, a_subscription, an_edition

from .digests import MONDAY, WEDNESDAY, a_reader_of, listed, sent, titles

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """It is Tuesday noon."""
    with time_machine.travel(datetime(2026, 7, 7, 12, tzinfo=UTC), tick=False):
        yield


def muted(reader: Subscriber, text: str, canonical: str = "") -> None:
    consent.mute(reader.pk, Wanted(text, canonical or text))


def test_papers_with_a_muted_word_are_left_out_whichever_filter_finds_them() -> None:
    listed(an_edition(), "Gradient survey", "Gradient flows", "Surveys of hessians")
    reader = a_reader_of("gradient", "hessian")
    muted(reader, "survey")
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient flows"]


def test_papers_of_a_muted_author_are_left_out() -> None:
    edition = an_edition()
    listed(edition, "Gradient one", authors=["A. Sample", "C. Other"])
    listed(edition, "Gradient two", authors=["B. Placeholder"])
    reader = a_reader_of("gradient")
    muted(reader, 'author:"A Sample"', 'author:"a sample"')
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient two"]


def test_a_mute_is_its_readers_alone() -> None:
    listed(an_edition(), "Gradient survey")
    muter, other = a_reader_of("gradient"), a_reader_of("gradient")
    muted(muter, "survey")
    pipeline.compose_day(TUESDAY)
    assert muter.deliveries.get().reason == "nothing matched"
    assert titles(other) == ["Gradient survey"]


def test_a_mute_frees_its_place_under_the_cap_and_is_not_counted() -> None:
    listed(an_edition(), *[f"Gradient survey {n}" for n in range(5)], "Gradient flows")
    reader = a_reader_of("gradient", max_papers=1)
    muted(reader, "survey")
    pipeline.compose_day(TUESDAY)
    delivery = reader.deliveries.get()
    assert titles(reader) == ["Gradient flows"]
    assert delivery.matched == 1
    assert [each["matched"] for each in delivery.filters] == [1]
    assert delivery.mutes == [{"text": "survey", "filter": "survey"}]


def test_papers_that_are_muted_do_not_fill_a_hold() -> None:
    """Two papers wait, and only one of them counts."""
    listed(an_edition(), "Gradient survey", "Gradient flows")
    reader = a_reader_of("gradient", hold_until=2)
    muted(reader, "survey")
    pipeline.compose(datetime(2026, 7, 7, 12, tzinfo=UTC))
    assert not reader.deliveries.exists()
    consent.unmute(reader.pk, reader.mutes.get().pk)
    pipeline.compose(datetime(2026, 7, 7, 12, 1, tzinfo=UTC))
    assert len(titles(reader)) == 2


def test_a_muted_paper_was_not_had_and_comes_when_it_is_listed_again_unmuted() -> None:
    paper = a_paper(title="Gradient survey", abstract="")
    a_listing(paper, an_edition(day=TUESDAY))
    reader = a_reader_of("gradient")
    muted(reader, "survey")
    pipeline.compose_day(TUESDAY)
    sent(reader)
    a_listing(paper, an_edition(source="hf", day=WEDNESDAY))
    consent.unmute(reader.pk, reader.mutes.get().pk)
    pipeline.compose_day(WEDNESDAY)
    assert titles(reader, WEDNESDAY) == ["Gradient survey"]


def test_a_mute_set_today_holds_from_the_next_digest_on() -> None:
    listed(an_edition(day=MONDAY), "Gradient survey one")
    reader = a_reader_of("gradient")
    pipeline.compose_day(MONDAY)
    muted(reader, "survey")
    assert titles(reader, MONDAY) == ["Gradient survey one"]  # it is on its way
    sent(reader, MONDAY)
    listed(an_edition(day=TUESDAY), "Gradient survey two", "Gradient flows")
    pipeline.compose_day(TUESDAY)
    assert titles(reader) == ["Gradient flows"]


def test_a_preview_leaves_out_what_is_muted() -> None:
    listed(an_edition(), "Gradient survey", "Gradient flows")
    reader = a_reader_of("gradient")
    muted(reader, "survey")
    draft = compose_one(reader, TUESDAY)
    assert draft is not None
    assert len(draft.picks) == 1


def test_a_mute_made_while_others_are_composed_holds() -> None:
    """Its filter is younger than the desk, which must not take it for one that finds
    nothing."""
    listed(an_edition(), "Gradient survey", "Gradient flows")
    reader, desk = a_reader_of("gradient"), Desk(TUESDAY)
    desk.ranking(desk.editions, [])
    muted(reader, "survey")
    covering = rounds.editions_for({}, desk.editions, TUESDAY)
    wishes = wishes_of([reader.pk])[reader.pk]
    draft = draft_digest(reader, wishes, TUESDAY, covering, {}, desk)
    assert len(draft.delivery.picks) == 1


def test_mutes_are_read_for_all_readers_at_once() -> None:
    listed(an_edition(), "Gradient survey", "Gradient flows")
    for _ in range(5):
        muted(a_reader_of("gradient"), "survey")
    with CaptureQueriesContext(connection) as asked:
        pipeline.compose_day(TUESDAY)
    assert sum('FROM "subscriptions_mute"' in each["sql"] for each in asked) == 1


def test_after_ninety_days_it_is_not_kept_what_was_muted() -> None:
    listed(an_edition(), "Gradient survey")
    reader = a_reader_of("gradient")
    muted(reader, "survey")
    pipeline.compose_day(TUESDAY)
    sent(reader)
    pipeline.forget(datetime(2026, 7, 7, tzinfo=UTC) + timedelta(days=91))
    delivery = reader.deliveries.get()
    assert (delivery.mutes, delivery.filters) == ([], [])


# --- explain -----------------------------------------------------------------------


def told(reader: Subscriber, title: str = "Gradient survey") -> tuple[str, str]:
    (paper,) = listed(an_edition(), title)
    pipeline.compose_day(TUESDAY)
    explained = pipeline.explain(reader.email, paper.arxiv_id)
    return explained.verdict, explained.reason


def test_explain_says_by_what_a_paper_was_muted() -> None:
    reader = a_reader_of("gradient")
    muted(reader, "survey")
    muted(reader, "tides")
    assert told(reader) == ("muted", "It was muted by you: survey.")


def test_explain_speaks_of_the_mutes_at_the_time() -> None:
    reader = a_reader_of("gradient")
    (paper,) = listed(an_edition(), "Gradient survey")
    muted(reader, "survey")
    pipeline.compose_day(TUESDAY)
    consent.unmute(reader.pk, reader.mutes.get().pk)
    explained = pipeline.explain(reader.email, paper.arxiv_id)
    assert (explained.verdict, explained.due_date) == ("muted", TUESDAY)


def test_before_the_digest_explain_says_that_it_will_be_left_out() -> None:
    reader = a_reader_of("gradient")
    (paper,) = listed(an_edition(), "Gradient survey")
    muted(reader, "survey")
    explained = pipeline.explain(reader.email, paper.arxiv_id)
    assert explained.verdict == "muted"
    assert explained.reason == "It is muted by you: survey."


def test_a_paper_that_no_filter_finds_is_unmatched_muted_or_not() -> None:
    reader = a_reader_of("hessian")
    muted(reader, "survey")
    assert told(reader)[0] == "unmatched"


def test_a_paper_that_was_cut_is_not_said_to_be_muted() -> None:
    reader = a_reader_of("gradient", max_papers=1)
    a_subscription(reader, "flow")
    muted(reader, "survey")
    edition = an_edition()
    papers = listed(edition, "Gradient one", "Gradient two")
    pipeline.compose_day(TUESDAY)
    verdicts = {pipeline.explain(reader.email, p.arxiv_id).verdict for p in papers}
    assert verdicts == {"waiting", "cut"}
