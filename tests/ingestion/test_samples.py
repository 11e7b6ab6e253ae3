"""The sample edition: something to look at where no source answers."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest

from subscriptions import ingestion
from subscriptions.models import Edition, Listing, Paper

from .conftest import NOON, TUESDAY, Take, words
from .invented import an_hf_item, hf_json

pytestmark = pytest.mark.django_db


def test_forty_papers_are_listed_today_and_published_at_once() -> None:
    taken = ingestion.load_samples(NOON, words)
    assert (taken.new, taken.listed, taken.rejected) == (40, 40, 0)
    edition = Edition.objects.get()
    assert (edition.source, edition.day, edition.papers) == ("sample", TUESDAY, 40)
    assert edition.state == "published"
    assert all(listing.frozen for listing in Listing.objects.all())


def test_loading_them_again_on_another_day_changes_nothing() -> None:
    ingestion.load_samples(NOON, words)
    again = ingestion.load_samples(NOON + timedelta(days=1), words)
    assert (again.new, again.listed) == (0, 0)
    assert Edition.objects.count() == 1


def test_loading_them_publishes_no_other_source(take: Take) -> None:
    take(hf_json(an_hf_item("2607.00001")))
    ingestion.load_samples(NOON, words)
    assert Edition.objects.get(source="hf").state == "open"


def test_they_are_marked_as_invented_and_come_in_wide_variety() -> None:
    ingestion.load_samples(NOON, words)
    papers = list(Paper.objects.all())
    assert all("invented" in paper.abstract.lower() for paper in papers)
    assert all(
        "$" not in paper.arxiv_id and paper.arxiv_id[:4] == "0000" for paper in papers
    )
    assert max(len(paper.authors) for paper in papers) == 30
    assert any("$" in paper.title for paper in papers)
    assert any(len(paper.abstract) > 2000 for paper in papers)
    assert any(paper.code_url for paper in papers)
    directions = {unicodedata.bidirectional(paper.title[0]) for paper in papers}
    assert "AL" in directions
    assert len({paper.categories[0] for paper in papers}) > 20
