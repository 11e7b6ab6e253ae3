"""Readers from a CSV file (safety.md, Import)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction

from subscriptions import consent, pipeline
from subscriptions.models import ConsentRecord, Letter, Subscriber, Suppression
from tests.factories import a_reader, a_subscription, an_edition

pytestmark = pytest.mark.django_db
HEADER = "address,filters,zone,hour,confirmed_at"
NOW = datetime(2026, 7, 7, 12, tzinfo=UTC)


def take(*lines: str, header: str = HEADER, update: bool = False) -> pipeline.Imported:
    text = "".join(f"{line}\n" for line in (header, *lines))
    return pipeline.import_subscribers(StringIO(text, newline=""), update)


def reader(address: str = "one@example.org") -> Subscriber:
    return Subscriber.objects.at(address).get()


def filters(address: str = "one@example.org") -> list[str]:
    return [each.text for each in reader(address).subscriptions.all()]


def why(*lines: str) -> str:
    """The reason for which a file's only line is rejected."""
    ((number, reason),) = take(*lines).rejected
    assert number == 2
    assert Subscriber.objects.count() == 0
    return reason


# --- who is taken over ----------------------------------------------------------


def test_a_confirmed_reader_is_active_with_their_filters_zone_and_hour() -> None:
    done = take("One@Example.org,gradient | hessian,Europe/Berlin,7,2026-06-01")
    assert (done.imported, done.pending, done.rejected) == (1, 0, [])
    one = reader()
    assert (one.email, one.state) == ("One@example.org", "active")
    assert (one.zone, one.hour) == ("Europe/Berlin", 7)
    assert one.confirmed_at == datetime(2026, 6, 1, tzinfo=UTC)
    assert filters() == ["gradient", "hessian"]
    assert Letter.objects.count() == 0


def test_the_consent_says_that_it_came_with_an_import_and_of_when_it_is() -> None:
    take("one@example.org,,,,2026-06-01T08:00:00+02:00")
    record = ConsentRecord.objects.get()
    assert (record.action, record.source) == ("imported", "import")
    assert "2026-06-01" in record.text


def test_without_confirmed_at_a_reader_is_pending_and_owed_one_confirm_letter() -> None:
    assert take("one@example.org,gradient,,,").pending == 1
    assert (reader().state, reader().confirmed_at) == ("pending", None)
    assert Letter.objects.get().kind == "confirm"


def test_an_import_and_the_form_together_owe_one_confirm_letter_a_day() -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        take("one@example.org,gradient,,,")
        consent.subscribe("one@example.org", [], consent.Schedule())
        assert Letter.objects.count() == 1
        clock.shift(timedelta(days=1, seconds=1))
        consent.subscribe("one@example.org", [], consent.Schedule())
    assert Letter.objects.count() == 2


def test_blanks_mean_the_default_filter_the_home_zone_and_eight(settings: Any) -> None:
    settings.HOME_ZONE = ZoneInfo("Europe/Berlin")
    an_edition(source="hf")
    take("one@example.org,,,,2026-06-01")
    assert (filters(), reader().zone, reader().hour) == (["in:hf"], "Europe/Berlin", 8)


def test_while_there_are_samples_only_the_default_filter_is_everything() -> None:
    take("one@example.org,,,,2026-06-01")
    assert filters() == ["*"]


def test_equal_filters_of_a_line_are_one() -> None:
    take("one@example.org,Gradient|gradient| |hessian,,,2026-06-01")
    assert filters() == ["Gradient", "hessian"]


# --- who is left as they are ----------------------------------------------------


def test_a_known_address_is_skipped_however_it_is_written() -> None:
    a_reader(email="one@example.org", hour=6)
    done = take("ONE@example.org,gradient,,9,2026-06-01")
    assert (done.skipped, done.imported) == ([2], 0)
    assert reader().hour == 6


def test_the_second_line_of_an_address_is_skipped() -> None:
    done = take("one@example.org,,,5,2026-06-01", "one@example.org,,,6,2026-06-01")
    assert (done.imported, len(done.skipped), reader().hour) == (1, 1, 5)


