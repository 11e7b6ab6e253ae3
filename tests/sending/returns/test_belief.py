"""Forged, replayed, misdirected or late: nothing changes (bad inputs 43 and 44)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from subscriptions import links
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Letter,
    Subscriber,
    Suppression,
)
from subscriptions.sending import returns
from tests.sending.rows import a_digest, a_letter, a_reader

from .mails import Target, arf, dsn, failed, group, mail


def test_the_same_report_twice_is_one_event(digest: Delivery) -> None:
    raw = failed(Target.of(digest), "5.1.1")
    assert returns.take(raw).new
    assert not returns.take(raw).new
    assert DeliveryEvent.objects.count() == 1


def test_a_report_that_comes_again_in_other_words_on_another_day_suppresses_nobody(
    digest: Delivery,
) -> None:
    target = Target.of(digest)
    returns.take(failed(target, "5.1.1", "550 5.1.1 no such user"))
    for days in (1, 2, 3):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            again = failed(target, "5.1.1", f"550 5.1.1 {days}", Date=f"{days}")
            assert not returns.take(again).new
    assert state(digest) == "active"


def test_a_delay_and_then_the_failure_are_two_events(digest: Delivery) -> None:
    target = Target.of(digest)
    returns.take(dsn(target, group(target.reader, "delayed", "4.4.1")))
    returns.take(failed(target, "5.1.1"))
    kinds = DeliveryEvent.objects.order_by("id").values_list("type", flat=True)
    assert list(kinds) == ["deferred", "bounced"]


@pytest.mark.parametrize("make", [lambda t: failed(t, "5.1.1"), arf])
def test_a_report_of_a_mail_older_than_ninety_days_changes_nothing(
    make: Any, digest: Delivery
) -> None:
    raw = make(Target.of(digest))
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert "older than 90 days" in returns.take(raw).why
    assert not DeliveryEvent.objects.exists()


def test_every_changed_character_of_the_sign_makes_it_no_address_of_ours(
    digest: Delivery,
) -> None:
    address = links.envelope_sender("digest", digest.pk)
    name, _, domain = address.partition("@")
    start = name.index("+") + 1
    for at in range(start, len(name)):
        changed = "7" if name[at] != "7" else "6"
        forged = f"{name[:at]}{changed}{name[at + 1 :]}@{domain}"
        with pytest.raises(links.BadLink):
            links.read_mailbox(forged)


def test_a_sign_for_one_reader_says_nothing_of_another(digest: Delivery) -> None:
    other = a_digest(a_reader(), state="sent", sent_at=timezone.now())
    target = Target.of(other)
    raw = failed(target, "5.1.1", to=Target.of(digest).bounce)
    assert "another recipient" in returns.take(raw).why


def test_a_sign_made_under_an_earlier_key_is_still_ours(
    digest: Delivery, settings: Any
) -> None:
    raw = failed(Target.of(digest), "5.1.1")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert returns.take(raw).type == "bounced"
    settings.SECRET_KEY_FALLBACKS = []
    assert "no mail of ours" in returns.take(raw).why


def test_a_report_about_the_address_the_reader_left_says_nothing_of_the_new_one(
    digest: Delivery,
) -> None:
    raw = dsn(Target.of(digest), group("(redacted)", status="5.1.1"))
    Subscriber.objects.update(address_changed_at=timezone.now())
    assert "earlier address" in returns.take(raw).why


def test_a_complaint_suppresses_for_good_and_ends_what_waits(digest: Delivery) -> None:
    waiting = a_digest(digest.subscriber, due_date=digest.due_date + timedelta(1))
    returns.take(arf(Target.of(digest)))
    assert state(digest) == "suppressed"
    assert Suppression.objects.get().reason == "complained"
    waiting.refresh_from_db()
    assert waiting.state == "suppressed"


def test_a_complaint_taken_again_after_the_operator_lifted_it_changes_nothing(
    digest: Delivery,
) -> None:
    from subscriptions import consent

    raw = arf(Target.of(digest))
    returns.take(raw)
    consent.lift(Suppression.objects.get().pk)
    assert not returns.take(raw).new
    assert not Suppression.objects.standing().exists()


def test_a_bounce_after_a_complaint_leaves_the_complaint_standing(
    digest: Delivery,
) -> None:
    from subscriptions import consent

    returns.take(arf(Target.of(digest)))
    consent.suppress(digest.subscriber_id, Suppression.Reason.BOUNCED)
    assert Suppression.objects.get().reason == "complained"


def test_a_complaint_of_who_was_asked_as_a_new_address_is_theirs(
    digest: Delivery,
) -> None:
    letter = a_letter(
        "new_address", digest.subscriber, recipient="new@example.net", state="sent"
    )
    returns.take(arf(Target.of(letter)))
    assert state(digest) == "active"
    assert Suppression.objects.of("new@example.net").standing().exists()


@pytest.mark.parametrize("kind", ["new_address", "address_asked", "address_changed"])
def test_a_complaint_about_a_letter_to_an_address_that_is_forgotten_is_nobodys(
    kind: str, digest: Delivery
) -> None:
    letter = a_letter(
        kind, digest.subscriber, recipient="other@example.net", state="sent"
    )
    raw = arf(Target.of(letter))
    Letter.objects.update(recipient="")  # withdrawn, or a week ago
    assert "not kept" in returns.take(raw).why
    assert state(digest) == "active"
    assert not Suppression.objects.exists()


def test_a_complaint_about_a_letter_to_the_address_they_left_is_not_of_the_new_one(
    digest: Delivery,
) -> None:
    letter = a_letter("preferences", digest.subscriber, state="sent")
    raw = arf(Target.of(letter))
    Subscriber.objects.update(address_changed_at=timezone.now())
    assert "earlier address" in returns.take(raw).why
    assert state(digest) == "active"


def test_a_bounce_of_a_letter_is_the_letters(digest: Delivery) -> None:
    letter = a_letter("welcome", digest.subscriber, state="sent")
    returns.take(failed(Target.of(letter), "5.1.1"))
    event = DeliveryEvent.objects.get()
    assert (event.letter, event.delivery) == (letter, None)


def test_a_mail_of_a_reader_who_was_erased_changes_nothing(digest: Delivery) -> None:
    raw = failed(Target.of(digest), "5.1.1")
    digest.subscriber.delete()
    assert "gone" in returns.take(raw).why


def test_nothing_is_taken_where_no_bounce_address_is_set(
    digest: Delivery, settings: Any
) -> None:
    raw = failed(Target.of(digest), "5.1.1")
    settings.BOUNCE_ADDRESS = ""
    assert returns.take(raw).why


def test_a_forged_report_is_logged_without_an_address(
    digest: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    returns.take(mail("bounces+d1-aaaaaaaaaaaaaaaaaaaaaaaaaa@papers.example.org", ""))
    assert "changes nothing" in caplog.text
    assert "@" not in caplog.text


def state(digest: Delivery) -> str:
    return Subscriber.objects.get(pk=digest.subscriber_id).state
