"""What is asked every minute or hour does not grow with the digests of years."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from subscriptions import pipeline, rounds
from subscriptions.models import Delivery
from subscriptions.sending.ledger import claims
from subscriptions.sending.recovery import lost
from tests.factories import a_delivery, a_paper, a_subscription

pytestmark = pytest.mark.django_db
TABLE = Delivery._meta.db_table
# Of the few that wait.
PARTIAL = {"delivery_open", "delivery_pending", "delivery_crashed", "delivery_leased"}


def plans(work: Callable[[], object]) -> list[str]:
    """How the engine reads the table of digests for what `work` asks, line by line."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if f'"{TABLE}"' in sql and sql.startswith(("SELECT", "UPDATE", "WITH")):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    on_postgresql = connection.vendor == "postgresql"
    found = []
    with connection.cursor() as cursor:
        if on_postgresql:  # a table of one row is read whole, unless that is forbidden
            cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, params in asked:
            how = "EXPLAIN " if on_postgresql else "EXPLAIN QUERY PLAN "
            cursor.execute(how + sql, params)
            names = [TABLE, *re.findall(rf'"{TABLE}" (?:AS )?"?(\w+)"?', sql)]
            for row in cursor.fetchall():
                found += [str(row[-1]) for name in names if f" {name}" in str(row[-1])]
    assert asked
    return found


def reads_all(plan: str) -> bool:
    """Of every reader, every day, or of a reader every day."""
    if "Seq Scan" in plan:
        return True
    index = re.search(r"INDEX (\w+)", plan)
    whole = plan.startswith("SCAN") and (index is None or index[1] not in PARTIAL)
    return whole or plan.endswith("(subscriber_id=?)")


def tick() -> None:
    now = timezone.now()
    pipeline.judge(now)
    pipeline.compose(now)
    pipeline.close_rounds(now)
    claims.claim(Delivery, "host:1:a", 100)
    lost.hold([("host:1:a", [])])
    lost.revive("host:1:a")
    pipeline.look_after(now)


def hour() -> None:
    pipeline.take_returns(math.inf)
    pipeline.forget(timezone.now())


def pause() -> None:
    pipeline.pause(timezone.now())
    pipeline.resume(timezone.now())
    pipeline.decide_held(resend=True)


def warm_up() -> None:
    now = timezone.now()
    rounds.Ramp(1, 1, 100, now - timedelta(hours=1)).room(now)


@pytest.mark.parametrize("work", [tick, hour, pause, warm_up])
def test_it_does_not_read_what_is_over(work: Callable[[], None]) -> None:
    reader = a_subscription().subscriber
    a_delivery(reader, a_paper(), due_date=datetime(2026, 7, 7, tzinfo=UTC).date())
    assert [plan for plan in plans(work) if reads_all(plan)] == []


@pytest.mark.postgresql  # SQLite cleans up as it goes
def test_postgresql_looks_after_a_large_ledger_as_often_as_after_a_small_one() -> None:
    """The front page counts a month by the index alone, as far as rows were vacuumed:
    after a year by PostgreSQL's own rule ten times as slowly."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [TABLE])
        (options,) = cursor.fetchone()
    assert "autovacuum_vacuum_scale_factor=0.01" in options
    assert "autovacuum_vacuum_insert_scale_factor=0.01" in options
