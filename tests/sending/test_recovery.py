"""A sender that died: what it held goes to others, and what killed it does not."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Letter, Mailing
from subscriptions.sending.ledger import claims
from subscriptions.sending.recovery import senders

from .rows import BEFORE, a_digest, a_letter, recorded

pytestmark = pytest.mark.django_db
State = Mailing.State


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "senders"


def crash(model: type[Delivery] | type[Letter] = Delivery, limit: int = 50) -> int:
    """A sender claims, begins to prepare, and is gone, as after kill -9; how many mails
    it had."""
    with suppress(ZeroDivisionError), senders.sender() as journal:
        held = claims.claim(model, journal.owner, limit)
        journal.preparing(held)
        raise ZeroDivisionError
    return len(held)


def test_a_living_sender_keeps_its_leases(folder):
    digest = a_digest()
    with senders.sender() as journal:
        claims.claim(Delivery, journal.owner, 50)
        senders.recover()
        digest.refresh_from_db()
        assert (digest.state, digest.lease_owner) == (State.LEASED, journal.owner)
        assert [path.stem for path in folder.iterdir()] == [journal.owner]
    assert list(folder.iterdir()) == []


def test_a_sender_that_is_starting_is_not_to_be_seen_before_its_lock_is_held(
    folder, monkeypatch
):
    """Or another's `recover` takes it for dead."""
    lock = fcntl.flock
    visible: list[list[Path]] = []

    def noting(held: int, how: int) -> None:
        visible.append(list(folder.glob("*.journal")))
        lock(held, how)

    monkeypatch.setattr(fcntl, "flock", noting)
    with senders.sender() as journal:
        assert visible == [[]]
        senders.recover()
        assert [path.stem for path in folder.iterdir()] == [journal.owner]


def test_a_sender_that_died_with_mails_is_told_of_and_one_without_is_not(caplog):
    assert crash() == 0
    senders.recover()
    assert caplog.messages == []
    a_digest()
    a_letter(Letter.Kind.PREFERENCES)
    crash(Delivery)
    crash(Letter)
    senders.recover()
    assert [text.partition("; ")[2] for text in caplog.messages] == [
        "it had 1 mails: 0 with an outcome, 0 in doubt, 1 not begun"
    ] * 2


def test_what_a_dead_sender_held_waits_again_with_the_same_message_id(folder):
    mails = [a_digest(), a_letter(Letter.Kind.PREFERENCES)]
    crash(Delivery)
    crash(Letter)
    senders.recover()
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


def test_after_a_crash_mails_are_claimed_alone_and_after_the_others():
    interrupted = [a_digest().pk for _ in range(3)]
    crash()
    senders.recover()
    other = a_digest().pk
    with senders.sender() as sender:
        got = [claims.claim(Delivery, sender.owner, 50) for _ in range(4)]
    assert [[lease.id for lease in each] for each in got] == [
        [other],
        *([one] for one in interrupted),
    ]


def test_three_crashes_on_one_mail_quarantine_it_and_spare_its_batch():
    good, poison = [a_digest() for _ in range(3)], a_digest()
    from .test_outcomes import SENT

    tally: Counter[str] = Counter()
    crashes = 0
    for _ in range(20):
        senders.recover(tally)
        with suppress(ZeroDivisionError), senders.sender() as journal:
            leases = claims.claim(Delivery, journal.owner, 50)
            journal.preparing(leases)
            if poison.pk in [lease.id for lease in leases]:
                crashes += 1
                raise ZeroDivisionError
            for lease in leases:
                recorded(lease, SENT)
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
        senders.recover()
        with senders.sender() as journal:
            [lease] = claims.claim(Delivery, journal.owner, 50)
            recorded(lease, LATER)
        Delivery.objects.update(next_at=timezone.now())
    digest.refresh_from_db()
    assert digest.state == State.DEFERRED


def test_a_file_that_another_process_holds_is_not_touched(folder):
    digest = a_digest()
    claims.claim(Delivery, "host:1:a", 50)
    folder.mkdir(exist_ok=True)
    held = os.open(folder / "host:1:a.journal", os.O_CREAT | os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    senders.recover()
    digest.refresh_from_db()
    assert digest.state == State.LEASED
    os.close(held)
    senders.recover()
    digest.refresh_from_db()
    assert digest.state == State.PENDING
