"""A year without a word: asked, once a week, paused; and any word brings all back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from subscriptions import consent, rounds
from subscriptions.consent import silence
from subscriptions.models import Delivery, Letter, Round, Subscriber
from tests.factories import TUESDAY, a_reader, a_subscription

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)
YEAR = timedelta(days=365, minutes=1)
MONTH, QUARTER = timedelta(days=30, minutes=1), timedelta(days=91, minutes=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """It is Tuesday noon, when the readers of these tests did something."""
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def step() -> dict[str, int]:
    return consent.follow_silence(datetime.now(UTC))


def steps(
    clock: time_machine.Coordinates, *waits: timedelta, letter: str = "sent"
) -> None:
    """Beat rings after each of these times; the letter ends as said."""
    for wait in waits:
        clock.shift(wait)
        step()
        Letter.objects.filter(state="pending").update(state=letter)


def fresh(reader: Subscriber) -> Subscriber:
    return Subscriber.objects.get(pk=reader.pk)


# --- the steps ----------------------------------------------------------------------
def test_after_twelve_months_a_letter_asks_and_says_what_follows(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader()
    clock.shift(timedelta(days=364))
    assert step()["asked"] == 0
    clock.shift(timedelta(days=1, minutes=1))
    assert step()["asked"] == 1
    letter = reader.letters.get()
    assert letter.kind == "still_useful"
    assert letter.context == {"weekly_from": "2027-08-06", "paused_from": "2027-11-05"}


def test_any_number_of_beats_asks_once(clock: time_machine.Coordinates) -> None:
    reader = a_reader()
    clock.shift(YEAR)
    for _ in range(5):
        step()
        clock.shift(timedelta(days=2))
    assert reader.letters.count() == 1


def test_a_month_later_the_digest_is_weekly_on_the_first_of_the_readers_days(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader(cadence="chosen", weekdays=0b0010100)
    steps(clock, YEAR, timedelta(days=29))
    assert fresh(reader).cadence == "chosen"
    steps(clock, timedelta(days=1, minutes=1))
    assert (fresh(reader).cadence, fresh(reader).weekdays) == ("weekly", 0b0000100)


def test_three_more_months_later_it_is_paused_without_an_end(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader()
    steps(clock, YEAR, MONTH, timedelta(days=90))
    assert fresh(reader).paused_until is None
    steps(clock, timedelta(days=1, minutes=1))
    assert fresh(reader).is_paused_on(date(2099, 1, 1))
    assert rounds.next_due(fresh(reader), TUESDAY).year == 9999


def test_the_days_named_in_the_letter_are_kept(clock: time_machine.Coordinates) -> None:
    reader = a_reader()
    steps(clock, YEAR)
    named = reader.letters.get().context
    while fresh(reader).silence != "weekly":
        assert f"{datetime.now(UTC):%Y-%m-%d}" <= named["weekly_from"]
        steps(clock, timedelta(hours=6))
    assert f"{datetime.now(UTC):%Y-%m-%d}" >= named["weekly_from"]
    steps(clock, QUARTER)
    assert fresh(reader).silence == "paused"
    assert f"{datetime.now(UTC):%Y-%m-%d}" >= named["paused_from"]


def test_beats_after_the_last_step_change_nothing(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader()
    steps(clock, YEAR, MONTH, QUARTER)
    before = Subscriber.objects.values().get(pk=reader.pk)
    steps(clock, YEAR, MONTH, QUARTER)
    assert Subscriber.objects.values().get(pk=reader.pk) == before
    assert reader.letters.count() == 1


def test_pausing_ends_what_waits_and_gives_its_coverage_back(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader(covered={"arxiv": "2027-11-04"})
    steps(clock, YEAR, MONTH)
    delivery = Delivery.objects.create(
        subscriber=reader,
        round=Round.objects.create(due_date=TUESDAY),
        due_date=TUESDAY,
        covered_from={"arxiv": "2027-11-03"},
        covered_to={"arxiv": "2027-11-04"},
    )
    steps(clock, QUARTER)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("skipped", "paused")
    assert fresh(reader).covered == {"arxiv": "2027-11-03"}


@pytest.mark.parametrize("state", ["pending", "unsubscribed", "suppressed"])
def test_who_gets_no_digests_is_not_asked(
    clock: time_machine.Coordinates, state: str
) -> None:
    a_reader(state=state)
    clock.shift(YEAR)
    assert step()["asked"] == 0


def test_who_is_paused_is_not_asked_before_the_pause_is_over(
    clock: time_machine.Coordinates,
) -> None:
    a_reader(paused_until=date(2027, 8, 1))
    clock.shift(YEAR)
    assert step()["asked"] == 0
    clock.shift(timedelta(days=30))
    assert step()["asked"] == 1


def test_an_imported_reader_is_not_asked_at_once(
    clock: time_machine.Coordinates,
) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    consent.add_imported("one@example.org", [], consent.Schedule(), long_ago)
    assert step()["asked"] == 0


@pytest.mark.parametrize("state", ["pending", "leased", "deferred"])
def test_nothing_follows_while_the_letter_is_on_its_way(
    clock: time_machine.Coordinates, state: str
) -> None:
    reader = a_reader()
    steps(clock, YEAR)
    held = {"lease_token": "7" * 32} if state == "leased" else {}
    reader.letters.update(state=state, **held)
    clock.shift(MONTH)
    assert step()["slowed"] == 0
    assert fresh(reader).silence == "asked"


@pytest.mark.parametrize("state", ["expired", "failed", "quarantined"])
def test_who_could_not_be_told_is_asked_again_and_not_slowed_down(
    clock: time_machine.Coordinates, state: str
) -> None:
    reader = a_reader()
    steps(clock, YEAR, MONTH, timedelta(hours=1), letter=state)
    assert fresh(reader).cadence == "daily"
    assert fresh(reader).silence == "asked"
    assert reader.letters.count() == 2


def test_a_step_that_ran_out_of_time_is_taken_by_the_next_beat(
    clock: time_machine.Coordinates,
) -> None:
    for _ in range(3):
        a_reader()
    clock.shift(YEAR)
    assert consent.follow_silence(datetime.now(UTC), until=0.0)["asked"] == 0
    assert step()["asked"] == 3


def test_a_word_before_the_row_is_locked_is_heard(
    clock: time_machine.Coordinates, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = a_reader()
    clock.shift(YEAR)

    def meanwhile() -> float:
        consent.still_reading(reader.pk)
        return 0.0

    monkeypatch.setattr(silence, "monotonic", meanwhile)
    assert consent.follow_silence(datetime.now(UTC), until=1.0)["asked"] == 0
    assert not reader.letters.exists()


# --- a word -------------------------------------------------------------------------
def still(reader: Subscriber) -> None:
    consent.still_reading(reader.pk)


def add(reader: Subscriber) -> None:
    consent.add_filter(reader.pk, consent.Wanted("gradient", "gradient"))


def edit(reader: Subscriber) -> None:
    mine = reader.subscriptions.get()
    consent.edit_subscription(reader.pk, mine.pk, "Mine", enabled=True)


def drop(reader: Subscriber) -> None:
    consent.drop_filter(reader.pk, reader.subscriptions.get().pk)


def form(reader: Subscriber) -> None:
    consent.change_format(reader.pk, 5, full_abstracts=True, text_only=False)


def resume(reader: Subscriber) -> None:
    consent.pause(reader.pk, None)


def move(reader: Subscriber) -> None:
    consent.ask_for_address(reader.pk, "new@example.com")


def come_back(reader: Subscriber) -> None:
    consent.unsubscribe(reader.pk, "letter")
    consent.resubscribe(reader.pk)


Word = Callable[[Subscriber], Any]
WORDS: list[Word] = [still, add, edit, drop, form, resume, move, come_back]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_from_the_reader_starts_the_year_again(
    clock: time_machine.Coordinates, word: Word
) -> None:
    reader = a_reader()
    a_subscription(reader, "hessian")
    clock.shift(timedelta(days=364))
    word(reader)
    clock.shift(timedelta(days=364))
    assert step()["asked"] == 0
    clock.shift(timedelta(days=2))
    assert step()["asked"] == 1


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("waits", [(YEAR,), (YEAR, MONTH), (YEAR, MONTH, QUARTER)])
def test_a_word_at_any_time_brings_everything_back(
    clock: time_machine.Coordinates, word: Word, waits: tuple[timedelta, ...]
) -> None:
    reader = a_reader(cadence="weekdays", weekdays=0b0011111)
    a_subscription(reader, "hessian")
    steps(clock, *waits)
    word(reader)
    now = fresh(reader)
    assert (now.cadence, now.weekdays) == ("weekdays", 0b0011111)
    assert (now.paused_until, now.silence, now.before_silence) == (None, "", {})


def test_confirming_is_a_word(clock: time_machine.Coordinates) -> None:
    consent.subscribe("one@example.org", [], consent.Schedule())
    reader = Subscriber.objects.get()
    clock.shift(timedelta(days=3))
    consent.confirm(reader.pk)
    assert fresh(reader).last_action_at == datetime.now(UTC)


def test_a_new_schedule_holds_and_not_the_one_from_before(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader()
    steps(clock, YEAR, MONTH)
    consent.change_schedule(reader.pk, consent.Schedule("UTC", 6, "chosen", 0b11))
    still(reader)
    assert (fresh(reader).cadence, fresh(reader).weekdays) == ("chosen", 0b11)


def test_a_schedule_from_an_import_holds_too(clock: time_machine.Coordinates) -> None:
    reader = a_reader()
    steps(clock, YEAR, MONTH)
    consent.replace_wishes(
        reader.email, [], consent.Schedule("UTC", 6, "weekdays", 0b11111)
    )
    still(reader)
    assert fresh(reader).cadence == "weekdays"


def test_a_pause_of_the_readers_own_stays_when_they_say_something(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader()
    consent.pause(reader.pk, date(2026, 8, 1))
    add(reader)
    assert fresh(reader).paused_until == date(2026, 8, 1)


def test_asking_for_a_link_at_the_form_is_nobodys_word(
    clock: time_machine.Coordinates,
) -> None:
    reader = a_reader()
    clock.shift(YEAR)
    consent.send_preferences_link(reader.email)
    consent.subscribe(reader.email, [], consent.Schedule())
    assert step()["asked"] == 1


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_beats_at_once_ask_once() -> None:
    for _ in range(5):
        a_reader(last_action_at=NOON - timedelta(days=400))

    def beat(_: int) -> int:
        try:
            return consent.follow_silence(datetime.now(UTC))["asked"]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(beat, range(8))) == 5
    assert Letter.objects.count() == 5
