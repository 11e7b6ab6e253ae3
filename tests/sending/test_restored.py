"""After a restore from a backup nothing goes out until an operator decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from subscriptions import sending
from subscriptions.models import Delivery, LedgerEpoch
from subscriptions.sending import Counts, LedgerRestored, RelayDown, send
from subscriptions.sending.ledger import epoch

from .oracle import Moment
from .rows import a_digest, a_letter, digests

pytestmark = pytest.mark.django_db(transaction=True)


def restore(number: int) -> None:
    """The count as it stood in the backup."""
    LedgerEpoch.objects.update(number=number)


def test_a_restored_database_is_noticed_and_sends_nothing(relay, caplog):
    a_digest()
    assert send(Delivery, digests) == Counts(sent=1)
    restore(0)
    a_digest()
    with pytest.raises(LedgerRestored, match="restored from a backup"):
        send(Delivery, digests)
    assert len(relay.taken()) == 1
    assert "restored from a backup" in sending.hold_check()
    assert "restored from a backup" in caplog.text


def test_a_backup_made_while_a_sender_was_at_work_is_noticed(relay):
    a_digest()
    in_the_backup: list[int] = []

    def render(ids):
        in_the_backup.append(LedgerEpoch.objects.get().number)
        return digests(ids)

    send(Delivery, render)
    restore(in_the_backup[-1])
    assert sending.hold_check()


def test_a_backup_made_before_the_relay_went_down_is_noticed(relay, settings):
    settings.SMTP_CONNECTIONS = settings.SEND_BATCH = 1
    for _ in range(3):
        a_digest()
    in_the_backup: list[int] = []

    def render(ids):
        in_the_backup.append(LedgerEpoch.objects.get().number)
        return digests(ids)

    def script(moment: Moment) -> str | None:
        gone = moment.stage == "MAIL" and len(relay.taken())
        return "421 4.3.2 closing" if gone else None

    relay.script = script
    with pytest.raises(RelayDown):
        send(Delivery, render)
    assert len(relay.taken()) == 1
    restore(in_the_backup[-1])
    assert sending.hold_check()


def test_what_an_operator_has_accepted_goes_out(relay):
    a_digest()
    send(Delivery, digests)
    restore(0)
    sending.accept_restored()
    a_digest()
    assert send(Delivery, digests) == Counts(sent=1)
    assert sending.hold_check() == ""


def test_no_number_given_since_the_backup_comes_to_mean_somebody_else(relay):
    """Links to unsubscribe hold for ever, and those of forgotten readers are out."""
    before = a_digest()
    sending.accept_restored()
    after, others = a_digest(), (a_letter("confirm"), a_letter("goodbye"))
    leap = 100_000_000
    assert after.pk > before.pk + leap
    assert after.subscriber_id > before.subscriber_id + leap
    assert min(each.pk for each in others) > leap
    sending.accept_restored()
    assert a_digest().pk > after.pk + leap


def test_another_machine_goes_on_too_once_it_is_accepted(relay, settings, tmp_path):
    a_digest()
    send(Delivery, digests)
    restore(0)
    here, settings.VAR_DIR = settings.VAR_DIR, tmp_path / "another"
    settings.VAR_DIR.mkdir()
    sending.accept_restored()
    settings.VAR_DIR = here
    assert sending.hold_check() == ""


def test_a_new_database_and_a_lost_memory_hold_nothing(relay):
    a_digest()
    send(Delivery, digests)
    LedgerEpoch.objects.all().delete()
    assert sending.hold_check() == ""
    epoch.advance()
    Path(epoch._path()).write_text("not a count")
    assert sending.hold_check() == ""


def test_the_memory_never_goes_back(relay):
    epoch.advance()
    row = LedgerEpoch.objects.get()
    epoch._remember(row.ledger, row.number + 5)
    epoch._remember(row.ledger, row.number + 2)  # a sender that was slower
    assert epoch._remembered() == (row.ledger, row.number + 5)


def test_a_run_with_nothing_to_send_does_not_move_the_count(relay):
    send(Delivery, digests)
    assert not LedgerEpoch.objects.exists()
