"""Readers from a CSV file (safety.md, Import)."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
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


def test_one_fault_rejects_its_line_and_the_rest_goes_on() -> None:
    done = take(
        "one@example.org,gradient,,,2026-06-01",
        "not an address,gradient,,,2026-06-01",
        "two@example.org,gradient,,,2026-06-01",
    )
    assert (done.imported, [number for number, _ in done.rejected]) == (2, [3])


def test_a_line_number_is_the_editors_whatever_is_quoted_or_blank() -> None:
    done = take(
        "nobody 2",
        'one@example.org,"gradient\n|\nhessian",,,2026-06-01',
        "nobody 6",
        "",
        " , ",
        '"nobody 9\n",',
        "nobody 11",
    )
    assert [number for number, _ in done.rejected] == [2, 6, 9, 11]
    assert filters() == ["gradient", "hessian"]


@pytest.mark.parametrize("after", [1, 400])
def test_a_quote_that_nobody_closed_costs_its_own_line_only(after: int) -> None:
    known = f"known@example.org,{'gradient ' * 40},,,2026-06-01"
    a_reader(email="known@example.org")
    done = take(
        'one@example.org,"gradient,,,2026-06-01',
        "two@example.org,gradient,,,2026-06-01",
        *[known] * after,
        'six@example.org,"gradient,,,2026-06-01',
        "ten@example.org,gradient,,,2026-06-01",
    )
    assert [number for number, _ in done.rejected] == [2, 4 + after]
    assert (done.imported, len(done.skipped)) == (2, after)


def test_a_field_larger_than_any_filter_costs_its_own_line_only() -> None:
    done = take(
        f"one@example.org,{'gradient ' * 20_000},,,2026-06-01",
        "two@example.org,gradient,,,2026-06-01",
    )
    assert [number for number, _ in done.rejected] == [2]
    assert "limit" in done.rejected[0][1]
    assert done.imported == 1


def test_quotes_inside_a_field_must_be_doubled_not_lost() -> None:
    taken = 'one@example.org,"""policy gradient""|hessian",,,2026-06-01'
    done = take(taken, 'two@example.org,"policy gradient"|hessian,,,2026-06-01')
    assert filters() == ['"policy gradient"', "hessian"]
    ((number, reason),) = done.rejected
    assert number == 3
    assert "a quote in a field is doubled" in reason


def test_a_byte_that_is_not_utf_8_costs_its_own_line_only(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    lines = [
        HEADER,
        "one@example.org,Schr\u00f6dinger,,,2026-06-01",
        "two@example.org,,,,",
    ]
    path.write_bytes("\n".join(lines).encode("latin-1"))
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        done = pipeline.import_subscribers(file)
    assert done.rejected == [(2, "It is not UTF-8; save the file in that encoding.")]
    assert done.pending == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_ending_is_taken(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "readers.csv"
    lines = [HEADER, "one@example.org,gradient,,7,2026-06-01", "nobody", ""]
    path.write_bytes(ending.join(lines).encode())
    with path.open(encoding="utf-8", newline="") as file:
        done = pipeline.import_subscribers(file)
    assert (done.imported, [number for number, _ in done.rejected]) == (1, [3])
    assert reader().confirmed_at == datetime(2026, 6, 1, tzinfo=UTC)


# --- what is wrong with it ------------------------------------------------------


def test_a_wrong_filter_is_told_with_its_position() -> None:
    reason = why("one@example.org,gradient|(hessian,,,2026-06-01")
    assert reason.startswith("filter '(hessian': At character 1: ")


def test_twenty_filters_are_taken_and_twenty_one_are_not() -> None:
    words = [f"word{number}" for number in range(21)]
    reason = why(f"one@example.org,{'|'.join(words)},,,2026-06-01")
    assert reason == "21 filters; a reader may have 20."
    take(f"one@example.org,{'|'.join([*words[:20], 'WORD0'])},,,2026-06-01")
    assert len(filters()) == 20


@pytest.mark.parametrize("zone", ["Berlin", "europe/berlin", "+02:00", "../etc/passwd"])
def test_a_wrong_zone(zone: str) -> None:
    reason = why(f"one@example.org,gradient,{zone},,2026-06-01")
    assert reason == f"zone {zone!r}; it takes a name such as Europe/Berlin."


@pytest.mark.parametrize("hour", ["24", "-1", "7:00", "7.5", "noon", "9" * 5000])
def test_a_wrong_hour(hour: str) -> None:
    reason = why(f"one@example.org,gradient,,{hour},2026-06-01")
    assert reason == f"hour {hour[:20]!r}; it takes 0 to 23."


@pytest.mark.parametrize("day", ["yesterday", "01.06.2026", "2026-13-01", "1780000000"])
def test_a_wrong_date(day: str) -> None:
    reason = why(f"one@example.org,gradient,,,{day}")
    assert reason == (
        f"confirmed_at {day!r}; it takes 2026-07-06 or 2026-07-06T08:00:00Z."
    )


@pytest.mark.parametrize(
    "day", ["0001-01-01T00:00:00+14:00", "0001-01-01", "9999-12-31T23:59:59-12:00"]
)
def test_a_date_that_no_consent_can_have(day: str) -> None:
    assert why(f"one@example.org,gradient,,,{day}") == (
        f"confirmed_at {day!r}; it takes a day that has been."
    )


@pytest.mark.parametrize(
    "address", ["", "one", "one@", "a@b@example.org", "postmaster@example.org"]
)
def test_a_wrong_address(address: str) -> None:
    assert why(f"{address},gradient,,,2026-06-01").startswith(repr(address))


@pytest.mark.parametrize("row", ["one@example.org", "one@example.org,a,UTC,7,,more"])
def test_a_line_with_other_columns(row: str) -> None:
    assert why(row) == f"{len(row.split(','))} fields; there must be 5."


def test_a_wrong_state() -> None:
    done = take("one@example.org,,,,,gone", header=f"{HEADER},state")
    assert "it takes pending, active, unsubscribed" in done.rejected[0][1]


@pytest.mark.parametrize(
    "header",
    ["address;filters;zone;hour;confirmed_at", "one@example.org,gradient,,,", "", "'"],
)
def test_another_header_stops_the_import_and_is_told(header: str) -> None:
    with pytest.raises(pipeline.BadLine) as refused:
        take("one@example.org,gradient,,,2026-06-01", header=header)
    assert HEADER in str(refused.value)
    assert Subscriber.objects.count() == 0


def test_an_empty_file_is_told_which_header_it_needs() -> None:
    with pytest.raises(pipeline.BadLine, match=HEADER):
        pipeline.import_subscribers(StringIO(""))


def test_what_a_spreadsheet_quotes_is_the_same() -> None:
    out = StringIO(newline="")
    write = csv.writer(out, quoting=csv.QUOTE_ALL)
    write.writerow(HEADER.split(","))
    write.writerow(["one@example.org", '"policy gradient"|-survey flow', "", "7", ""])
    out.seek(0)
    assert pipeline.import_subscribers(out).pending == 1
    assert filters() == ['"policy gradient"', "-survey flow"]
