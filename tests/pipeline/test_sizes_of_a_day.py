"""Days of no paper, of one, and of five thousand (bad input 42)."""

from __future__ import annotations

import pytest

from subscriptions import matching, pipeline
from subscriptions.models import Edition, Listing, Paper
from tests.factories import TUESDAY, an_edition

from .digests import a_reader_of, titles

pytestmark = pytest.mark.django_db


def a_day_of(number: int) -> Edition:
    edition = an_edition(papers=number)
    papers = [
        Paper(arxiv_id=f"2607.{at:05}", title=f"Invented Paper {at}", abstract="")
        for at in range(number)
    ]
    for paper in papers:
        words = matching.search_text(paper)
        paper.title_words, paper.abstract_words, paper.facts = words
    Paper.objects.bulk_create(papers)
    Listing.objects.bulk_create(
        Listing(
            paper=paper,
            edition=edition,
            source=edition.source,
            listed_on=edition.day,
            position=at,
            frozen=paper.card().to_json(),
        )
        for at, paper in enumerate(papers)
    )
    return edition


def test_an_edition_without_a_paper_sends_nothing() -> None:
    a_day_of(0)
    reader = a_reader_of("*")
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().state == "skipped"
    assert pipeline.preview(reader.email, TUESDAY) is None


@pytest.mark.parametrize(("number", "shown"), [(1, 1), (5000, 12)])
def test_a_digest_holds_its_dozen_however_many_there_are(
    number: int, shown: int
) -> None:
    a_day_of(number)
    reader = a_reader_of("*")
    pipeline.compose_day(TUESDAY)
    assert len(set(titles(reader))) == shown
    mail = pipeline.preview(reader.email, TUESDAY)
    assert mail is not None
    assert f"{number:,} listed" in mail.html
    assert mail.left_out == 0
