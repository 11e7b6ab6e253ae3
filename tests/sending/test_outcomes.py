"""What came of an attempt, and what the ledger makes of it."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, DeliveryEvent, Letter, Mailing
from subscriptions.sending.ledger import attempts, claims
from subscriptions.sending.outcome import Outcome

from .rows import BEFORE, COVERED, TUESDAY, a_digest, a_letter, recorded, wait_over

pytestmark = pytest.mark.django_db
State = Mailing.State

SENT = Outcome("sent", "dot", "250 2.0.0 taken", "2.0.0")
LATER = Outcome("deferred", "RCPT", "451 4.7.1 greylisted", "4.7.1")
GONE = Outcome("failed", "RCPT", "550 5.1.1 no such user", "5.1.1")
DOUBT = Outcome("in_doubt", "dot", "no reply: the relay closed the connection")
BROKEN = Outcome("deferred", "rendering", "it could not be made: KeyError")


def leased(mail: Delivery | Letter) -> attempts.Lease:
    [lease] = claims.claim(type(mail), "host:1:a", 50)
    assert lease.id == mail.pk
    return lease


def covered(digest: Delivery) -> dict[str, str]:
    digest.subscriber.refresh_from_db()
    return digest.subscriber.covered


def test_sent_is_final_with_its_time_and_the_reply():
    digest = a_digest()
    assert recorded(leased(digest), SENT) == State.SENT
    digest.refresh_from_db()
    digest.subscriber.refresh_from_db()
    assert (digest.state, digest.reason) == (State.SENT, "250 2.0.0 taken")
    assert digest.sent_at is not None and digest.lease_token is None
    assert digest.subscriber.last_mail_at is not None
    assert covered(digest) == COVERED


def test_a_letter_is_no_digest_for_the_rule_about_the_last_mail():
    letter = a_letter(Letter.Kind.PREFERENCES)
    recorded(leased(letter), SENT)
    letter.subscriber.refresh_from_db()
    assert letter.subscriber.last_mail_at is None


def test_deferred_is_tried_again_with_growing_pauses():
    digest = a_digest()
    pauses = []
    for attempt in range(1, 5):
        lease = leased(digest)
        assert lease.attempts == attempt
        assert recorded(lease, LATER) == State.DEFERRED
        digest.refresh_from_db()
        pauses.append(digest.next_at - timezone.now())
        wait_over(digest)
    expected = [timedelta(minutes=5) * 2**n for n in range(4)]
    for pause, middle in zip(pauses, expected, strict=True):
        assert middle * 0.7 < pause < middle * 1.3
    assert digest.reason == "451 4.7.1 greylisted"
    assert covered(digest) == COVERED


def test_pauses_differ_and_never_exceed_their_limit():
    pauses = {attempts._pause(40) for _ in range(20)}
    assert len(pauses) > 1
    assert max(pauses) <= attempts.LONGEST_RETRY * 1.25


def test_deferred_past_its_horizon_is_expired_and_comes_with_the_next_digest():
    digest = a_digest(expires_at=timezone.now() + timedelta(minutes=3))
    assert recorded(leased(digest), LATER) == State.EXPIRED
    digest.refresh_from_db()
    assert digest.reason == "not taken in time; last: 451 4.7.1 greylisted"
    assert covered(digest) == BEFORE


def test_failed_is_final_with_an_event_and_comes_with_the_next_digest():
    digest = a_digest()
    assert recorded(leased(digest), GONE) == State.FAILED
    event = DeliveryEvent.objects.get()
    assert (event.delivery_id, event.subscriber_id, event.type, event.status) == (
        digest.pk,
        digest.subscriber_id,
        "bounced",
        "5.1.1",
    )
    assert event.detail == "at RCPT: 550 5.1.1 no such user"
    assert covered(digest) == BEFORE


def test_a_letter_that_failed_leaves_an_event_of_the_reader():
    letter = a_letter(Letter.Kind.PREFERENCES)
    assert recorded(leased(letter), GONE) == State.FAILED
    event = DeliveryEvent.objects.get()
    assert (event.delivery_id, event.subscriber_id) == (None, letter.subscriber_id)


def test_a_bounce_of_another_address_is_no_event_of_the_reader():
    letter = a_letter(Letter.Kind.NEW_ADDRESS, recipient="new@example.com")
    assert recorded(leased(letter), GONE) == State.FAILED
    assert DeliveryEvent.objects.get().subscriber_id is None


def test_in_doubt_is_shown_so_and_sent_once_more_with_the_same_message_id():
    digest = a_digest()
    message_id = digest.message_id
    assert recorded(leased(digest), DOUBT) == State.IN_DOUBT
    digest.refresh_from_db()
    assert digest.state == State.IN_DOUBT
    assert digest.reason.startswith("in doubt: ")
    assert claims.claim(Delivery, "host:1:a", 50) == []
    wait_over(digest)
    again = leased(digest)
    assert again.again
    digest.refresh_from_db()
    assert digest.message_id == message_id
    assert covered(digest) == COVERED


def test_in_doubt_twice_is_left_alone():
    digest = a_digest()
    recorded(leased(digest), DOUBT)
    wait_over(digest)
    assert recorded(leased(digest), DOUBT) == State.IN_DOUBT
    digest.refresh_from_db()
    assert (digest.state, digest.next_at) == (State.IN_DOUBT, None)
    assert covered(digest) == COVERED


@pytest.mark.parametrize("outcome", [LATER, GONE, BROKEN])
def test_a_digest_whose_second_copy_is_not_taken_is_still_in_doubt(outcome):
    """The reader may have had the first: its papers do not come with the next one."""
    digest = a_digest()
    recorded(leased(digest), DOUBT)
    wait_over(digest)
    assert recorded(leased(digest), outcome) == State.IN_DOUBT
    digest.refresh_from_db()
    assert digest.reason.startswith("in doubt: ")
    assert (digest.next_at is None) == (outcome is GONE)
    assert covered(digest) == COVERED
    assert DeliveryEvent.objects.count() == (outcome is GONE)


def test_in_doubt_is_not_sent_again_after_its_horizon():
    digest = a_digest()
    recorded(leased(digest), DOUBT)
    Delivery.objects.update(expires_at=timezone.now(), next_at=timezone.now())
    assert claims.claim(Delivery, "host:1:a", 50) == []
    digest.refresh_from_db()
    assert digest.state == State.IN_DOUBT


def test_a_mail_that_cannot_be_made_is_quarantined_at_the_third_attempt():
    digest = a_digest()
    states = []
    for _ in range(3):
        states.append(recorded(leased(digest), BROKEN))
        wait_over(digest)
    assert states == [State.DEFERRED, State.DEFERRED, State.QUARANTINED]
    assert covered(digest) == BEFORE


def test_a_mail_that_waited_for_its_server_is_not_quarantined_the_first_time():
    """What keeps it from being made may be the database, for a moment."""
    digest = a_digest()
    states = []
    for outcome in (LATER, LATER, BROKEN, BROKEN):
        states.append(recorded(leased(digest), outcome))
        wait_over(digest)
    assert states == [State.DEFERRED] * 3 + [State.QUARANTINED]


@pytest.mark.parametrize("outcome", [SENT, LATER, GONE, DOUBT, BROKEN])
def test_a_stale_sender_writes_nothing(outcome):
    digest = a_digest()
    stale = leased(digest)._replace(token=uuid.uuid4().hex)
    before = Delivery.objects.filter(pk=digest.pk).values().get()
    assert recorded(stale, outcome) is None
    assert not claims.still_wanted([stale])
    attempts.release([stale])
    assert Delivery.objects.filter(pk=digest.pk).values().get() == before
    assert not DeliveryEvent.objects.exists()
    assert covered(digest) == COVERED


def test_an_outcome_is_written_once():
    lease = leased(a_digest())
    assert recorded(lease, SENT) == State.SENT
    assert recorded(lease, GONE) is None


def test_a_released_mail_is_as_if_it_had_never_been_claimed():
    digest = a_digest()
    attempts.release([leased(digest)])
    digest.refresh_from_db()
    assert (digest.state, digest.attempts, digest.lease_token) == ("pending", 0, None)


def test_a_released_mail_that_was_in_doubt_is_in_doubt_again():
    digest = a_digest()
    recorded(leased(digest), DOUBT)
    wait_over(digest)
    attempts.release([leased(digest)])
    digest.refresh_from_db()
    assert (digest.state, digest.attempts) == (State.IN_DOUBT, 1)
    assert leased(digest).again


def test_the_totals_of_a_due_date_have_every_state():
    for state in (State.SENT, State.SENT, State.SKIPPED):
        a_digest(state=state)
    a_digest(due_date=TUESDAY + timedelta(days=1))
    zeros = dict.fromkeys(State.values, 0)
    assert Delivery.objects.by_state(TUESDAY) == zeros | {"sent": 2, "skipped": 1}


def test_a_tally_counts_what_ended_at_the_claim():
    a_digest(expires_at=timezone.now())
    a_digest(expires_at=timezone.now())
    tally: Counter[str] = Counter()
    claims.claim(Delivery, "host:1:a", 50, tally=tally)
    assert tally == {"expired": 2}
