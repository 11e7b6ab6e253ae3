"""What the journal of a dead sender says becomes of the mails it had."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from subscriptions import sending
from subscriptions.models import Delivery, DeliveryEvent, Letter, Mailing
from subscriptions.sending.ledger import claims
from subscriptions.sending.ledger.attempts import Lease
from subscriptions.sending.recovery import journal, senders
from subscriptions.sending.recovery.journal import Journal

from .rows import TUESDAY, a_digest, a_letter, recorded, wait_over
from .test_outcomes import GONE, LATER, SENT

pytestmark = pytest.mark.django_db
State = Mailing.State
ELSEWHERE = "elsewhere:1:a"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    (tmp_path / "senders").mkdir()
    return tmp_path / "senders"


@pytest.fixture
def dead(folder) -> Journal:
    """A sender's journal; `close` is its death."""
    return Journal(folder, "host:1:dead")


def leased(dead: Journal, digests: int = 1) -> list[Lease]:
    """A batch of so many that the sender has claimed and prepared."""
    for _ in range(digests):
        a_digest()
    leases = claims.claim(Delivery, dead.owner, digests)
    dead.preparing(leases)
    dead.prepared()
    return leases


def after(dead: Journal) -> list[tuple[str, int, int]]:
    """State, attempts and crashes of every digest once a next sender has come."""
    dead.close(finished=False)
    senders.recover()
    rows = Delivery.objects.order_by("id")
    return list(rows.values_list("state", "attempts", "crashes"))


def test_what_was_not_begun_was_never_sent_and_waits_as_if_never_claimed(dead):
    leased(dead, 3)
    assert after(dead) == [(State.PENDING, 0, 0)] * 3


def test_what_was_claimed_and_not_yet_looked_at_waits_too(dead):
    a_digest()
    claims.claim(Delivery, dead.owner, 1)
    assert after(dead) == [(State.PENDING, 0, 0)]


def test_outcomes_that_were_known_reach_the_ledger(dead):
    sent, later, gone = leased(dead, 3)
    for lease, outcome in ((sent, SENT), (later, LATER), (gone, GONE)):
        dead.making(lease)
        dead.begun(lease)
        dead.ended(lease, outcome)
    states = [state for state, *_ in after(dead)]
    assert states == [State.SENT, State.DEFERRED, State.FAILED]
    assert DeliveryEvent.objects.get().status == "5.1.1"


def test_what_was_begun_and_has_no_outcome_is_in_doubt_and_due_again(dead):
    first, _ = leased(dead, 2)
    message_id = Delivery.objects.get(pk=first.id).message_id
    dead.making(first)
    dead.begun(first)
    states = [state for state, *_ in after(dead)]
    assert states == [State.IN_DOUBT, State.PENDING]
    claims.claim(Delivery, "host:2:b", 1)  # the other, which was never sent, is first
    [again] = claims.claim(Delivery, "host:2:b", 1)
    assert (again.id, again.again) == (first.id, True)
    assert Delivery.objects.get(pk=first.id).message_id == message_id


def test_in_doubt_may_be_held_for_the_operator_instead(dead, settings):
    settings.IN_DOUBT = "hold"
    [lease] = leased(dead)
    dead.begun(lease)
    assert after(dead)[0][0] == State.IN_DOUBT
    assert claims.claim(Delivery, "host:2:b", 1) == []
    assert sending.release_held(TUESDAY) == 1
    assert [x.id for x in claims.claim(Delivery, "host:2:b", 1)] == [lease.id]


def test_in_doubt_a_second_time_it_is_not_sent_a_third(dead):
    digest = a_digest(state=State.IN_DOUBT, reason="in doubt: no reply")
    wait_over(digest)
    [lease] = claims.claim(Delivery, dead.owner, 1)
    dead.preparing([lease])
    dead.prepared()
    dead.begun(lease)
    after(dead)
    assert claims.claim(Delivery, "host:2:b", 1) == []


def test_a_second_copy_that_was_not_begun_is_still_in_doubt(dead):
    digest = a_digest(state=State.IN_DOUBT, reason="in doubt: no reply")
    wait_over(digest)
    dead.preparing(claims.claim(Delivery, dead.owner, 1))
    dead.prepared()
    assert after(dead)[0][0] == State.IN_DOUBT
    [again] = claims.claim(Delivery, "host:2:b", 1)
    assert again.again


