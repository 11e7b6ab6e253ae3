"""Two weeks without a paper: a letter with what came nearest, once a month."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from subscriptions import consent, links, pipeline
from subscriptions.consent import Wanted
from subscriptions.models import Letter, Subscriber, TopicFilter
from subscriptions.pipeline.letters import outgoing_letters
from tests.factories import TUESDAY, a_subscription, an_edition

from .digests import a_reader_of, listed

pytestmark = pytest.mark.django_db
SINCE = TUESDAY - timedelta(days=14)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    """It is noon, sixteen days before Tuesday: readers made now are no new ones."""
    start = datetime.combine(SINCE - timedelta(days=2), datetime.min.time(), UTC)
    with time_machine.travel(start + timedelta(hours=12), tick=False) as moved:
        yield moved


def rounds_of_nothing(
    clock: time_machine.Coordinates, days: int = 15, until: date = TUESDAY
) -> None:
    """A list and a round on each of so many days, and it is noon of the last."""
    for ago in reversed(range(days)):
        day = until - timedelta(days=ago)
        clock.move_to(datetime.combine(day, datetime.min.time(), UTC))
        edition = an_edition(day=day)
        listed(edition, f"Hessian of {day}", f"Protein {day}", categories=["cs.LG"])
        pipeline.compose_day(day)
    clock.shift(timedelta(hours=12))


def remind() -> int:
    return pipeline.remind(timezone.now())["unmatched"]


def said(letter: Letter) -> str:
    (mail,) = outgoing_letters([letter.pk]).values()
    parsed = message_from_bytes(mail.message(), policy=policy.default)
    body = parsed.get_body(("plain",))  # type: ignore[attr-defined]
    return " ".join(str(body.get_content()).split())


def test_after_two_weeks_a_letter_shows_what_came_nearest(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("hessian curvature")
    rounds_of_nothing(clock)
    assert {each.reason for each in reader.deliveries.all()} == {"nothing matched"}
    assert remind() == 1
    letter = reader.letters.get()
    text = said(letter)
    assert "held against 20 papers, the lists of 10 days" in text
    assert text.count("The word “curvature” is not in its title or abstract.") == 3
    assert text.count("* Hessian of 2026-0") == 3
    assert "https://arxiv.org/abs/26" in text
    assert links.preferences(reader) in text


def test_any_number_of_beats_writes_one_a_month(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("hessian curvature")
    rounds_of_nothing(clock)
    assert [remind() for _ in range(4)] == [1, 0, 0, 0]
    rounds_of_nothing(clock, 29, TUESDAY + timedelta(days=29))
    assert remind() == 0
    rounds_of_nothing(clock, 1, TUESDAY + timedelta(days=30))
    clock.shift(timedelta(minutes=1))
    assert remind() == 1
    assert reader.letters.count() == 2


def test_thirteen_days_are_not_enough(clock: time_machine.Coordinates) -> None:
    a_reader_of("hessian curvature")
    rounds_of_nothing(clock, 14)
    assert remind() == 0


def test_a_paper_that_matches_now_is_no_nothing(
    clock: time_machine.Coordinates,
) -> None:
    a_reader_of("hessian curvature")
    rounds_of_nothing(clock)
    listed(an_edition(source="hf"), "Hessian and curvature")
    assert remind() == 0


def test_what_the_reader_muted_matches_nothing_and_is_not_shown(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("hessian curvature")
    consent.mute(reader.pk, Wanted("survey", "survey"))
    rounds_of_nothing(clock)
    listed(an_edition(source="hf"), "Hessian survey", "Survey of hessian curvature")
    assert remind() == 1
    text = said(reader.letters.get())
    assert text.count("* Hessian of 2026-0") == 3
    assert "urvey" not in text


def test_a_filter_that_is_off_is_not_looked_at(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("hessian curvature")
    a_subscription(reader, "protein", enabled=False)
    rounds_of_nothing(clock)
    assert remind() == 1
    assert reader.letters.get().context["filters"] == 1


def test_where_nothing_is_near_the_letter_says_so(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("kangaroo")
    rounds_of_nothing(clock)
    assert remind() == 1
    assert "None lacked only a word or two" in said(reader.letters.get())


def test_a_filter_that_can_no_longer_be_read_as_written_is_read_as_stored(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("hessian curvature")
    reader.subscriptions.update(text="(hessian")
    rounds_of_nothing(clock)
    assert remind() == 1
    assert "The word “curvature”" in said(reader.letters.get())


def test_samples_are_linked_to_their_own_page(
    clock: time_machine.Coordinates, settings: object
) -> None:
    reader = a_reader_of("hessian curvature")
    rounds_of_nothing(clock)
    from subscriptions.models import Edition, Listing

    Edition.objects.update(source="sample")
    Listing.objects.update(source="sample")
    assert remind() == 1
    assert "arxiv.org" not in said(reader.letters.get())
    assert links.site() + "papers/26" in said(reader.letters.get())


def test_what_the_time_does_not_suffice_for_is_left_to_the_next_beat(
    clock: time_machine.Coordinates,
) -> None:
    for _ in range(2):
        a_reader_of("hessian curvature")
    rounds_of_nothing(clock)
    assert pipeline.remind(timezone.now(), until=0.0)["unmatched"] == 0
    assert remind() == 2


def test_who_left_meanwhile_is_not_written_to(clock: time_machine.Coordinates) -> None:
    reader = a_reader_of("hessian curvature")
    Subscriber.objects.update(state="unsubscribed")
    assert not consent.tell_nothing_matched(reader.pk, {})
    consent.erase(reader.pk)
    assert not consent.tell_nothing_matched(reader.pk, {})


def test_one_a_month_is_written_whoever_asks(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("hessian curvature")
    assert consent.tell_nothing_matched(reader.pk, {})
    clock.shift(timedelta(days=29))
    assert not consent.tell_nothing_matched(reader.pk, {})
    clock.shift(timedelta(days=1, minutes=1))
    assert consent.tell_nothing_matched(reader.pk, {})


def test_after_ninety_days_what_a_letter_said_is_forgotten(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader_of("hessian curvature")
    consent.tell_nothing_matched(reader.pk, {"nearest": ["secret"]})
    Letter.objects.update(state="sent")
    clock.shift(timedelta(days=89))
    consent.forget(timezone.now())
    assert reader.letters.get().context
    clock.shift(timedelta(days=2))
    consent.forget(timezone.now())
    assert reader.letters.get().context == {}


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_beats_at_once_write_one_letter(clock: time_machine.Coordinates) -> None:
    a_reader_of("hessian curvature")
    rounds_of_nothing(clock)

    def beat(_: int) -> int:
        try:
            return remind()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(beat, range(6))) == 1
    assert Letter.objects.count() == 1


def test_a_filter_that_cannot_be_read_keeps_no_letter_from_others(
    clock: time_machine.Coordinates,
) -> None:
    odd, other = a_reader_of("curvature"), a_reader_of("hessian curvature")
    rounds_of_nothing(clock)
    text = "(curvature"
    row = TopicFilter.objects.create(
        text=text, fingerprint=TopicFilter.fingerprint_of(text)
    )
    odd.subscriptions.update(filter=row, text=text)
    assert remind() == 1
    assert Letter.objects.get().subscriber == other
