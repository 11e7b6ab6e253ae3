"""Rule 18: horizons stand still while a round is paused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Mailing, Round
from subscriptions.sending.brakes import pauses
from subscriptions.sending.ledger import claims

from .rows import a_digest

pytestmark = pytest.mark.django_db
State = Mailing.State
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def claimed() -> list[int]:
    return [lease.id for lease in claims.claim(Delivery, "host:1:a", 50)]


def test_rule_18_what_waits_longer_than_its_horizon_in_a_pause_is_sent_after_it():
    now = timezone.now()
    soon = now + MINUTE
    waiting = a_digest(expires_at=soon)
    tried = a_digest(expires_at=soon, state=State.DEFERRED, next_at=now - MINUTE)
    # As if all this had been a day ago.
    Delivery.objects.update(created_at=now - DAY, expires_at=soon - DAY)
    paused = Round.objects.get()
    pauses.pause_round(paused, now - DAY)
    assert claimed() == []
    pauses.resume_round(paused, now)
    assert sorted(claimed()) == [waiting.pk, tried.pk]


def test_rule_18_a_horizon_goes_on_from_where_it_stood():
    now = timezone.now()
    before = a_digest(expires_at=now + 5 * HOUR)
    Delivery.objects.update(created_at=now - HOUR)
    round_ = Round.objects.get()
    pauses.pause_round(round_, now)
    pauses.pause_round(round_, now + HOUR)  # the second is none
    meanwhile = a_digest(expires_at=now + 22 * HOUR)
    Delivery.objects.filter(pk=meanwhile.pk).update(created_at=now + 2 * HOUR)
    pauses.resume_round(round_, now + 3 * HOUR)
    before.refresh_from_db()
    meanwhile.refresh_from_db()
    assert before.expires_at == now + 8 * HOUR
    assert meanwhile.expires_at == now + 23 * HOUR


def test_rule_18_resuming_moves_no_horizon_of_another_round_or_of_what_has_ended():
    past = timezone.now() - MINUTE
    sent = a_digest(expires_at=past, state=State.SENT)
    paused = sent.round
    other = a_digest(expires_at=past, due_date=sent.due_date + timedelta(days=1))
    pauses.pause_round(paused, timezone.now())
    pauses.resume_round(paused, timezone.now())
    for digest in (sent, other):
        digest.refresh_from_db()
        assert digest.expires_at == past


def test_rule_18_resuming_a_round_that_is_not_paused_moves_no_horizon():
    digest = a_digest(expires_at=timezone.now() - MINUTE)
    pauses.resume_round(Round.objects.get(), timezone.now())
    assert claimed() == []
    digest.refresh_from_db()
    assert digest.state == State.EXPIRED