def test_importing_a_file_again_changes_nothing() -> None:
    line = "one@example.org,gradient,,5,2026-06-01", "two@example.org,,,,"
    take(*line)
    again = take(*line)
    assert (again.imported, again.pending, len(again.skipped)) == (0, 0, 2)
    assert (ConsentRecord.objects.count(), Letter.objects.count()) == (2, 1)


def test_update_replaces_filters_zone_and_hour() -> None:
    a_subscription(a_reader(email="one@example.org", hour=6), "hessian")
    done = take("one@example.org,gradient,Asia/Tokyo,9,2026-06-01", update=True)
    assert (done.updated, len(done.skipped)) == (1, 0)
    assert (filters(), reader().zone, reader().hour) == (["gradient"], "Asia/Tokyo", 9)


def test_update_leaves_a_weekly_reader_weekly() -> None:
    a_reader(email="one@example.org", cadence="weekly", weekdays=0b0000100)
    take("one@example.org,gradient,,9,2026-06-01", update=True)
    assert (reader().hour, reader().cadence, reader().weekdays) == (9, "weekly", 4)


def test_update_leaves_a_silent_reader_the_days_that_they_chose() -> None:
    own = {"cadence": "daily", "weekdays": 127}
    slow = {"cadence": "weekly", "weekdays": 1, "silence": "weekly", "silence_at": NOW}
    silent = a_reader(email="one@example.org", before_silence=own, **slow)
    take("one@example.org,gradient,,9,2026-06-01", update=True)
    assert (reader().cadence, reader().hour) == ("weekly", 9)
    consent.still_reading(silent.pk)
    assert (reader().cadence, reader().weekdays) == ("daily", 127)


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("state", ["unsubscribed", "suppressed"])
def test_who_left_or_is_suppressed_is_never_revived(state: str, update: bool) -> None:
    a_reader(email="one@example.org", state=state)
    done = take("one@example.org,gradient,,9,2026-06-01", update=update)
    assert (len(done.skipped), done.imported, done.updated) == (1, 0, 0)
    assert (reader().state, filters()) == (state, [])


@pytest.mark.parametrize("confirmed_at", ["", "2026-06-01"])
def test_an_address_suppressed_without_a_reader_stays_out(confirmed_at: str) -> None:
    Suppression.objects.create(
        address_hash=Suppression.hash_of("one@example.org"), reason="complained"
    )
    done = take(f"one@example.org,gradient,,9,{confirmed_at}")
    assert (len(done.skipped), Subscriber.objects.count()) == (1, 0)
    assert Letter.objects.count() == 0


def test_of_an_exported_file_who_left_elsewhere_is_not_brought_back() -> None:
    done = take(
        "one@example.org,,,,2026-06-01,active",
        "two@example.org,,,,2026-06-01,unsubscribed",
        "six@example.org,,,,2026-06-01,suppressed",
        "ten@example.org,,,,2026-06-01,pending",
        header=f"{HEADER},state",
    )
    assert (done.imported, len(done.skipped), done.pending) == (1, 2, 1)
    states = dict(Subscriber.objects.values_list("email", "state"))
    assert states == {"one@example.org": "active", "ten@example.org": "pending"}


def test_in_an_exported_file_no_filters_are_none() -> None:
    done = take("one@example.org,,,,2026-06-01,active", header=f"{HEADER},state")
    assert (done.imported, filters()) == (1, [])


@pytest.mark.postgresql  # SQLite's one writer cannot wait for another
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("confirmed_at", ["2026-06-01", ""])
def test_who_signs_up_at_that_moment_is_known_and_the_rest_goes_on(
    confirmed_at: str,
) -> None:
    addresses = ["one@example.org", "two@example.org", "six@example.org"]
    lines = [f"{address},gradient,,9,{confirmed_at}" for address in addresses]

    def importing() -> pipeline.Imported:
        try:
            return take(*lines)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            hessian = consent.Wanted("hessian", "hessian")
            consent.subscribe("two@example.org", [hessian], consent.Schedule())
            file = pool.submit(importing)
            wait([file], timeout=0.5)  # it has asked for the address and waits for it
        done = file.result()
    assert (done.imported + done.pending, done.skipped, done.rejected) == (2, [3], [])
    assert filters("two@example.org") == ["hessian"]


# --- which line is wrong --------------------------------------------------------
