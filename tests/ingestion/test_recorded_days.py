"""The recorded days of the sources go in whole, and a second time change nothing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from subscriptions import ingestion
from subscriptions.models import Edition, Listing, Paper, SourceRun

from .conftest import words

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


def _ingest(path: Path) -> ingestion.Ingested:
    return ingestion.ingest_file(path, None, None, NOW, words)


def test_all_days_of_hugging_face_go_in_and_twice_gives_the_same(shared: Path) -> None:
    paths = sorted((shared / "data/hf_daily").glob("*.json"))
    assert len(paths) == 32
    offered: set[str] = set()
    for path in paths:
        ids = {item["paper"]["id"] for item in json.loads(path.read_text())}
        first = _ingest(path)
        assert (first.seen, first.rejected, first.reasons) == (len(ids), 0, ())
        assert (first.new, first.listed) == (len(ids - offered), len(ids - offered))
        assert first.days == (date.fromisoformat(path.stem),)
        offered |= ids
    assert Paper.objects.count() == len(offered)
    assert Edition.objects.count() == 32
    assert not SourceRun.objects.exclude(state="fresh").exists()
    for path in paths:
        again = _ingest(path)
        assert (again.new, again.updated, again.listed) == (0, 0, 0)


def test_the_days_of_arxiv_go_in_and_saturday_repeats_friday(shared: Path) -> None:
    paths = sorted((shared / "data/arxiv_daily").glob("*.jsonl"))
    assert len(paths) == 7
    for path in paths:
        ids = {json.loads(line)["id"] for line in path.read_text().splitlines()}
        first = _ingest(path)
        assert (first.seen, first.rejected) == (len(ids), 0)
        saturday = path.stem == "2026-06-27"
        assert first.state == ("stale" if saturday else "fresh")
        assert (first.new, first.listed) == (
            (0, 0) if saturday else (len(ids), len(ids))
        )
    assert not Edition.objects.filter(day=date(2026, 6, 27)).exists()
    for path in paths:
        again = _ingest(path)
        assert (again.new, again.updated, again.listed) == (0, 0, 0)


def test_papers_of_both_sources_are_one_row_with_two_listings(shared: Path) -> None:
    for folder in ("hf_daily", "arxiv_daily"):
        for path in sorted((shared / "data" / folder).glob("2026-06-2*")):
            _ingest(path)
    both = Paper.objects.filter(listings__source="hf").filter(listings__source="arxiv")
    assert both.count() > 20
    for paper in both:
        assert paper.categories
        assert set(paper.as_of) == {"hf", "arxiv"}
        assert Listing.objects.filter(paper=paper).count() == 2


@pytest.mark.parametrize("folder", ["arxiv_rss", "arxiv_atom", "arxiv_oai"])
def test_every_xml_sample_goes_in_without_a_loss(shared: Path, folder: str) -> None:
    for path in sorted((shared / "data" / folder).glob("*.xml")):
        body = path.read_text()
        held = body.count("<item>") + body.count("<entry>") + body.count("<record>")
        held -= body.count("/api/errors#") // 2
        first, again = _ingest(path), _ingest(path)
        assert (first.seen, first.new, first.rejected) == (held, held, 0), path.name
        assert (again.seen, again.new, again.updated) == (held, 0, 0), path.name


def test_answers_of_other_repositories_end_in_a_sentence(shared: Path) -> None:
    for path in sorted((shared / "data/arxiv_oai/generic").glob("*.xml")):
        taken = _ingest(path)
        assert taken.new == 0
        assert taken.state in {"down", "quiet"}, path.name
        assert taken.reasons or path.name == "noRecordsMatch.xml", path.name


def test_the_seed_page_is_stored_without_an_edition(shared: Path) -> None:
    taken = _ingest(shared / "data/seed/daily_papers_page.json")
    assert (taken.seen, taken.new, taken.listed, taken.days) == (46, 46, 0, ())
    assert "stored without an edition" in " ".join(taken.reasons)
    assert Paper.objects.filter(arxiv_id="0000.00001").exists()
    assert not Edition.objects.exists()
