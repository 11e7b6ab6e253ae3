"""`ingest` and `publish`: what they count."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from subscriptions.models import Edition, Paper
from tests.ingestion.invented import (
    a_line,
    an_hf_item,
    an_rss_feed,
    an_rss_item,
    hf_json,
    json_lines,
)
from tests.ingestion.stub_source import Fault, StubSource

from .asking import ask, said

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = date(2026, 7, 6), date(2026, 7, 7)


def counts(answer: dict[str, object]) -> dict[str, object]:
    return {key: answer[key] for key in ("seen", "new", "updated", "rejected")}


def a_file(path: Path, body: bytes) -> Path:
    path.write_bytes(body)
    return path


@pytest.fixture
def hf(tmp_path: Path) -> Path:
    items = [an_hf_item(f"2607.0000{n}", TUESDAY) for n in (1, 2)]
    return a_file(tmp_path / "hf.json", hf_json(*items))


@pytest.fixture
def arxiv(tmp_path: Path) -> Path:
    lines = json_lines(a_line("2607.00002"), a_line("2607.00003"))
    return a_file(tmp_path / "arxiv-2026-07-07.jsonl", lines)


def test_a_paper_in_two_files_was_seen_once(hf: Path, arxiv: Path) -> None:
    answer = ask("ingest", "--file", hf, arxiv)
    assert (answer["seen"], answer["new"], answer["rejected"]) == (3, 3, 0)
    assert Paper.objects.count() == 3
    assert (answer["days"], answer["reasons"]) == (["2026-07-07"], [])


def test_a_paper_that_a_file_lists_on_two_days_was_seen_once(tmp_path: Path) -> None:
    items = [an_hf_item("2607.00001", day) for day in (MONDAY, TUESDAY)]
    items.append(an_hf_item("2607.00002", TUESDAY))
    answer = ask("ingest", "--file", a_file(tmp_path / "hf.json", hf_json(*items)))
    assert (answer["seen"], answer["new"]) == (2, 2)
    assert answer["days"] == ["2026-07-06", "2026-07-07"]


def test_the_same_file_twice_brings_nothing_new(hf: Path, arxiv: Path) -> None:
    ask("ingest", "--file", hf, arxiv)
    again = ask("ingest", "--file", hf, arxiv)
    assert counts(again) == {"seen": 3, "new": 0, "updated": 0, "rejected": 0}


def test_a_value_that_changed_is_an_update(hf: Path, tmp_path: Path) -> None:
    ask("ingest", "--file", hf)
    items = [an_hf_item("2607.00001", TUESDAY, upvotes=99)]
    later = a_file(tmp_path / "later.json", hf_json(*items))
    assert counts(ask("ingest", "--file", later)) == {
        "seen": 1,
        "new": 0,
        "updated": 1,
        "rejected": 0,
    }


def test_what_is_unusable_is_counted_and_told(tmp_path: Path) -> None:
    body = hf_json(an_hf_item("2607.00001", TUESDAY), {"paper": {"id": "nonsense"}})
    answer = ask("ingest", "--file", a_file(tmp_path / "hf.json", body))
    assert (answer["seen"], answer["new"], answer["rejected"]) == (1, 1, 1)
    assert "nonsense" in " ".join(answer["reasons"])


@pytest.mark.parametrize("body", [b"", b"<html><body>Busy", b"[{", b"\x00\x01", b"{}"])
def test_a_file_that_is_no_list_is_told_and_raises_nothing(
    body: bytes, tmp_path: Path
) -> None:
    answer = ask("ingest", "--file", a_file(tmp_path / "hf.json", body))
    assert (answer["seen"], answer["new"]) == (0, 0)
    assert answer["reasons"]


def test_both_sources_are_asked_and_a_paper_of_both_was_seen_once(
    stub: StubSource,
) -> None:
    stub.hf[TUESDAY] = [an_hf_item(f"2607.0000{n}", TUESDAY) for n in (1, 2)]
    stub.rss = an_rss_feed(TUESDAY, [an_rss_item("2607.00002")])
    answer = ask("ingest", "--day", TUESDAY)
    assert (answer["seen"], answer["new"], answer["listed"]) == (2, 2, 3)
    assert set(Edition.objects.values_list("source", "state")) == {
        ("hf", "open"),
        ("arxiv", "open"),
    }


def test_a_range_of_days(stub: StubSource) -> None:
    for day in (MONDAY, TUESDAY):
        stub.hf[day] = [an_hf_item(f"2607.{day:%m%d}1", day)]
    answer = ask("ingest", "--day", MONDAY, "--to", TUESDAY, "--source", "hf")
    assert answer["days"] == ["2026-07-06", "2026-07-07"]


def test_a_source_that_is_down_is_told(stub: StubSource) -> None:
    stub.fault = Fault(status=404)
    answer = ask("ingest", "--source", "hf", "--day", TUESDAY)
    assert answer["reasons"] == ["No list came: 127.0.0.1 answered 404."]


def test_without_json_it_is_a_table(hf: Path) -> None:
    table = said("ingest", "--file", hf)
    assert table.split() == [
        *("seen", "new", "updated", "rejected", "listed"),
        *("2", "2", "0", "0", "2"),
    ]


def test_publish_names_what_it_published_and_then_nothing(hf: Path) -> None:
    ask("ingest", "--file", hf)
    assert ask("publish", "--day", MONDAY) == {"editions": []}
    assert ask("publish", "--day", TUESDAY) == {
        "editions": [{"source": "hf", "day": "2026-07-07", "papers": 2}]
    }
    assert ask("publish", "--day", TUESDAY) == {"editions": []}
