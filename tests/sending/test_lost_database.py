"""A database that goes away while outcomes are written."""

from __future__ import annotations

import os
import socket

import pytest
from django.db import OperationalError, connection

from subscriptions.models import Delivery, Mailing, Subscriber
from subscriptions.sending import send
from subscriptions.sending.ledger import attempts, claims, persistence
from subscriptions.sending.recovery import senders

from .rows import BEFORE, a_digest
from .test_outcomes import GONE, SENT

pytestmark = pytest.mark.django_db(transaction=True)
State = Mailing.State


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    monkeypatch.setattr(persistence, "_PAUSES", (0.01, 0.01))


def breaking(monkeypatch, before: int = 0, after: int = 0) -> None:
    """`record` loses its connection so often before, then after its commit."""
    real, left = attempts.record, {"before": before, "after": after}

    def record(outcomes):
        outcomes = list(outcomes)
        if left["before"]:
            left["before"] -= 1
            raise OperationalError("the server closed the connection")
        states = real(outcomes)
        if left["after"]:
            left["after"] -= 1
            raise OperationalError("the server closed the connection")
        return states

    monkeypatch.setattr(attempts, "record", record)


def two_leases():
    for _ in range(2):
        a_digest()
    return claims.claim(Delivery, "host:1:a", 2)


def test_outcomes_are_written_once_the_database_is_back(monkeypatch):
    leases = two_leases()
    breaking(monkeypatch, before=2)
    states = persistence.persistently(dict.fromkeys(leases, SENT))
    assert set(states.values()) == {State.SENT} and len(states) == 2


def test_after_a_commit_nobody_confirmed_the_rows_are_asked(monkeypatch):
    one, other = two_leases()
    breaking(monkeypatch, after=1)
    states = persistence.persistently({one: SENT, other: GONE})
    assert states == {one: State.SENT, other: State.FAILED}
    reader = Subscriber.objects.get(pk=other.subscriber_id)
    assert reader.covered == BEFORE


def test_a_lease_that_somebody_else_took_is_not_counted(monkeypatch):
    one, other = two_leases()
    Delivery.objects.filter(pk=other.id).update(
        state=State.PENDING, lease_token=None, leased_until=None
    )
    breaking(monkeypatch, after=1)
    assert persistence.persistently({one: SENT, other: SENT}) == {one: State.SENT}


def test_mails_that_were_prepared_when_it_went_away_are_not_suspected(
    relay, monkeypatch
):
    """Their sender lived to tell, so none of them was its end: they go in batches."""
    for _ in range(3):
        a_digest()

    def lost(_):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as gone, pytest.raises(OperationalError):
        gone.setattr(attempts, "release", lost)
        send(Delivery, lost)
    senders.recover()
    rows = Delivery.objects.values_list("state", "attempts", "crashes")
    assert list(rows) == [(State.PENDING, 0, 0)] * 3


def test_a_database_that_stays_away_is_told_of_and_the_journal_keeps_the_rest(
    monkeypatch,
):
    leases = two_leases()
    breaking(monkeypatch, before=9)
    with pytest.raises(OperationalError):
        persistence.persistently(dict.fromkeys(leases, SENT))


@pytest.mark.postgresql  # which keeps rows locked for whoever is connected
def test_a_machine_that_is_gone_without_a_word_is_given_up_within_a_minute():
    def asked_for(name: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting(%s)", [f"tcp_{name}"])
            return int(cursor.fetchone()[0])

    idle, interval, count = (
        asked_for(f"keepalives_{name}") for name in ("idle", "interval", "count")
    )
    assert 0 < idle + interval * count <= 60
    assert 0 < asked_for("user_timeout") <= 60_000  # ms


@pytest.mark.postgresql
def test_a_database_that_is_gone_without_a_word_is_given_up_within_a_minute():
    """By the system, which is asked here: not by what was asked of libpq."""
    connection.ensure_connection()
    found = connection.connection.fileno()
    with socket.socket(fileno=os.dup(found)) as line:

        def asked_for(name: str) -> int:
            return line.getsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_{name}"))

        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        probed = asked_for("KEEPINTVL") * asked_for("KEEPCNT")
        assert asked_for("KEEPIDLE") + probed <= 60
        assert 0 < asked_for("USER_TIMEOUT") <= 60_000  # ms
    assert connection.get_connection_params()["connect_timeout"] <= 10
