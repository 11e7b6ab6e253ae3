"""Which mails a sender gets, and that no two senders get the same one."""

from __future__ import annotations

import functools
import operator
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions.models import Delivery, Letter, Mailing, Round
from subscriptions.sending.ledger import attempts, claims
from tests.planner import leave_to_the_planner

from .rows import TUESDAY, a_digest, a_letter, a_reader

pytestmark = pytest.mark.django_db
State = Mailing.State


def claimed(limit: int = 50, due_date: date | None = None) -> list[int]:
    leases = claims.claim(Delivery, "host:1:a", limit, due_date)
    return [lease.id for lease in leases]


def test_a_claim_leases_what_waits_and_counts_the_attempt_before_the_work():
    digest = a_digest()
    [lease] = claims.claim(Delivery, "host:1:a", 50)
    digest.refresh_from_db()
    assert (digest.state, digest.attempts, digest.lease_owner) == (
        State.LEASED,
        1,
        "host:1:a",
    )
    assert digest.lease_token.hex == lease.token
    assert lease == attempts.Lease(
        Delivery, digest.pk, lease.token, digest.subscriber_id, 1, False
    )
    left = digest.leased_until - timezone.now()
    assert timedelta(minutes=14) < left < timedelta(minutes=16)


def test_letters_are_leased_by_the_same_code():
    letter = a_letter(Letter.Kind.PREFERENCES)
    assert [x.id for x in claims.claim(Letter, "host:1:a", 50)] == [letter.pk]


def test_a_claim_takes_at_most_its_limit_and_the_next_one_the_rest():
    digests = [a_digest().pk for _ in range(5)]
    assert claimed(3) == digests[:3]
    assert claimed(3) == digests[3:]
    assert claimed(3) == []


@pytest.mark.parametrize(
    "state",
    [s for s in State if s not in {State.PENDING, State.LEASED}],
)
def test_what_has_ended_or_waits_for_its_time_is_not_leased(state):
    a_digest(state=state, next_at=timezone.now() + timedelta(hours=1))
    assert claimed() == []


def test_a_deferred_mail_is_leased_once_its_time_has_come():
    now = timezone.now()
    a_digest(state=State.DEFERRED, next_at=now + timedelta(minutes=1))
    ready = a_digest(state=State.DEFERRED, next_at=now - timedelta(minutes=1))
    assert claimed() == [ready.pk]


def test_a_claim_for_a_due_date_leaves_the_others():
    a_digest(due_date=TUESDAY + timedelta(days=1))
    tuesday = a_digest()
    assert claimed(due_date=TUESDAY) == [tuesday.pk]


def test_mails_of_a_paused_round_stay_where_they_are():
    digest = a_digest()
    Round.objects.update(paused=True)
    assert claimed() == []
    Round.objects.update(paused=False)
    assert claimed() == [digest.pk]


def test_readers_at_a_domain_in_back_off_are_left_where_they_are():
    slow = a_digest(a_reader(email="reader@Slow.example"))
    other = a_digest()
    leases = claims.claim(Delivery, "host:1:a", 50, blocked={"slow.example"})
    assert [lease.id for lease in leases] == [other.pk]
    assert claimed() == [slow.pk]


def test_a_letter_to_another_address_waits_where_that_one_has_to():
    """Else it would be leased and given back without an end."""
    fine, slow = (a_reader(email=f"old@{name}.example") for name in ("fine", "slow"))
    a_letter("new_address", fine, recipient="new@slow.example")
    a_letter("goodbye", slow)
    to_fine = a_letter("address_changed", slow, recipient="new@fine.example")
    leases = claims.claim(Letter, "host:1:a", 50, blocked={"slow.example"})
    assert [lease.id for lease in leases] == [to_fine.pk]


@pytest.mark.parametrize("model", [Delivery, Letter])
def test_any_number_of_domains_may_rest_at_once(model):
    """A relay that is over its limit for the hour says so of each recipient."""
    a_digest(a_reader(email="r@d1500.example"))
    a_letter(Letter.Kind.PREFERENCES, a_reader(email="s@d1500.example"))
    changed = Letter.Kind.ADDRESS_CHANGED
    a_letter(changed, a_reader(email="t@one.example"), recipient="t@d1500.example")
    domains = {f"d{n}.example" for n in range(3000)}
    assert claims.claim(model, "host:1:a", 50, blocked=domains) == []
    assert claims.claim(model, "host:1:a", 50, blocked=domains - {"d1500.example"})


