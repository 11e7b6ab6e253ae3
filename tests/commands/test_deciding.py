"""What only an operator can know: whether mails went that the ledger is unsure of."""

from __future__ import annotations

from typing import Any

import pytest

from subscriptions import sending
from subscriptions.models import Delivery, LedgerEpoch
from subscriptions.sending.ledger import epoch
from tests.sending.rows import TUESDAY, a_digest

from .asking import ask

pytestmark = pytest.mark.django_db(transaction=True)
State = Delivery.State


@pytest.fixture
def held() -> Delivery:
    return a_digest(state=State.IN_DOUBT, lease_owner="another host", attempts=1)


@pytest.fixture
def restored(settings: Any, tmp_path: Any) -> None:
    settings.VAR_DIR = tmp_path
    epoch.advance()
    LedgerEpoch.objects.update(number=0)


def test_held_digests_are_sent_once_more_where_the_operator_says_so(
    held: Delivery,
) -> None:
    assert ask("send", "--held", "resend", "--day", "2026-07-06") == {"held": 0}
    assert ask("send", "--held", "resend", "--day", str(TUESDAY)) == {"held": 1}
    held.refresh_from_db()
    assert held.next_at is not None and held.expires_at is not None
    assert ask("send", "--held", "resend") == {"held": 0}


def test_or_left_in_doubt_for_good(held: Delivery) -> None:
    assert ask("send", "--held", "leave") == {"held": 1}
    held.refresh_from_db()
    assert (held.state, held.next_at, held.lease_owner) == (State.IN_DOUBT, None, "")
    assert ask("send", "--held", "resend") == {"held": 0}


def test_resuming_accepts_a_restored_database(restored: None) -> None:
    assert "restored from a backup" in sending.hold_check()
    assert ask("round", "--resume")["changed"]
    assert sending.hold_check() == ""
    assert not ask("round", "--resume")["changed"]
