"""Senders that were all stopped for long, and what is held after it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from subscriptions import sending
from subscriptions.models import Delivery, Letter, Mailing
from subscriptions.sending.ledger import claims
from subscriptions.sending.recovery import journal, senders
from subscriptions.sending.recovery.journal import Journal

from .rows import TUESDAY, a_digest, a_letter
from .test_journal import ELSEWHERE, after, leased, recover_elsewhere, run_out
from .test_outcomes import SENT

pytestmark = pytest.mark.django_db
State = Mailing.State


@pytest.fixture
def dead(settings, tmp_path: Path) -> Journal:
    """A sender's journal; `close` is its death."""
    settings.VAR_DIR = tmp_path
    (tmp_path / "senders").mkdir()
    return Journal(tmp_path / "senders", "host:1:dead")


def test_an_operator_decides_about_held_letters_too_with_all_that_is_held(
    settings, tmp_path
):
    settings.VAR_DIR = tmp_path
    digest, letter = a_digest(), a_letter(Letter.Kind.PREFERENCES)
    for model in (Delivery, Letter):
        claims.claim(model, ELSEWHERE, 1)
        model.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    senders.recover()
    assert sending.release_held(TUESDAY) == 1
    assert [x.id for x in claims.claim(Delivery, "host:2:b", 50)] == [digest.pk]
    assert claims.claim(Letter, "host:2:b", 50) == []
    assert sending.release_held() == 1
    [again] = claims.claim(Letter, "host:2:b", 50)
    assert (again.id, again.again) == (letter.pk, True)


def test_a_second_copy_of_a_host_that_was_away_too_is_still_in_doubt(dead):
    """The first host may have sent the first."""
    digest = a_digest()
    claims.claim(Delivery, ELSEWHERE, 1)
    run_out()
    senders.recover()
    sending.release_held()
    dead.preparing(claims.claim(Delivery, dead.owner, 1))
    dead.prepared()
    run_out()
    recover_elsewhere()
    assert after(dead)[0][0] == State.IN_DOUBT
    [again] = claims.claim(Delivery, "host:2:b", 1)
    assert (again.id, again.again) == (digest.pk, True)


def test_what_one_sender_takes_over_is_not_held_by_another(dead, monkeypatch):
    """All senders were stopped for longer than a lease, and two begin at once."""
    sent, doubtful, _ = leased(dead, 3)
    dead.begun(sent)
    dead.ended(sent, SENT)
    dead.begun(doubtful)
    run_out()
    record = senders.attempts.record

    def and_another_looks(outcomes):
        recover_elsewhere()
        return record(outcomes)

    monkeypatch.setattr(senders.attempts, "record", and_another_looks)
    assert [state for state, *_ in after(dead)] == [
        State.SENT,
        State.IN_DOUBT,
        State.PENDING,
    ]
    assert not sending.held()


def test_after_a_power_cut_a_second_sender_gives_nothing_back_of_what_was_offered(
    dead, monkeypatch
):
    """The first has the lock of the journal, as if it were alive, and is reading it."""
    leased(dead, 2)
    run_out()
    monkeypatch.setattr(journal, "boot", lambda: "another")
    senders.recover()
    assert sending.held().count() == 2
    assert [state for state, *_ in after(dead)] == [State.IN_DOUBT] * 2
    assert not sending.held()
