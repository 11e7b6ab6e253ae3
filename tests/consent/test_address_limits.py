"""How often an address is asked to confirm, whoever asks for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection

from subscriptions import consent
from subscriptions.models import Letter, Subscriber, Suppression
from subscriptions.models.suppressions import Asking
from tests.factories import a_reader

from .another_address import NEW, OLD, ask, asked

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.fixture
def reader() -> Subscriber:
    return a_reader(email=OLD)


def test_an_address_is_asked_once_a_day_and_three_times_a_week_by_all_together() -> (
    None
):
    with time_machine.travel(NOW, tick=False) as clock:
        counts = []
        for _ in range(5):
            for _ in range(3):
                ask(a_reader())
            consent.subscribe(NEW, [], consent.Schedule())
            counts.append(
                Letter.objects.filter(kind__in=["confirm", "new_address"]).count()
            )
            clock.shift(timedelta(days=1, seconds=1))
    assert counts == [1, 2, 3, 3, 3]


def test_a_sign_up_counts_for_who_asks_for_that_address(reader: Subscriber) -> None:
    consent.subscribe(NEW, [], consent.Schedule())
    assert ask(reader) is None


def test_erasing_oneself_does_not_start_the_count_again(reader: Subscriber) -> None:
    ask(reader)
    consent.erase(reader.pk)
    assert ask(a_reader()) is None


def test_declining_does_not_start_the_count_again(reader: Subscriber) -> None:
    consent.withdraw_address(asked(reader).pk)
    assert ask(reader) is None


def test_a_reader_asks_three_addresses_a_day(reader: Subscriber) -> None:
    for number in range(6):
        ask(reader, f"new{number}@example.com")
    assert reader.letters.filter(kind="new_address").count() == 3
    assert reader.letters.filter(kind="address_asked").count() == 1


def test_what_is_counted_is_no_address(reader: Subscriber) -> None:
    ask(reader)
    row = Asking.objects.get()
    assert "example" not in f"{row} {row.key_hash} {row.times}"


def test_after_a_week_the_address_and_the_count_are_forgotten(
    reader: Subscriber,
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        letter = asked(reader)
        Letter.objects.update(state="sent")
        clock.shift(timedelta(days=6, hours=23))
        consent.forget(datetime.now(UTC))
        letter.refresh_from_db()
        assert letter.recipient == NEW
        clock.shift(timedelta(hours=2))
        consent.forget(datetime.now(UTC))
    assert not Letter.objects.exclude(recipient="").exists()
    assert not Asking.objects.exists()
    assert consent.change_address(letter.pk) is None


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_readers_who_ask_for_one_address_at_once_get_it_one_letter() -> None:
    readers = [a_reader() for _ in range(8)]
    # Asked before: a row that is made at once is waited for without any lock.
    before = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    hashed = Suppression.hash_of(NEW)
    Asking.objects.create(key_hash=hashed, times=[before])
    together = Barrier(9)

    def one(number: int) -> None:
        together.wait()
        try:
            if number < len(readers):
                consent.ask_for_address(readers[number].pk, NEW)
            else:
                consent.subscribe(NEW, [], consent.Schedule())
        finally:
            connection.close()

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(one, range(9)))
    asking = Letter.objects.filter(kind__in=["confirm", "new_address"])
    assert asking.count() == 1
