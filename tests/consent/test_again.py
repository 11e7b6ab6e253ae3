"""An address suppressed for its bounces comes back by confirming one letter a month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from subscriptions import consent
from subscriptions.models import Delivery, Letter, Subscriber, Suppression
from subscriptions.sending.ledger.refusals import refusal, suppressed_among
from subscriptions.sending.ledger.statements import owed
from tests.sending.rows import a_digest, a_reader

pytestmark = pytest.mark.django_db
Reason = Suppression.Reason
WANTED = [consent.Wanted("graphs", "graphs")]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 7, 7, 9, tzinfo=UTC)) as travelling:
        yield travelling


@pytest.fixture
def reader() -> Subscriber:
    reader = a_reader(email="reader@example.org")
    consent.suppress(reader.pk, Reason.BOUNCED, "no such mailbox, on 2 days")
    return reader


def ask() -> None:
    consent.subscribe("Reader@example.org", WANTED, consent.Schedule())


def may_go(mail: Delivery | Letter) -> bool:
    rows = owed(type(mail).objects.filter(pk=mail.pk))
    return refusal(rows[0], suppressed_among(rows)) is None


def test_signing_up_again_writes_a_letter_that_goes_out(reader: Subscriber) -> None:
    ask()
    letter = Letter.objects.get()
    assert letter.kind == "confirm"
    assert may_go(letter)


def test_nothing_else_goes_out_to_the_address(reader: Subscriber) -> None:
    ask()
    digest = a_digest(reader)
    assert not may_go(digest)


def test_confirming_lifts_it_and_brings_what_was_asked_for(reader: Subscriber) -> None:
    ask()
    assert consent.confirm(reader.pk).state == "active"
    assert not Suppression.objects.standing().exists()
    assert reader.subscriptions.get().text == "graphs"
    digest = a_digest(reader)
    assert may_go(digest)


def test_one_letter_in_thirty_days(
    reader: Subscriber, clock: time_machine.Traveller
) -> None:
    ask()
    for days in (2, 10, 29):
        clock.move_to(datetime(2026, 7, 7, 9, tzinfo=UTC) + timedelta(days=days))
        ask()
    assert Letter.objects.count() == 1
    clock.shift(timedelta(days=2))
    ask()
    assert Letter.objects.count() == 2


def test_erasing_oneself_in_between_brings_no_second_letter(
    reader: Subscriber, clock: time_machine.Traveller
) -> None:
    ask()
    consent.erase(reader.pk)
    clock.shift(timedelta(days=8))
    ask()
    assert not Letter.objects.exists()


def test_one_who_was_erased_comes_back_the_same_way(reader: Subscriber) -> None:
    consent.erase(reader.pk)
    ask()
    anew = Subscriber.objects.get()
    assert may_go(Letter.objects.get())
    assert consent.confirm(anew.pk).state == "active"
    assert not Suppression.objects.standing().exists()


@pytest.mark.parametrize("reason", [Reason.COMPLAINED, Reason.OPERATOR])
def test_no_other_suppression_is_lifted_so(reason: str) -> None:
    reader = a_reader(email="reader@example.org")
    consent.suppress(reader.pk, reason)
    ask()
    assert not Letter.objects.exists()
    assert consent.confirm(reader.pk).state == "suppressed"
    assert Suppression.objects.standing().exists()


def test_a_complaint_meanwhile_stops_the_letter_and_the_link(
    reader: Subscriber,
) -> None:
    ask()
    consent.suppress(reader.pk, Reason.COMPLAINED)
    letter = Letter.objects.get()
    letter.subscriber.refresh_from_db()
    assert not may_go(letter)
    assert consent.confirm(reader.pk).state == "suppressed"


def test_a_complaint_in_the_same_instant_counts_for_more() -> None:
    with time_machine.travel(datetime(2026, 7, 7, 9, tzinfo=UTC), tick=False):
        reader = a_reader(email="reader@example.org")
        consent.suppress(reader.pk, Reason.BOUNCED)
        ask()
        consent.suppress(reader.pk, Reason.COMPLAINED)
        assert consent.confirm(reader.pk).state == "suppressed"


def test_a_link_from_before_the_suppression_lifts_nothing(reader: Subscriber) -> None:
    assert consent.confirm(reader.pk).state == "suppressed"
    assert Suppression.objects.standing().exists()


def test_a_link_from_before_the_next_suppression_lifts_nothing(
    reader: Subscriber, clock: time_machine.Traveller
) -> None:
    ask()
    consent.confirm(reader.pk)
    clock.shift(timedelta(days=1))
    consent.suppress(reader.pk, Reason.BOUNCED)
    assert consent.confirm(reader.pk).state == "suppressed"


def test_an_import_brings_nobody_back(reader: Subscriber) -> None:
    now = datetime(2026, 7, 7, tzinfo=UTC)
    assert not consent.add_imported(reader.email, WANTED, consent.Schedule(), now)
