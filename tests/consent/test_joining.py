"""Sign-up, confirmation and import."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction

from subscriptions import consent
from subscriptions.models import (
    ConsentRecord,
    Letter,
    Subscriber,
    Suppression,
    TopicFilter,
)
from tests.factories import TUESDAY, a_reader, an_edition

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)
WANTED = [consent.Wanted("Gradient", "gradient", "Optimisers")]
EIGHT = consent.Schedule(zone="Europe/Berlin", hour=7)


def ask(address: str = "reader@example.org", **given: object) -> None:
    consent.subscribe(address, **{"wanted": WANTED, "schedule": EIGHT} | given)


def reader() -> Subscriber:
    return Subscriber.objects.get()


def test_a_sign_up_is_pending_and_owes_one_confirm_letter() -> None:
    ask()
    assert reader().state == "pending"
    assert (reader().zone, reader().hour) == ("Europe/Berlin", 7)
    assert [each.label for each in reader().subscriptions.all()] == ["Optimisers"]
    letter = Letter.objects.get()
    assert (letter.kind, letter.state) == ("confirm", "pending")
    assert letter.message_id.startswith("<")


def test_the_words_agreed_to_are_kept() -> None:
    ask()
    consent.confirm(reader().pk)
    actions = ConsentRecord.objects.order_by("id").values_list("action", "text")
    assert list(actions) == [("asked", consent.WORDS), ("confirmed", consent.WORDS)]


def test_equal_addresses_are_one_reader() -> None:
    ask("Reader@Example.ORG")
    ask("reader@example.org")
    assert Subscriber.objects.count() == 1
    assert reader().email == "Reader@Example.ORG"


def test_equal_filters_of_two_readers_are_one_row() -> None:
    ask("one@example.org")
    ask("two@example.org")
    assert TopicFilter.objects.count() == 1


def test_one_confirm_letter_a_day_and_three_a_week_whatever_is_asked() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        letters = []
        for _ in range(7):
            for _ in range(4):
                ask()
            letters.append(Letter.objects.count())
            clock.shift(timedelta(days=1, seconds=1))
    assert letters == [1, 2, 3, 3, 3, 3, 3]


@pytest.mark.parametrize(
    "spellings",
    [
        ("ann@example.org", "ann+papers@example.org", "Ann+x+y@EXAMPLE.org"),
        ("ann.b@gmail.com", "a.n.n.b@gmail.com", "annb+papers@googlemail.com"),
    ],
    ids=["tags", "dots"],
)
def test_one_inbox_is_asked_once_a_day_however_its_address_is_spelt(
    spellings: tuple[str, ...],
) -> None:
    for address in spellings:
        ask(address)
    assert Letter.objects.count() == 1


@pytest.mark.parametrize(("reason", "letters"), [("complained", 0), ("bounced", 1)])
def test_who_reported_a_mail_is_asked_under_no_tag_either(
    reason: str, letters: int
) -> None:
    consent.suppress_address("ann@example.org", reason)
    ask("ann+papers@example.org")
    assert Letter.objects.count() == letters


def test_other_inboxes_are_asked_each() -> None:
    for address in ("a.b@example.org", "ab@example.org", "+a@x.org", "+b@x.org"):
        ask(address)
    assert Letter.objects.count() == 4


def test_an_active_reader_is_sent_the_preferences_link_and_keeps_all_else() -> None:
    known = a_reader(email="reader@example.org", hour=9)
    ask()
    known.refresh_from_db()
    assert (known.state, known.hour) == ("active", 9)
    assert known.subscriptions.count() == 0
    assert Letter.objects.get().kind == "preferences"


def test_a_suppressed_address_is_neither_stored_nor_mailed() -> None:
    Suppression.objects.create(
        address_hash=Suppression.hash_of("reader@example.org"), reason="complained"
    )
    ask("READER@example.org")
    assert not Subscriber.objects.exists()
    assert not Letter.objects.exists()


def test_a_lifted_suppression_no_longer_stands_in_the_way() -> None:
    Suppression.objects.create(
        address_hash=Suppression.hash_of("reader@example.org"),
        reason="bounced",
        lifted_at=NOW,
    )
    ask()
    assert Letter.objects.count() == 1


def test_confirming_makes_active_and_due_at_once() -> None:
    ask()
    confirmed = consent.confirm(reader().pk)
    assert confirmed.state == "active"
    assert confirmed.awaits_first_digest


def test_confirming_again_changes_nothing() -> None:
    ask()
    consent.confirm(reader().pk)
    Subscriber.objects.update(awaits_first_digest=False)
    consent.confirm(reader().pk)
    assert not reader().awaits_first_digest
    assert ConsentRecord.objects.filter(action="confirmed").count() == 1


def test_rule_8_coverage_starts_before_the_newest_edition_of_each_source() -> None:
    an_edition(source="hf", day=date(2026, 7, 3))
    an_edition(source="hf", day=date(2026, 7, 6))
    an_edition(source="arxiv", day=TUESDAY)
    an_edition(source="arxiv", day=date(2026, 7, 9))
    ask()
    with time_machine.travel(NOW, tick=False):
        consent.confirm(reader().pk)
    assert reader().covered == {"hf": "2026-07-05", "arxiv": "2026-07-06"}


def test_a_reader_who_left_stays_gone_until_the_new_letter_is_confirmed() -> None:
    ask()
    consent.confirm(reader().pk)
    consent.unsubscribe(reader().pk, "digest")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        ask(wanted=[consent.Wanted("survey", "survey")])
        assert reader().state == "unsubscribed"
        assert [each.text for each in reader().subscriptions.all()] == ["Gradient"]
        consent.confirm(reader().pk)
    assert reader().state == "active"
    assert [each.text for each in reader().subscriptions.all()] == ["survey"]
    assert reader().recheck_had is False  # there were no digests to look up


def test_the_link_of_an_earlier_return_brings_back_what_they_had_when_they_left() -> (
    None
):
    gone = a_reader(email="reader@example.org", state="unsubscribed")
    ask()
    consent.confirm(gone.pk)
    consent.add_filter(gone.pk, consent.Wanted("survey", "survey"))
    consent.unsubscribe(gone.pk, "digest")
    consent.confirm(gone.pk)
    assert [each.text for each in gone.subscriptions.all()] == ["Gradient", "survey"]


def test_who_left_in_a_pause_and_signs_up_again_is_not_paused() -> None:
    """Confirming makes due at once (rounds.md 15)."""
    ask()
    consent.confirm(reader().pk)
    consent.pause(reader().pk, date(2099, 1, 1))
    consent.unsubscribe(reader().pk, "digest")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        ask()
        assert reader().paused_until == date(2099, 1, 1)  # not before they confirm
        consent.confirm(reader().pk)
    assert reader().paused_until is None


def test_an_import_with_a_date_is_active_and_due_after_now() -> None:
    asked = datetime(2025, 1, 1, tzinfo=UTC)
    with time_machine.travel(NOW, tick=False):
        assert consent.add_imported("reader@example.org", WANTED, EIGHT, asked)
    assert reader().state == "active"
    assert reader().due_after == NOW
    assert not reader().awaits_first_digest
    assert not Letter.objects.exists()


def test_an_import_without_a_date_is_asked_to_confirm() -> None:
    assert consent.add_imported("reader@example.org", WANTED, EIGHT, None)
    assert reader().state == "pending"
    assert Letter.objects.get().kind == "confirm"


@pytest.mark.parametrize("state", ["active", "unsubscribed", "suppressed", "pending"])
def test_an_import_never_touches_a_known_address(state: str) -> None:
    a_reader(email="reader@example.org", state=state)
    assert not consent.add_imported("Reader@example.org", WANTED, EIGHT, NOW)
    assert reader().state == state


def test_asking_again_and_again_leaves_one_record_for_each_letter() -> None:
    for _ in range(5):
        ask()
    assert ConsentRecord.objects.count() == Letter.objects.count() == 1


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_two_sign_ups_with_the_same_new_filters_do_not_wait_for_each_other() -> None:
    words = [f"word{number}" for number in range(15)]

    def sign_up(number: int) -> None:
        some = words if number % 2 else words[::-1]
        wanted = [
            consent.Wanted(f"{w}{number // 2}", f"{w}{number // 2}") for w in some
        ]
        try:
            ask(f"reader{number}@example.org", wanted=wanted)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sign_up, range(40)))
    assert Subscriber.objects.count() == 40


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
def test_who_signs_up_while_an_earlier_sign_up_is_erased_is_asked_all_the_same() -> (
    None
):
    ask()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):

        def again() -> None:
            try:
                ask()
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                consent.erase(reader().pk)
                second = pool.submit(again)
                wait([second], timeout=0.5)  # it has found the row and waits for it
            second.result()
    assert reader().letters.count() == 1
