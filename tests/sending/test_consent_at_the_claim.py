"""Who must not be mailed is not mailed, whatever is owed to them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from subscriptions import consent
from subscriptions.models import Delivery, Letter, Mailing, Round, Subscriber
from subscriptions.sending.ledger import claims

from .rows import BEFORE, COVERED, a_digest, a_letter, a_reader, suppress

pytestmark = pytest.mark.django_db
State, Reader = Mailing.State, Subscriber.State
SOME_DAY = date(9998, 1, 1)


def after_a_claim(mail: Delivery | Letter) -> tuple[str, str]:
    claims.claim(type(mail), "host:1:a", 50)
    mail.refresh_from_db()
    return mail.state, mail.reason


@pytest.mark.parametrize(
    ("reader", "ends"),
    [
        (Reader.UNSUBSCRIBED, State.UNSUBSCRIBED),
        (Reader.PENDING, State.UNSUBSCRIBED),
        (Reader.SUPPRESSED, State.SUPPRESSED),
    ],
)
def test_a_digest_of_a_reader_who_is_not_active_ends(reader, ends):
    digest = a_digest(a_reader(state=reader))
    assert after_a_claim(digest)[0] == ends


def test_a_digest_to_an_address_on_the_suppression_list_ends():
    digest = a_digest(a_reader(email="Some.One@example.org"))
    suppress(digest.subscriber)
    assert after_a_claim(digest)[0] == State.SUPPRESSED


def test_an_address_suppressed_under_an_earlier_key_is_still_suppressed(settings):
    digest = a_digest()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    suppress(digest.subscriber)
    settings.SECRET_KEY = "a new key"
    assert after_a_claim(digest)[0] == State.SUPPRESSED


def test_a_lifted_suppression_stops_nothing():
    digest = a_digest()
    suppress(digest.subscriber)
    from subscriptions.models import Suppression

    Suppression.objects.update(lifted_at=timezone.now())
    assert after_a_claim(digest)[0] == State.LEASED


def test_a_digest_of_a_paused_reader_is_skipped():
    today = timezone.now().date()
    paused = a_digest(a_reader(paused_until=today + timedelta(days=3)))
    assert after_a_claim(paused) == (State.SKIPPED, "paused")


def test_a_pause_ends_on_the_readers_own_day():
    """In Kiritimati (UTC+14) a day has begun that Samoa (UTC-11) waits for."""
    tomorrow_there = (timezone.now() + timedelta(hours=14)).date()
    there = a_digest(a_reader(zone="Pacific/Kiritimati", paused_until=tomorrow_there))
    here = a_digest(a_reader(zone="Pacific/Pago_Pago", paused_until=tomorrow_there))
    assert after_a_claim(there)[0] == State.LEASED
    assert after_a_claim(here)[0] == State.SKIPPED


@pytest.mark.parametrize("kind", Letter.Kind.values)
def test_no_letter_goes_to_a_suppressed_address(kind):
    letter = a_letter(kind, a_reader(state=Reader.UNSUBSCRIBED))
    suppress(letter.subscriber)
    assert after_a_claim(letter)[0] == State.SUPPRESSED


@pytest.mark.parametrize(
    ("kind", "reader", "state"),
    [
        (Letter.Kind.CONFIRM, Reader.PENDING, State.LEASED),
        (Letter.Kind.CONFIRM, Reader.UNSUBSCRIBED, State.LEASED),
        (Letter.Kind.CONFIRM, Reader.ACTIVE, State.SKIPPED),
        (Letter.Kind.WELCOME, Reader.ACTIVE, State.LEASED),
        (Letter.Kind.WELCOME, Reader.UNSUBSCRIBED, State.UNSUBSCRIBED),
        (Letter.Kind.PREFERENCES, Reader.ACTIVE, State.LEASED),
        (Letter.Kind.GOODBYE, Reader.UNSUBSCRIBED, State.LEASED),
        (Letter.Kind.GOODBYE, Reader.ACTIVE, State.SKIPPED),
        (Letter.Kind.NO_MATCH, Reader.ACTIVE, State.LEASED),
        (Letter.Kind.NO_MATCH, Reader.UNSUBSCRIBED, State.UNSUBSCRIBED),
        (Letter.Kind.STILL_USEFUL, Reader.UNSUBSCRIBED, State.UNSUBSCRIBED),
    ],
)
def test_each_letter_goes_to_readers_in_the_state_it_is_for(kind, reader, state):
    assert after_a_claim(a_letter(kind, a_reader(state=reader)))[0] == state


@pytest.mark.parametrize(
    ("made", "state"), [("before", State.SKIPPED), ("after", State.LEASED)]
)
def test_a_confirm_letter_goes_to_one_who_left_only_if_asked_for_since(made, state):
    letter = a_letter(Letter.Kind.CONFIRM, a_reader(state=Reader.UNSUBSCRIBED))
    minute = timedelta(minutes=1 if made == "before" else -1)
    Subscriber.objects.update(unsubscribed_at=letter.created_at + minute)
    assert after_a_claim(letter)[0] == state


def test_a_confirm_letter_in_doubt_is_not_sent_again_to_one_who_left_meanwhile():
    letter = a_letter(Letter.Kind.CONFIRM, a_reader(state=Reader.PENDING))
    Letter.objects.update(state=State.IN_DOUBT, next_at=timezone.now())
    Subscriber.objects.update(state=Reader.UNSUBSCRIBED, unsubscribed_at=timezone.now())
    assert after_a_claim(letter) == (State.SKIPPED, "unsubscribed since")


def test_a_digest_in_doubt_of_one_who_left_meanwhile_stays_in_doubt():
    """They may have had it: not sent again, and its coverage is not given back."""
    digest = a_digest(state=State.IN_DOUBT, next_at=timezone.now())
    Subscriber.objects.update(state=Reader.UNSUBSCRIBED)
    assert after_a_claim(digest) == (
        State.IN_DOUBT,
        "in doubt: the reader is unsubscribed",
    )
    digest.refresh_from_db()
    assert digest.next_at is None
    assert digest.subscriber.covered == COVERED


def test_a_confirm_letter_goes_to_one_who_signs_up_again():
    reader = a_reader()
    consent.unsubscribe(reader.pk, "letter")
    consent.subscribe(reader.email, [], consent.Schedule())
    letter = Letter.objects.get(kind=Letter.Kind.CONFIRM)
    assert after_a_claim(letter)[0] == State.LEASED


def test_a_goodbye_is_not_said_to_one_who_took_it_back():
    reader = a_reader()
    consent.unsubscribe(reader.pk, "letter")
    consent.resubscribe(reader.pk)
    goodbye = Letter.objects.get(kind=Letter.Kind.GOODBYE)
    assert after_a_claim(goodbye) == (State.SKIPPED, "subscribed again")


def test_what_an_ended_digest_covered_comes_with_the_next_one():
    digest = a_digest(a_reader(state=Reader.UNSUBSCRIBED), first=True)
    after_a_claim(digest)
    digest.subscriber.refresh_from_db()
    assert digest.subscriber.covered == BEFORE
    assert digest.subscriber.awaits_first_digest


def test_a_leased_digest_keeps_its_coverage():
    digest = a_digest()
    after_a_claim(digest)
    digest.subscriber.refresh_from_db()
    assert digest.subscriber.covered == COVERED


def test_unsubscribing_after_the_claim_ends_it_before_the_mail_begins():
    digest = a_digest()
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    Subscriber.objects.update(state=Reader.UNSUBSCRIBED)
    assert not claims.still_wanted([lease])
    digest.refresh_from_db()
    assert digest.state == State.UNSUBSCRIBED


def test_suppressing_after_the_claim_ends_it_before_the_mail_begins():
    digest = a_digest()
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    suppress(digest.subscriber)
    assert not claims.still_wanted([lease])
    digest.refresh_from_db()
    assert digest.state == State.SUPPRESSED


def test_pausing_the_round_after_the_claim_puts_the_mail_back():
    digest = a_digest()
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    Round.objects.update(paused=True)
    assert not claims.still_wanted([lease])
    digest.refresh_from_db()
    assert (digest.state, digest.attempts) == (State.PENDING, 0)


def test_erasing_the_reader_after_the_claim_leaves_nothing_to_send():
    a_digest()
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    Subscriber.objects.all().delete()
    assert not claims.still_wanted([lease])


def test_a_mail_that_may_go_has_its_lease_renewed():
    digest = a_digest()
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    Delivery.objects.update(leased_until=timezone.now())
    assert claims.still_wanted([lease])
    digest.refresh_from_db()
    assert digest.leased_until > timezone.now() + timedelta(minutes=14)


# --- letters to another address than the reader's ------------------------------------
NEW = "new@example.com"


def test_a_letter_goes_to_its_own_recipient():
    letter = a_letter(Letter.Kind.NEW_ADDRESS, recipient=NEW)
    assert letter.address == NEW
    assert after_a_claim(letter)[0] == State.LEASED


def test_a_suppressed_recipient_is_not_asked_though_the_reader_may_be_mailed():
    letter = a_letter(Letter.Kind.NEW_ADDRESS, recipient=NEW)
    suppress(NEW)
    assert after_a_claim(letter)[0] == State.SUPPRESSED


def test_two_letters_to_one_suppressed_recipient_both_end():
    letters = [a_letter(Letter.Kind.NEW_ADDRESS, recipient=NEW) for _ in range(2)]
    suppress(NEW)
    assert [after_a_claim(each)[0] for each in letters] == [State.SUPPRESSED] * 2


@pytest.mark.parametrize(
    ("kind", "reader", "recipient", "state"),
    [
        (Letter.Kind.NEW_ADDRESS, Reader.ACTIVE, "", State.SKIPPED),
        (Letter.Kind.NEW_ADDRESS, Reader.ACTIVE, "now@example.org", State.SKIPPED),
        (Letter.Kind.NEW_ADDRESS, Reader.UNSUBSCRIBED, NEW, State.UNSUBSCRIBED),
        (Letter.Kind.ADDRESS_ASKED, Reader.ACTIVE, "now@example.org", State.LEASED),
        (Letter.Kind.ADDRESS_ASKED, Reader.ACTIVE, "old@example.org", State.SKIPPED),
        (Letter.Kind.ADDRESS_ASKED, Reader.ACTIVE, "", State.SKIPPED),
        (Letter.Kind.ADDRESS_CHANGED, Reader.ACTIVE, "old@example.org", State.LEASED),
        (Letter.Kind.ADDRESS_CHANGED, Reader.ACTIVE, "now@example.org", State.LEASED),
        (Letter.Kind.ADDRESS_CHANGED, Reader.ACTIVE, "", State.SKIPPED),
    ],
)
def test_letters_about_an_address_go_while_they_say_what_is_so(
    kind, reader, recipient, state
):
    reader = a_reader(email="now@example.org", state=reader)
    assert after_a_claim(a_letter(kind, reader, recipient=recipient))[0] == state


@pytest.mark.parametrize(
    ("silence", "state"), [("asked", State.LEASED), ("", State.SKIPPED)]
)
def test_nobody_is_asked_who_has_been_heard_from_meanwhile(silence, state):
    reader = a_reader(silence=silence, silence_at=timezone.now())
    assert after_a_claim(a_letter(Letter.Kind.STILL_USEFUL, reader))[0] == state


def test_who_paused_meanwhile_is_not_told_that_nothing_matched():
    paused = a_reader(paused_until=timezone.now().date() + timedelta(days=3))
    letter = a_letter(Letter.Kind.NO_MATCH, paused)
    assert after_a_claim(letter) == (State.SKIPPED, "paused")


@pytest.mark.parametrize(
    ("reader", "ends"),
    [
        ({"nothing_today": True}, (State.LEASED, "")),
        ({"nothing_today": False}, (State.SKIPPED, "not asked for any more")),
        (
            {"nothing_today": True, "paused_until": SOME_DAY},
            (State.SKIPPED, "paused"),
        ),
        (
            {"nothing_today": True, "state": Reader.UNSUBSCRIBED},
            (State.UNSUBSCRIBED, "the reader is unsubscribed"),
        ),
    ],
)
def test_an_empty_day_is_told_to_whom_still_wants_to_hear_of_it(reader, ends):
    letter = a_letter(Letter.Kind.NOTHING_TODAY, a_reader(**reader))
    assert after_a_claim(letter) == ends


def test_switched_off_after_the_claim_the_letter_is_not_sent():
    letter = a_letter(Letter.Kind.NOTHING_TODAY, a_reader(nothing_today=True))
    [lease] = claims.claim(Letter, "host:1:a", 50)
    consent.change_schedule(letter.subscriber_id, consent.Schedule(), False)
    assert not claims.still_wanted([lease])
    letter.refresh_from_db()
    assert letter.state == State.SKIPPED


def test_a_request_withdrawn_after_the_claim_is_not_sent():
    letter = a_letter(Letter.Kind.NEW_ADDRESS, recipient=NEW)
    [lease] = claims.claim(Letter, "host:1:a", 50)
    consent.withdraw_address(letter.pk)
    assert not claims.still_wanted([lease])
    letter.refresh_from_db()
    assert letter.state == State.SKIPPED


def test_a_mail_made_for_an_address_the_reader_has_left_is_made_again():
    digest = a_digest(a_reader(email="old@example.org"))
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    Subscriber.objects.update(email=NEW, email_folded=NEW)
    assert not claims.still_wanted([lease], None, {digest.pk: "old@example.org"})
    digest.refresh_from_db()
    assert (digest.state, digest.attempts) == (State.PENDING, 0)
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    assert claims.still_wanted([lease], None, {digest.pk: NEW})
