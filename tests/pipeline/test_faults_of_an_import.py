"""What may be wrong with a file of readers: it costs its own line, and is told."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from subscriptions import pipeline
from subscriptions.models import Subscriber
from tests.factories import a_reader

from .test_importing import HEADER, filters, reader, take, why

pytestmark = pytest.mark.django_db


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
