"""`import_subscribers` and `export_subscribers`: out of one service, into another."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from subscriptions.models import Subscriber
from tests.factories import a_reader, a_subscription

from .asking import ask, refusal, said

pytestmark = pytest.mark.django_db
HEADER = "address,filters,zone,hour,confirmed_at"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readers.csv"


def test_what_came_of_the_lines_is_counted(path: Path) -> None:
    a_reader(email="known@example.org")
    lines = [
        HEADER,
        "one@example.org,gradient,,,2026-06-01",
        "two@example.org,gradient,,,",
        "known@example.org,gradient,,,2026-06-01",
    ]
    path.write_text("\n".join(lines))
    assert ask("import_subscribers", path) == {
        "imported": 1,
        "pending": 1,
        "updated": 0,
        "skipped": 1,
        "rejected": 0,
        "lines": [],
        "skipped_lines": [4],
    }
    assert ask("import_subscribers", path, "--update")["updated"] == 2


def test_a_rejected_line_is_told_in_the_json_and_by_the_exit_status(
    path: Path,
) -> None:
    path.write_text(f"{HEADER}\none@example.org,,,,2026-06-01\nnobody,,,,\n")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("import_subscribers", path, "--json", stdout=out, stderr=err)
    assert refused.value.returncode == 1
    answer = json.loads(out.getvalue())
    assert (answer["imported"], answer["rejected"]) == (1, 1)
    ((line,),) = [answer["lines"]]
    assert line["line"] == 3
    assert line["reason"].startswith("'nobody'")
    assert err.getvalue().startswith("line 3: 'nobody'")


def test_a_spreadsheets_file_is_taken(path: Path) -> None:
    """With a byte order mark, its names in quotes, and lines that end in CR LF."""
    header = ",".join(f'"{name}"' for name in HEADER.split(","))
    lines = [header, 'one@example.org,"Schrödinger",Europe/Berlin,7,2026-06-01', ""]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert ask("import_subscribers", path)["imported"] == 1
    assert Subscriber.objects.get().subscriptions.get().text == "Schrödinger"


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_another_encoding_is_told(path: Path, encoding: str) -> None:
    path.write_bytes(f"{HEADER}\none@example.org,Schrödinger,,,\n".encode(encoding))
    line = refusal("import_subscribers", path)
    assert line.endswith("were not taken.") or HEADER in line
    assert not Subscriber.objects.exists()


def exported(path: Path) -> list[dict[str, str]]:
    with path.open("w", newline="") as out:
        call_command("export_subscribers", stdout=out)
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def readers() -> dict[str, tuple[Any, ...]]:
    return {
        each.email: (
            each.state,
            each.zone,
            each.hour,
            each.confirmed_at,
            [s.filter.text for s in each.subscriptions.select_related("filter")],
        )
        for each in Subscriber.objects.all()
    }


def test_what_one_service_exports_another_imports(path: Path) -> None:
    one = a_reader(email="One@example.org", zone="Asia/Tokyo", hour=6)
    for text in ('"policy gradient" -survey', "author:sample OR title:flow", "caf*"):
        a_subscription(one, text)
    two = a_reader(email="two@example.org", state="pending", confirmed_at=None)
    a_subscription(two, "in:hf upvotes:20")
    before = readers()
    exported(path)
    Subscriber.objects.all().delete()
    answer = ask("import_subscribers", path)
    assert (answer["imported"], answer["pending"], answer["rejected"]) == (1, 1, 0)
    assert readers() == before


def test_who_left_is_exported_as_such_and_not_brought_back(path: Path) -> None:
    for state in ("unsubscribed", "suppressed"):
        a_subscription(a_reader(email=f"{state}@example.org", state=state))
    assert [row["state"] for row in exported(path)] == ["unsubscribed", "suppressed"]
    Subscriber.objects.all().delete()
    assert ask("import_subscribers", path)["skipped"] == 2
    assert not Subscriber.objects.exists()


def test_a_filter_that_is_off_is_not_exported_to_be_on_elsewhere(path: Path) -> None:
    reader = a_reader()
    a_subscription(reader, "gradient")
    a_subscription(reader, "protein", enabled=False)
    assert exported(path)[0]["filters"] == "gradient"


def test_who_has_all_filters_off_is_not_given_the_default_one_elsewhere(
    path: Path,
) -> None:
    a_subscription(a_reader(email="one@example.org"), "gradient", enabled=False)
    exported(path)
    Subscriber.objects.all().delete()
    assert ask("import_subscribers", path)["imported"] == 1
    assert not Subscriber.objects.get().subscriptions.exists()


def test_a_filter_with_the_separator_in_it_stays_one(path: Path) -> None:
    a_subscription(a_reader(email="one@example.org"), '"policy|gradient" flow')
    before = readers()
    exported(path)
    Subscriber.objects.all().delete()
    assert ask("import_subscribers", path)["rejected"] == 0
    assert readers() == before


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("https://example.org")', "@SUM(1)", "-1+flow gradient"]
)
def test_no_filter_is_a_formula_to_a_spreadsheet(path: Path, text: str) -> None:
    """Anybody can sign up with one, and the operator opens the file."""
    a_subscription(a_reader(email="one@example.org"), text)
    before = readers()
    (row,) = exported(path)
    assert row["filters"][0] not in "=+-@"
    Subscriber.objects.all().delete()
    ask("import_subscribers", path)
    assert readers() == before


def test_the_export_as_json_has_the_same_columns() -> None:
    a_subscription(a_reader(email="one@example.org"), "gradient")
    (row,) = ask("export_subscribers")["subscribers"]
    assert list(row) == [*HEADER.split(","), "state"]
    assert (row["address"], row["filters"], row["hour"]) == (
        "one@example.org",
        "gradient",
        8,
    )


def test_an_export_without_readers_is_a_header() -> None:
    assert said("export_subscribers").strip() == f"{HEADER},state"