def test_only_the_mail_that_was_being_made_counts_a_crash(dead):
    good, poison, _ = leased(dead, 3)
    for lease in (good, poison):
        dead.making(lease)
    dead.begun(good)
    dead.ended(good, SENT)
    assert after(dead) == [
        (State.SENT, 1, 0),
        (State.PENDING, 1, 1),
        (State.PENDING, 0, 0),
    ]


def test_a_batch_that_waited_for_its_turn_is_not_suspected(dead):
    """It was prepared; at work was the one before it."""
    leases = leased(dead, 3)
    dead.preparing(leases)
    dead.ready()
    assert after(dead) == [("pending", 0, 0)] * 3


def test_a_batch_that_is_in_the_ledger_is_not_written_again(dead):
    [lease] = leased(dead)
    dead.begun(lease)
    dead.ended(lease, LATER)
    recorded(lease, SENT)
    dead.renew()
    assert after(dead) == [(State.SENT, 1, 0)]


def test_the_journal_of_a_batch_that_is_in_the_ledger_is_empty(dead, folder):
    leased(dead)
    dead.renew()
    [path] = folder.glob("*.journal")
    assert journal.read(path) == journal.Told(boot=journal.boot())


def test_a_batch_is_on_the_disk_before_it_is_offered(dead, folder, monkeypatch):
    """Only a power cut would show it, so the call itself is looked at."""
    synced = []
    [path] = folder.glob("*.journal")
    monkeypatch.setattr(os, "fdatasync", lambda _: synced.append(journal.read(path)))
    leases = leased(dead, digests=2)
    assert [(told.batch, told.offered) for told in synced] == [(leases, True)]


def test_a_torn_last_line_counts_for_nothing(dead, folder):
    first, second = leased(dead, 2)
    dead.begun(first)
    dead.begun(second)
    path = folder / "host:1:dead.journal"
    os.truncate(path, path.stat().st_size - 3)
    assert [state for state, *_ in after(dead)] == [State.IN_DOUBT, State.PENDING]


def test_a_line_that_is_not_what_was_written_counts_for_nothing(dead, folder):
    [lease] = leased(dead)
    dead.begun(lease)
    path = folder / "host:1:dead.journal"
    path.write_bytes(path.read_bytes().replace(b" B ", b" E "))
    told = journal.read(path)
    assert (told.begun, told.ended, told.batch) == (set(), {}, [lease])


def test_after_a_power_cut_whatever_was_offered_may_have_been_begun(dead, monkeypatch):
    """Lines that were not on the disk yet are missing."""
    leased(dead, 2)
    monkeypatch.setattr(journal, "boot", lambda: "another")
    assert [state for state, *_ in after(dead)] == [State.IN_DOUBT] * 2


def test_after_a_power_cut_what_was_not_offered_yet_was_not_sent(dead, monkeypatch):
    a_digest()
    dead.preparing(claims.claim(Delivery, dead.owner, 1))
    monkeypatch.setattr(journal, "boot", lambda: "another")
    assert [state for state, *_ in after(dead)] == [State.PENDING]


def test_letters_are_recovered_by_the_same_lines(dead):
    letter = a_letter(Letter.Kind.PREFERENCES)
    leases = claims.claim(Letter, dead.owner, 1)
    dead.preparing(leases)
    dead.prepared()
    dead.ended(leases[0], SENT)
    dead.close(finished=False)
    senders.recover()
    letter.refresh_from_db()
    assert letter.state == State.SENT


def test_recovery_that_dies_is_taken_up_by_the_next(dead, monkeypatch):
    sent, _ = leased(dead, 2)
    dead.ended(sent, SENT)
    dead.close(finished=False)
    with suppress(ZeroDivisionError), monkeypatch.context() as broken:
        broken.setattr("subscriptions.sending.recovery.lost.free", lambda *_: 1 / 0)
        senders.recover()
    senders.recover()
    states = Delivery.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [State.SENT, State.PENDING]


# --- senders that are not here -----------------------------------------------------


def run_out() -> None:
    Delivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


