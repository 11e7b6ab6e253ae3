"""Another address: asked of both, changed by whoever reads at the new one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import IntegrityError, connection

from subscriptions import consent
from subscriptions.consent import address
from subscriptions.models import ConsentRecord, Letter, Subscriber, Suppression
from subscriptions.models.suppressions import AskedAddress
from tests.factories import a_reader, a_subscription

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)
OLD, NEW = "old@example.org", "New.One@example.com"


@pytest.fixture
def reader() -> Subscriber:
    return a_reader(email=OLD)


def ask(reader: Subscriber, new: str = NEW) -> Letter | None:
    """The letter whose link would change the address now, if there is one."""
    consent.ask_for_address(reader.pk, new)
    asked = reader.letters.filter(kind="new_address").exclude(recipient="")
    return asked.first()


def asked(reader: Subscriber, new: str = NEW) -> Letter:
    letter = ask(reader, new)
    assert letter
    return letter


def kinds(reader: Subscriber) -> dict[str, str]:
    return {each.kind: each.address for each in reader.letters.all()}


def test_asking_writes_to_both_addresses_and_changes_nothing(
    reader: Subscriber,
) -> None:
    ask(reader)
    assert kinds(reader) == {"new_address": NEW, "address_asked": OLD}
    reader.refresh_from_db()
    assert reader.email == OLD


def test_the_letter_to_the_old_address_has_the_new_one_masked(
    reader: Subscriber,
) -> None:
    ask(reader)
    told = reader.letters.get(kind="address_asked")
    assert told.context == {"to": "N•••@example.com"}


def test_the_button_changes_the_address_and_nothing_else(reader: Subscriber) -> None:
    a_subscription(reader, "gradient")
    moved = consent.change_address(asked(reader).pk)
    assert moved == reader
    reader.refresh_from_db()
    assert (reader.email, reader.email_folded) == (NEW, NEW.casefold())
    assert reader.state == "active"
    assert reader.subscriptions.count() == 1
    record = ConsentRecord.objects.get()
    assert (record.action, record.text) == ("address", consent.ADDRESS_WORDS)


def test_the_old_address_is_told_that_it_is_done(reader: Subscriber) -> None:
    consent.change_address(asked(reader).pk)
    done = reader.letters.get(kind="address_changed")
    assert (done.address, done.context) == (OLD, {"to": "N•••@example.com"})


def test_pressing_again_changes_nothing_and_is_still_a_success(
    reader: Subscriber,
) -> None:
    letter = asked(reader)
    for _ in range(3):
        assert consent.change_address(letter.pk) == reader
    assert ConsentRecord.objects.count() == 1
    assert reader.letters.filter(kind="address_changed").count() == 1


def test_the_last_address_asked_for_counts(reader: Subscriber) -> None:
    first = asked(reader, "slip@example.com")
    second = asked(reader, NEW)
    assert consent.change_address(first.pk) is None
    assert consent.change_address(second.pk) == reader


def test_there_is_one_request_a_reader_by_constraint(reader: Subscriber) -> None:
    asked(reader)
    with pytest.raises(IntegrityError):
        Letter.objects.create(
            subscriber=reader, kind="new_address", recipient="x@example.com"
        )


def test_asking_twice_for_the_same_address_leaves_the_first_link_working(
    reader: Subscriber,
) -> None:
    first = asked(reader)
    assert ask(reader, NEW.upper()) == first
    assert consent.change_address(first.pk) == reader


@pytest.mark.parametrize("state", ["active", "unsubscribed", "suppressed"])
def test_an_address_that_is_a_readers_gets_no_letter_and_the_old_one_the_same(
    reader: Subscriber, state: str
) -> None:
    a_reader(email=NEW, state=state)
    assert ask(reader) is None
    assert kinds(reader) == {"address_asked": OLD}


def test_a_suppressed_address_gets_no_letter(reader: Subscriber) -> None:
    Suppression.objects.create(
        address_hash=Suppression.hash_of(NEW), reason="complained"
    )
    assert ask(reader) is None


def test_asking_for_ones_own_address_does_nothing(reader: Subscriber) -> None:
    assert ask(reader, OLD.upper()) is None
    assert not reader.letters.exists()


@pytest.mark.parametrize("state", ["active", "unsubscribed", "suppressed"])
def test_an_address_taken_meanwhile_is_left_to_who_took_it(
    reader: Subscriber, state: str
) -> None:
    letter = asked(reader)
    other = a_reader(email=NEW.lower(), state=state)
    assert consent.change_address(letter.pk) is None
    reader.refresh_from_db()
    assert reader.email == OLD
    assert Subscriber.objects.filter(pk=other.pk).exists()


def test_an_address_suppressed_meanwhile_is_not_taken(reader: Subscriber) -> None:
    letter = asked(reader)
    Suppression.objects.create(address_hash=Suppression.hash_of(NEW), reason="bounced")
    assert consent.change_address(letter.pk) is None


def test_a_sign_up_that_was_never_confirmed_gives_way(reader: Subscriber) -> None:
    letter = asked(reader)
    a_reader(email=NEW, state="pending", confirmed_at=None)
    assert consent.change_address(letter.pk) == reader
    assert [each.email for each in Subscriber.objects.all()] == [NEW]


def test_a_reader_who_left_meanwhile_is_not_moved(reader: Subscriber) -> None:
    letter = asked(reader)
    consent.unsubscribe(reader.pk, "letter")
    assert consent.change_address(letter.pk) is None
    consent.resubscribe(reader.pk)
    assert consent.change_address(letter.pk) is None


@pytest.mark.parametrize("state", ["unsubscribed", "suppressed", "pending"])
def test_only_an_active_reader_is_moved(reader: Subscriber, state: str) -> None:
    letter = asked(reader)
    Subscriber.objects.filter(pk=reader.pk).update(state=state)
    assert consent.change_address(letter.pk) is None


def test_what_is_withdrawn_before_the_rows_are_locked_changes_nothing(
    reader: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter, real = asked(reader), address.asked_for

    def then_withdrawn(letter_id: int) -> Letter | None:
        found = real(letter_id)
        consent.withdraw_address(letter_id)
        return found

    monkeypatch.setattr(address, "asked_for", then_withdrawn)
    assert consent.change_address(letter.pk) is None
    reader.refresh_from_db()
    assert reader.email == OLD


def test_who_signs_up_with_it_in_that_very_moment_keeps_it(
    reader: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = asked(reader)

    def free_and_then_taken(new: str) -> bool:
        a_reader(email=new, state="pending", confirmed_at=None)
        return False

    monkeypatch.setattr(address, "_is_taken", free_and_then_taken)
    assert consent.change_address(letter.pk) is None
    reader.refresh_from_db()
    assert reader.email == OLD
    assert Subscriber.objects.count() == 2


def test_a_reader_who_is_not_active_cannot_ask() -> None:
    assert ask(a_reader(state="unsubscribed")) is None


def test_an_erased_readers_link_changes_nothing(reader: Subscriber) -> None:
    letter = asked(reader)
    consent.erase(reader.pk)
    assert consent.change_address(letter.pk) is None
    consent.withdraw_address(letter.pk)


def test_the_old_address_can_stop_it(reader: Subscriber) -> None:
    letter = asked(reader)
    consent.withdraw_address(reader.letters.get(kind="address_asked").pk)
    assert consent.change_address(letter.pk) is None


def test_the_new_address_can_decline_it(reader: Subscriber) -> None:
    letter = asked(reader)
    consent.withdraw_address(letter.pk)
    consent.withdraw_address(letter.pk)
    assert consent.change_address(letter.pk) is None
    reader.refresh_from_db()
    assert (reader.email, reader.state) == (OLD, "active")


def test_an_address_the_reader_has_left_stops_nothing_any_more(
    reader: Subscriber,
) -> None:
    letter = asked(reader)
    told = reader.letters.get(kind="address_asked")
    consent.change_address(letter.pk)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        again = asked(reader, "third@example.net")
        consent.withdraw_address(told.pk)
        assert consent.change_address(again.pk) == reader


def test_no_other_letter_changes_or_stops_anything(reader: Subscriber) -> None:
    letter = asked(reader)
    other = Letter.objects.create(
        subscriber=reader, kind="address_changed", recipient="third@example.org"
    )
    assert consent.change_address(other.pk) is None
    consent.withdraw_address(other.pk)
    other.refresh_from_db()
    assert other.recipient == "third@example.org"
    assert consent.change_address(letter.pk) == reader


# --- limits ------------------------------------------------------------------------
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
    row = AskedAddress.objects.get()
    assert "example" not in f"{row} {row.address_hash} {row.times}"


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
    assert not AskedAddress.objects.exists()
    assert consent.change_address(letter.pk) is None


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_readers_who_ask_for_one_address_at_once_get_it_one_letter() -> None:
    readers = [a_reader() for _ in range(8)]
    # Asked before: a row that is made at once is waited for without any lock.
    before = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    hashed = Suppression.hash_of(NEW)
    AskedAddress.objects.create(address_hash=hashed, times=[before])
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


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_readers_who_swap_addresses_do_not_wait_for_each_other_for_ever() -> None:
    one, two = a_reader(email="one@example.org"), a_reader(email="two@example.org")
    letters = [
        Letter.objects.create(
            subscriber=mine, kind="new_address", recipient=other.email
        )
        for mine, other in ((one, two), (two, one))
    ]

    def press(letter: Letter) -> set[object]:
        try:
            return {consent.change_address(letter.pk) for _ in range(300)}
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(press, letters)) == [{None}, {None}]
