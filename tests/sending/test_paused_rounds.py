"""Rule 18: horizons stand still while a round is paused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Mailing, Round
from subscriptions.models.mailings import HORIZON
from subscriptions.sending import claims

from .rows import a_digest

pytestmark = pytest.mark.django_db
State = Mailing.State
MINUTE = timedelta(minutes=1)


def claimed() -> list[int]:
    return [lease.id for lease in claims.claim(Delivery, "host:1:a", 50)]


def test_rule_18_what_waits_longer_than_its_horizon_in_a_pause_is_sent_after_it():
    past = timezone.now() - MINUTE
    waiting = a_digest(expires_at=past)
    tried = a_digest(expires_at=past, state=State.DEFERRED, next_at=past)
    paused = Round.objects.get()
    paused.pause()
    assert claimed() == []
    paused.resume(timezone.now())
    assert sorted(claimed()) == [waiting.pk, tried.pk]


def test_rule_18_after_a_pause_the_whole_horizon_is_there_again():
    waiting = a_digest(expires_at=timezone.now() - MINUTE)
    now = timezone.now()
    Round.objects.get().pause()
    Round.objects.get().resume(now)
    waiting.refresh_from_db()
    assert waiting.expires_at == now + HORIZON


def test_rule_18_resuming_moves_no_horizon_of_another_round_or_of_what_has_ended():
    past = timezone.now() - MINUTE
    sent = a_digest(expires_at=past, state=State.SENT)
    paused = sent.round
    other = a_digest(expires_at=past, due_date=sent.due_date + timedelta(days=1))
    paused.pause()
    paused.resume(timezone.now())
    for digest in (sent, other):
        digest.refresh_from_db()
        assert digest.expires_at == past


def test_rule_18_resuming_a_round_that_is_not_paused_moves_no_horizon():
    digest = a_digest(expires_at=timezone.now() - MINUTE)
    Round.objects.get().resume(timezone.now())
    assert claimed() == []
    digest.refresh_from_db()
    assert digest.state == State.EXPIRED