def test_the_mails_of_a_host_that_does_not_come_back_are_held(caplog):
    digest, young = a_digest(), a_digest()
    claims.claim(Delivery, ELSEWHERE, 1)
    run_out()
    claims.claim(Delivery, ELSEWHERE, 1)
    senders.recover()
    digest.refresh_from_db()
    young.refresh_from_db()
    assert (digest.state, young.state) == (State.IN_DOUBT, State.LEASED)
    assert claims.claim(Delivery, "host:2:b", 50) == []
    assert "1 mails ran out" in caplog.text
    assert [each.pk for each in sending.held(TUESDAY)] == [digest.pk]


def test_an_operator_lets_held_mails_go_again_or_leaves_them_for_good():
    one, other = a_digest(), a_digest()
    claims.claim(Delivery, ELSEWHERE, 2)
    run_out()
    senders.recover()
    assert sending.release_held(ids=[one.pk]) == 1
    assert sending.release_held(TUESDAY, resend=False) == 1
    assert not sending.held()
    assert [x.id for x in claims.claim(Delivery, "host:2:b", 50)] == [one.pk]
    other.refresh_from_db()
    assert (other.state, other.next_at) == (State.IN_DOUBT, None)


def test_a_held_mail_past_its_horizon_gets_a_new_one_when_it_is_let_go():
    digest = a_digest()
    claims.claim(Delivery, ELSEWHERE, 1)
    run_out()
    Delivery.objects.update(expires_at=timezone.now())
    senders.recover()
    sending.release_held(ids=[digest.pk])
    assert [x.id for x in claims.claim(Delivery, "host:2:b", 50)] == [digest.pk]


def test_a_host_that_comes_back_late_knows_what_came_of_its_mails(dead, monkeypatch):
    """Held by another host meanwhile; its journal settles them, also while the other
    looks again."""
    sent, doubtful, _ = leased(dead, 3)
    dead.begun(sent)
    dead.ended(sent, SENT)
    dead.begun(doubtful)
    run_out()
    recover_elsewhere()
    assert sending.held().count() == 3
    record = senders.attempts.record

    def and_the_other_looks(outcomes):
        recover_elsewhere()
        return record(outcomes)

    monkeypatch.setattr(senders.attempts, "record", and_the_other_looks)
    assert [state for state, *_ in after(dead)] == [
        State.SENT,
        State.IN_DOUBT,
        State.PENDING,
    ]
    assert not sending.held()


def recover_elsewhere():
    """As on another host, which has no journal of these mails."""
    empty = Path(senders.settings.VAR_DIR) / "another host"
    empty.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setattr(senders, "_folder", lambda: empty)
        senders.recover()


def test_what_a_stopped_sender_of_this_host_has_not_begun_is_given_back(dead):
    """It holds its lock and cannot be asked; its journal can."""
    leased(dead, 2)
    begun = Delivery.objects.order_by("id").first()
    told = journal.read(dead._path)
    dead.begun(next(lease for lease in told.batch if lease.id == begun.pk))
    run_out()
    senders.recover()
    rows = Delivery.objects.order_by("id").values_list("state", "attempts")
    assert list(rows) == [(State.IN_DOUBT, 1), (State.PENDING, 0)]
    assert [each.pk for each in sending.held()] == [begun.pk]


def test_a_sender_that_comes_back_late_writes_nothing():
    digest = a_digest()
    [stale] = claims.claim(Delivery, ELSEWHERE, 50)
    run_out()
    senders.recover()
    sending.release_held()
    [fresh] = claims.claim(Delivery, "host:2:b", 50)
    assert not claims.still_wanted([stale])
    assert recorded(stale, SENT) is None
    assert recorded(fresh, SENT) == State.SENT
    digest.refresh_from_db()
    assert digest.state == State.SENT


def test_a_sender_that_comes_back_writes_nothing_of_what_is_held():
    """Its token is still on the row, for its host's journal; its lease is not."""
    a_digest()
    [stale] = claims.claim(Delivery, ELSEWHERE, 50)
    run_out()
    senders.recover()
    assert recorded(stale, SENT) is None
    assert not claims.still_wanted([stale])
    assert sending.held().count() == 1
