"""`bench round`: a whole round by the service's own commands, small here."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest
from django.db import connection

from subscriptions.benchmarks import round as bench_round
from subscriptions.benchmarks import sinks
from subscriptions.benchmarks.mix import Mix
from subscriptions.benchmarks.subscribers import subscribe
from subscriptions.models import Delivery, Round, Subscriber, Subscription, TopicFilter
from tests.factories import TUESDAY, a_reader

from .asking import ask


@pytest.mark.django_db(transaction=True)
def test_every_digest_goes_from_compose_to_a_sink_and_none_twice() -> None:
    """In a database of its own, beside that of this test on PostgreSQL."""
    sizes = ["--subscribers=30", "--filters=40", "--papers=60", "--processes=2"]
    figures = ask("bench", "round", *sizes)
    assert figures["engine"] == connection.display_name
    assert figures["digests"] == figures["sent"] == figures["taken"] == 30
    assert (figures["lost"], figures["duplicates"]) == (0, 0)
    assert figures["seconds"] >= figures["send_s"] > 0
    assert figures["peak_rss_mb"] > 10
    assert not Subscriber.objects.exists()


def test_our_own_sink_knows_a_mail_that_comes_twice(tmp_path: Path) -> None:
    with sinks.started(1, tmp_path, program=None) as (sink,):
        with smtplib.SMTP("127.0.0.1", sink.port) as relay:
            for number in (1, 2, 2):
                message = f"Message-ID: <{number}@example.org>\r\n\r\n..\r\n.x\r\n"
                relay.sendmail("a@example.org", "b@example.org", message)
        assert sink.stop() == (3, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "taken", "lost", "duplicates"),
    [
        ("sent", (1, 0), 0, 0),
        ("skipped", (0, 0), 0, 0),
        ("pending", (0, 0), 1, 0),
        ("in_doubt", (0, 0), 1, 0),
        ("sent", (0, 0), 1, 0),
        ("sent", (2, 1), 0, 1),
        ("sent", (2, None), 0, 1),  # a sink that knows no Message-ID
    ],
)
def test_what_is_lost_or_doubled_is_counted(
    state: str, taken: tuple[int, int | None], lost: int, duplicates: int
) -> None:
    Delivery.objects.create(
        subscriber=a_reader(),
        round=Round.objects.create(due_date=TUESDAY),
        due_date=TUESDAY,
        state=state,
    )
    found = bench_round._balance(1, 1, [taken])
    assert (found["lost"], found["duplicates"]) == (lost, duplicates)


@pytest.mark.django_db
def test_a_reader_without_a_row_is_lost() -> None:
    assert bench_round._balance(1, 0, [(0, 0)])["lost"] == 1


@pytest.mark.django_db
def test_readers_are_invented_with_distinct_filters_each() -> None:
    subscribe(Mix(), 200, 50, say=print)
    assert Subscriber.objects.count() == 200
    assert Subscription.objects.filter(position=0).count() == 200
    assert 2 < Subscription.objects.count() / 200 < 3
    assert TopicFilter.objects.count() <= 55