@pytest.mark.postgresql  # SQLite has no say in it that could be read so plainly
def test_a_claim_reads_what_waits_and_not_a_million_others():
    partial = {"delivery_open", "delivery_pending", "delivery_crashed"}
    leave_to_the_planner(Delivery, *partial)
    for state in (State.PENDING, State.DEFERRED, State.IN_DOUBT):
        a_digest(state=state, next_at=timezone.now())
    plans = [
        ready[:5].explain() for ready, _, _ in claims._ready(Delivery.objects.all())
    ]
    named = [set(re.findall(r"Index Scan using (\w+)", plan)) for plan in plans]
    assert all(each & partial for each in named), plans


@pytest.mark.postgresql  # SQLite has every index in the order of ids anyway
def test_a_claim_of_a_date_sorts_nothing_whichever_index_is_taken():
    """Right after a round is composed the planner knows the days before, of which
    nothing waits; it takes the index of rounds as likely as that of what waits."""
    waiting = a_digest()
    Delivery.objects.bulk_create(
        Delivery(
            subscriber=waiting.subscriber,
            round=waiting.round,
            due_date=TUESDAY - timedelta(days),
            state=State.SENT,
        )
        for days in range(1, 1000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subscriptions_delivery")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("DROP INDEX delivery_pending, delivery_open, delivery_crashed")
    of_date = Delivery.objects.filter(due_date=TUESDAY)
    _, (pending, _, _), *_ = claims._ready(of_date)
    plan = pending[:50].explain()
    assert "delivery_by_round" in plan and "Sort" not in plan, plan


def test_a_mail_past_its_horizon_expires_instead_of_being_sent():
    digest = a_digest(expires_at=timezone.now() - timedelta(seconds=1))
    assert claimed() == []
    digest.refresh_from_db()
    assert digest.state == State.EXPIRED


def test_a_mail_without_a_horizon_expires_after_twenty_hours():
    old, young = a_digest(), a_digest()
    for digest, hours in ((old, 20.1), (young, 19.9)):
        created = timezone.now() - timedelta(hours=hours)
        Delivery.objects.filter(pk=digest.pk).update(created_at=created)
    assert claimed() == [young.pk]


def test_a_claim_goes_on_until_it_finds_one_that_may_go():
    for _ in range(4):
        a_digest(expires_at=timezone.now())
    good = a_digest()
    assert claimed(limit=2) == [good.pk]


def test_the_number_of_queries_does_not_grow_with_the_batch():
    for _ in range(44):
        a_digest()
    counts = []
    for size in (4, 40):
        with CaptureQueriesContext(connection) as queries:
            assert len(claimed(size)) == size
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


@pytest.mark.django_db(transaction=True)
def test_many_claimers_at_once_never_share_a_mail():
    """On SQLite one after the other: its test database cannot be shared by threads."""
    digests = [a_digest().pk for _ in range(120)]
    workers = 8 if connection.vendor == "postgresql" else 1

    def work(number: int) -> list[int]:
        try:
            got: list[int] = []
            while leases := claims.claim(Delivery, f"host:{number}:x", 7):
                assert len(leases) <= 7
                got += [lease.id for lease in leases]
            return got
        finally:
            if workers > 1:
                connection.close()

    if workers == 1:
        shares = [work(1), work(2)]
    else:
        with ThreadPoolExecutor(workers) as pool:
            shares = list(pool.map(work, range(workers)))
    assert sorted(functools.reduce(operator.iadd, shares, [])) == digests


@pytest.mark.postgresql  # SQLite has no row locks: its one writer waits
@pytest.mark.django_db(transaction=True)
def test_a_locked_mail_is_passed_over_not_waited_for():
    locked, free = a_digest(), a_digest()
    with transaction.atomic():
        Delivery.objects.select_for_update().get(pk=locked.pk)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(_claim_elsewhere).result(timeout=10) == [free.pk]


def _claim_elsewhere() -> list[int]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")  # fail instead of waiting
        return claimed()
    finally:
        connection.close()
