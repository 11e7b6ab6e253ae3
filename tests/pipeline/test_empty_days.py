"""A due date on which nothing matched brings a letter to whoever asked for one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from itertools import pairwise

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions import consent, links, pipeline
from subscriptions.models import Letter, Subscriber
from subscriptions.pipeline.letters import outgoing_letters
from subscriptions.sending import Outcome
from subscriptions.sending.ledger import attempts, claims
from tests.factories import TUESDAY, an_edition

from .digests import MONDAY, WEDNESDAY, a_reader_of, at, listed

pytestmark = pytest.mark.django_db
Kind = Letter.Kind
SENT = Outcome("sent", "dot", "250 2.0.0 taken", "2.0.0")


def told(reader: Subscriber) -> list[str]:
    """The kinds of the reader's letters, the oldest first."""
    return list(reader.letters.order_by("pk").values_list("kind", flat=True))


def said(letter: Letter) -> str:
    (mail,) = outgoing_letters([letter.pk]).values()
    parsed = message_from_bytes(mail.message(), policy=policy.default)
    body = parsed.get_body(("plain",))  # type: ignore[attr-defined]
    return " ".join(str(body.get_content()).split())


# --- who gets one ---------------------------------------------------------------


@time_machine.travel(at("2026-07-07T12:00"), tick=False)
def test_the_letter_says_what_was_looked_at_and_when_the_next_is_due() -> None:
    listed(an_edition(source="hf", day=MONDAY), "Protein folding")
    listed(an_edition(), "Tides", "Swell")
    reader = a_reader_of("gradient", "hessian", nothing_today=True)
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().reason == "nothing matched"
    text = said(reader.letters.get(kind=Kind.NOTHING_TODAY))
    assert "Your 2 filters were held against 3 papers" in text
    assert "arXiv, Tue 7 Jul: 2 papers" in text
    assert "Hugging Face, Mon 6 Jul: 1 paper" in text
    assert "due Wednesday 8 July at 08:00 (UTC)" in text
    assert links.preferences(reader) in text
    assert links.unsubscribe(reader) in text


def test_who_did_not_ask_gets_none() -> None:
    listed(an_edition(), "Protein folding")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().reason == "nothing matched"
    assert told(reader) == []


def test_a_day_with_a_paper_brings_the_digest_alone() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("gradient", nothing_today=True)
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().state == "pending"
    assert told(reader) == []


def test_a_day_without_any_new_list_brings_none() -> None:
    reader = a_reader_of("gradient", nothing_today=True)
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().reason == "no new edition"
    assert told(reader) == []


def test_a_first_digest_without_a_paper_is_the_welcome_alone() -> None:
    listed(an_edition(), "Protein folding")
    reader = a_reader_of("gradient", nothing_today=True, awaits_first_digest=True)
    pipeline.compose_day(TUESDAY)
    assert told(reader) == [Kind.WELCOME]


def test_a_paused_reader_gets_none() -> None:
    listed(an_edition(), "Protein folding")
    reader = a_reader_of("gradient", nothing_today=True, paused_until=WEDNESDAY)
    pipeline.compose_day(TUESDAY)
    assert told(reader) == []


def test_a_due_date_brings_one_however_often_it_is_composed() -> None:
    listed(an_edition(), "Protein folding")
    reader = a_reader_of("gradient", nothing_today=True)
    for minute in range(3):
        pipeline.compose(at(f"2026-07-07T12:3{minute}"))
    pipeline.compose_day(TUESDAY)
    assert told(reader) == [Kind.NOTHING_TODAY]


def test_each_empty_due_date_brings_its_own() -> None:
    reader = a_reader_of("gradient", nothing_today=True)
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        listed(an_edition(day=day), f"Protein of {day}")
        pipeline.compose_day(day)
    assert told(reader) == [Kind.NOTHING_TODAY] * 3
    assert reader.letters.values("message_id").distinct().count() == 3


