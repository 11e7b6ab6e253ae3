"""Many rows at once stand in the database as Django's own way would have them there."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from subscriptions import pipeline
from subscriptions.models import Delivery, Round, Subscriber, among, among_texts
from subscriptions.pipeline.bulk import insert
from tests.factories import TUESDAY, a_listing, a_paper, a_reader, an_edition

from .digests import a_reader_of

pytestmark = pytest.mark.django_db
HOSTILE = [
    "",
    "plain",
    "\\N",
    "a\tb\nc\r\\.",
    "“κ” \U0001f600",
    '{"a": 1}',
    "'; --",
    "\\",
]


def some(random: Random) -> dict[str, Any]:
    text = random.choice(HOSTILE)
    pick = {"listing": random.randrange(9), "paper": 3, "filters": [1, 2]}
    leased = random.random() < 0.3
    return {
        "due_date": TUESDAY + timedelta(random.randrange(900)),
        "state": "leased" if leased else random.choice(["pending", "skipped"]),
        "lease_token": UUID(int=random.getrandbits(128)) if leased else None,
        "attempts": random.randrange(3),
        "expires_at": random.choice(
            [None, datetime(2026, 7, 7, 12, 0, 0, random.randrange(9), tzinfo=UTC)]
        ),
        "message_id": text,
        "reason": random.choice(HOSTILE),
        "first": random.random() < 0.5,
        "covered_from": random.choice([{}, {"hf": "2026-07-06", text: None}]),
        "filters": [{"id": 1, "text": text, "name": random.choice(HOSTILE)}],
        "picks": [pick] * random.randrange(3),
        "notes": random.choice([[], [text]]),
        "matched": random.randrange(50),
    }


def stored() -> list[dict[str, Any]]:
    """All columns as the database has them, but for the ids, in their order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM subscriptions_delivery ORDER BY id")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{k: v for k, v in row.items() if k != "id"} for row in rows]


@pytest.mark.parametrize("seed", range(5))
def test_any_rows_are_inserted_as_django_inserts_them(seed: int) -> None:
    random = Random(seed)
    round_ = Round.objects.create(due_date=TUESDAY)
    readers = [a_reader() for _ in range(30)]
    told = [some(random) | {"subscriber": each, "round": round_} for each in readers]
    with time_machine.travel(datetime(2026, 7, 7, 5, tzinfo=UTC), tick=False):
        Delivery.objects.bulk_create(Delivery(**each) for each in told)
        as_django = stored()
        Delivery.objects.all().delete()
        insert([Delivery(**each) for each in told])
    assert stored() == as_django
    assert len(as_django) == 30


def test_a_second_row_of_a_reader_and_date_is_refused() -> None:
    told = {
        "subscriber": a_reader(),
        "round": Round.objects.create(due_date=TUESDAY),
        "due_date": TUESDAY,
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([Delivery(**told), Delivery(**told)])
    assert not Delivery.objects.exists()


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as asked:
        insert([])
    assert len(asked) == 0


def test_many_ids_are_one_parameter() -> None:
    reader = a_reader()
    ids = [*range(reader.pk + 1, reader.pk + 50_000), reader.pk]
    assert Subscriber.objects.filter(pk__in=among(ids)).get() == reader
    assert not Subscriber.objects.filter(pk__in=among([])).exists()
    addresses = among_texts([reader.email, *(f"x{n}@example.org" for n in range(9))])
    assert Subscriber.objects.filter(email__in=addresses).get() == reader
    assert not Subscriber.objects.filter(email__in=among_texts([])).exists()


def test_a_reader_costs_no_statement_of_their_own() -> None:
    """Whatever of filters, editions and earlier digests they have."""
    edition = an_edition()
    for number in range(20):
        a_listing(a_paper(title=f"Gradient {number}"), edition)

    def asked(readers: int, day: date) -> int:
        for number in range(readers):
            a_reader_of("gradient", "flow*", max_papers=1 + number % 20)
        with CaptureQueriesContext(connection) as statements:
            pipeline.compose_day(day)
        Delivery.objects.update(state="sent")
        Subscriber.objects.update(covered={})
        return len(statements)

    few = asked(2, TUESDAY)
    assert asked(30, TUESDAY + timedelta(days=1)) <= few


def test_readers_who_stood_at_different_days_each_stand_at_their_own() -> None:
    """They are brought forward in groups; nobody is brought to another's place."""
    for source in ("arxiv", "hf"):
        a_listing(a_paper(title="Gradient"), an_edition(source=source))
    gone: dict[int, dict[str, str]] = {}
    for covered in ({}, {"hf": "2026-07-07"}, {"arxiv": "2026-07-09"}, {"x": "2026"}):
        for _ in range(2):
            reader = a_reader_of("gradient", covered=covered)
            gone[reader.pk] = {"arxiv": "2026-07-07", "hf": "2026-07-07"} | covered
    untouched = a_reader_of("gradient", covered={"hf": "2027"}, state="pending")
    pipeline.compose_day(TUESDAY)
    for pk, covered in gone.items():
        assert Subscriber.objects.get(pk=pk).covered == covered
        delivery = Delivery.objects.get(subscriber=pk)
        assert json.dumps(delivery.covered_to, sort_keys=True) == json.dumps(covered)
    untouched.refresh_from_db()
    assert untouched.covered == {"hf": "2027"}
