"""Two operators resume at once: no horizon loses the time of either pause."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from subscriptions.models import Round
from subscriptions.sending.brakes import pauses

from .rows import a_digest

HOUR = timedelta(hours=1)
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.mark.postgresql  # SQLite has one writer: the second waits for the first
@pytest.mark.django_db(transaction=True)
def test_a_round_is_resumed_while_all_sending_is_being_resumed() -> None:
    digest = a_digest(expires_at=NOON + 10 * HOUR)
    type(digest).objects.update(created_at=NOON)
    pauses.pause_round(digest.round, NOON + HOUR)
    pauses.pause_all(NOON + 2 * HOUR)

    def resume_round() -> None:
        pauses.resume_round(Round.objects.get(), NOON + 4 * HOUR)
        connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert pauses.resume_all(NOON + 4 * HOUR)
            resuming = other.submit(resume_round)
            time.sleep(0.5)  # as far as it gets before this is committed
        resuming.result()
    digest.refresh_from_db()
    assert not Round.objects.get().paused
    assert digest.expires_at == NOON + 13 * HOUR
