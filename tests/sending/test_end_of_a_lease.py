"""A sender that is stopped right where a mail is noted as begun."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest

from subscriptions.models import Mailing
from subscriptions.sending.batch import LeaseOver, Making, awake
from subscriptions.sending.ledger.attempts import Lease
from subscriptions.sending.recovery.journal import Journal

from .test_journal import after, folder, leased

__all__ = ["folder"]
pytestmark = pytest.mark.django_db


class Stopped(Journal):
    """For half a second, when it has noted that a mail begins."""

    def begun(self, lease: Lease) -> None:
        super().begun(lease)
        time.sleep(0.5)


def test_who_is_stopped_while_it_notes_a_mail_does_not_send_it(folder: Path) -> None:
    """It is noted before the clock is looked at, and then as not sent."""
    dead = Stopped(folder, "host:1:dead")
    [lease] = leased(dead)
    with pytest.raises(LeaseOver):
        Making(dead, math.inf, awake() + 0.3).begun(lease)
    assert after(dead) == [(Mailing.State.DEFERRED, 1, 0)]
