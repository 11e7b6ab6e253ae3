"""A sender that died: what it held goes to others, and what killed it does not."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Letter, Mailing
from subscriptions.sending import ledger, recovery

from .rows import BEFORE, a_digest, a_letter

pytestmark = pytest.mark.django_db
State = Mailing.State


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "senders"


def crash(model: type[Delivery] | type[Letter] = Delivery, limit: int = 50) -> int:
    """A sender claims and is gone, as after kill -9; how many mails it had."""
    with suppress(ZeroDivisionError), recovery.sender() as owner:
        held = len(ledger.claim(model, owner, limit))
        raise ZeroDivisionError
    return held


def test_a_living_sender_keeps_its_leases(folder):
    digest = a_digest()
    with recovery.sender() as owner:
        ledger.claim(Delivery, owner, 50)
        recovery.recover()
        digest.refresh_from_db()
        assert (digest.state, digest.lease_owner) == (State.LEASED, owner)
        assert [path.stem for path in folder.iterdir()] == [owner]
    assert list(folder.iterdir()) == []


def test_a_sender_that_is_starting_is_not_to_be_seen_before_its_lock_is_held(
    folder, monkeypatch
):
    """Or another's `recover` takes it for dead."""
    lock = fcntl.flock
    visible: list[list[Path]] = []

    def noting(held: int, how: int) -> None:
        visible.append(list(folder.glob("*.lock")))
        lock(held, how)

    monkeypatch.setattr(fcntl, "flock", noting)
    with recovery.sender() as owner:
        assert visible == [[]]
        recovery.recover()
        assert [path.name for path in folder.iterdir()] == [f"{owner}.lock"]


def test_a_sender_that_died_with_mails_is_told_of_and_one_without_is_not(caplog):
    assert crash() == 0
    recovery.recover()
    assert caplog.messages == []
    a_digest()
    a_letter(Letter.Kind.PREFERENCES)
    crash(Delivery)
    crash(Letter)
    recovery.recover()
    assert [text.partition("; ")[2] for text in caplog.messages] == [
        "it had 1 mails"
    ] * 2


def test_what_a_dead_sender_held_waits_again_with_the_same_message_id(folder):
    mails = [a_digest(), a_letter(Letter.Kind.PREFERENCES)]
    crash(Delivery)
    crash(Letter)
    recovery.recover()
    for mail in mails:
        message_id = mail.message_id
        mail.refresh_from_db()
        assert (mail.state, mail.attempts, mail.message_id, mail.lease_token) == (
            State.PENDING,
            1,
            message_id,
            None,
        )
    assert list(folder.iterdir()) == []


def test_the_leases_of_another_host_run_out_by_time():
    late, early = a_digest(), a_digest()
    ledger.claim(Delivery, "elsewhere:1:a", 50)
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(pk=late.pk).update(leased_until=past)
    recovery.recover()
    late.refresh_from_db()
    early.refresh_from_db()
    assert (late.state, early.state) == (State.PENDING, State.LEASED)


def test_a_sender_that_comes_back_late_writes_nothing():
    from .test_outcomes import SENT

    digest = a_digest()
    [stale] = ledger.claim(Delivery, "elsewhere:1:a", 50)
    Delivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    recovery.recover()
    [fresh] = ledger.claim(Delivery, "host:2:b", 50)
    assert not ledger.still_wanted(stale)
    assert ledger.record(stale, SENT) is None
    assert ledger.record(fresh, SENT) == State.SENT
    digest.refresh_from_db()
    assert digest.state == State.SENT


def test_after_a_crash_mails_are_claimed_alone_and_after_the_others():
    interrupted = [a_digest().pk for _ in range(3)]
    crash()
    recovery.recover()
    other = a_digest().pk
    with recovery.sender() as owner:
        claims = [[x.id for x in ledger.claim(Delivery, owner, 50)] for _ in range(4)]
    assert claims == [[other], *([one] for one in interrupted)]


def test_three_crashes_on_one_mail_quarantine_it_and_spare_its_batch():
    good, poison = [a_digest() for _ in range(3)], a_digest()
    from .test_outcomes import SENT

    tally: Counter[str] = Counter()
    crashes = 0
    while True:
        recovery.recover(tally)
        with suppress(ZeroDivisionError), recovery.sender() as owner:
            leases = ledger.claim(Delivery, owner, 50)
            if poison.pk in [lease.id for lease in leases]:
                crashes += 1
                raise ZeroDivisionError
            for lease in leases:
                ledger.record(lease, SENT)
            if not leases:
                break
    states = [Delivery.objects.get(pk=d.pk).state for d in (*good, poison)]
    assert states == [State.SENT] * 3 + [State.QUARANTINED]
    assert (crashes, tally) == (3, {"quarantined": 1})
    poison.subscriber.refresh_from_db()
    assert poison.subscriber.covered == BEFORE


def test_an_outcome_between_two_crashes_starts_the_count_again():
    from .test_outcomes import LATER

    digest = a_digest()
    for _ in range(3):
        assert crash() == 1
        recovery.recover()
        with recovery.sender() as owner:
            [lease] = ledger.claim(Delivery, owner, 50)
            ledger.record(lease, LATER)
        Delivery.objects.update(next_at=timezone.now())
    digest.refresh_from_db()
    assert digest.state == State.DEFERRED


def test_a_file_that_another_process_holds_is_not_touched(folder):
    digest = a_digest()
    ledger.claim(Delivery, "host:1:a", 50)
    folder.mkdir(exist_ok=True)
    held = os.open(folder / "host:1:a.lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    recovery.recover()
    digest.refresh_from_db()
    assert digest.state == State.LEASED
    os.close(held)
    recovery.recover()
    digest.refresh_from_db()
    assert digest.state == State.PENDING