def test_a_late_source_is_named_in_the_letter() -> None:
    listed(an_edition(source="hf", day=MONDAY), "Protein folding")
    reader = a_reader_of("gradient", nothing_today=True)
    pipeline.compose(at("2026-07-07T09:30"))
    assert "arXiv had not published its list" in said(reader.letters.get())


def test_a_reader_without_a_filter_that_is_on_is_told_so() -> None:
    listed(an_edition(), "Protein folding")
    reader = a_reader_of("gradient", nothing_today=True)
    reader.subscriptions.update(enabled=False)
    pipeline.compose_day(TUESDAY)
    assert "None of your filters is on" in said(reader.letters.get())


def test_who_did_not_ask_costs_no_query() -> None:
    listed(an_edition(), "Protein folding")
    a_reader_of("gradient")
    with CaptureQueriesContext(connection) as queries:
        pipeline.compose_day(TUESDAY)
    asked = [each["sql"] for each in queries if "subscriptions_letter" in each["sql"]]
    assert asked == []


# --- it is no digest --------------------------------------------------------------


def test_rule_12_the_letter_does_not_put_off_the_next_digest() -> None:
    with time_machine.travel(at("2026-07-07T23:00"), tick=False) as clock:
        listed(an_edition(), "Protein folding")
        reader = a_reader_of("in:arxiv gradient", nothing_today=True, hour=23)
        pipeline.compose(timezone.now())
        # The ledger's clock is the database's, which does not travel.
        Letter.objects.update(expires_at=at("9998-01-01T00:00"))
        (lease,) = claims.claim(Letter, "host:1:a", 50)
        attempts.record([(lease, SENT)])
        assert reader.letters.get().state == "sent"
        consent.change_schedule(reader.pk, consent.Schedule(hour=1))
        listed(an_edition(day=WEDNESDAY), "Gradient flows")
        clock.move_to(at("2026-07-08T01:00"))
        assert pipeline.compose(timezone.now()).pending == 1


def test_the_lists_of_an_empty_day_are_covered_as_without_the_letter() -> None:
    listed(an_edition(), "Protein folding")
    asked, other = a_reader_of("gradient", nothing_today=True), a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    covered = Subscriber.objects.values_list("covered", flat=True)
    assert (
        list(covered.filter(pk__in=[asked.pk, other.pk]))
        == [{"arxiv": "2026-07-07"}] * 2
    )


# --- beside the letter of two weeks -------------------------------------------------


def told_in_a_row(hour: int, days: int, until: date) -> list[tuple[str, datetime]]:
    """What a reader at this hour is told on so many days of nothing, with the bell of
    the reminders once an hour: kind and instant of each letter."""
    start = datetime.combine(until - timedelta(days=days), time.min, UTC)
    with time_machine.travel(start - timedelta(days=2), tick=False) as clock:
        a_reader_of("in:arxiv hessian curvature", nothing_today=True, hour=hour)
        for day in range(days):
            clock.move_to(start + timedelta(days=day))
            edition = an_edition(day=timezone.now().date())
            listed(edition, f"Hessian {day}", categories=["cs.LG"])
            # Before two weeks are over the reminders find nobody.
            for at_ in range(24) if day > 12 else [hour]:
                clock.move_to(start + timedelta(days=day, hours=at_))
                pipeline.compose(timezone.now())
                pipeline.remind(timezone.now())
    letters = Letter.objects.order_by("pk")
    return [(each.kind, each.created_at) for each in letters]


@pytest.mark.parametrize("hour", [0, 8])
def test_the_letter_of_two_weeks_takes_the_place_of_one_of_these(hour: int) -> None:
    letters = told_in_a_row(hour, 17, WEDNESDAY)
    kinds = [kind for kind, _ in letters]
    assert (len(kinds), kinds.count(Kind.NO_MATCH)) == (17, 1)
    written = [instant for _, instant in letters]
    assert min(b - a for a, b in pairwise(written)) >= timedelta(hours=20)
