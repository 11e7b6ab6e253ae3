"""One filter against the stored papers."""

from __future__ import annotations

import json
from datetime import date

import pytest

from subscriptions.matching import parse, search
from subscriptions.models import Paper
from tests.factories import TUESDAY, a_listing, a_paper, an_edition

from .documents import SHARED

pytestmark = pytest.mark.django_db


def test_it_finds_papers_best_first_with_their_words() -> None:
    a_paper(title="Nothing")
    abstract = a_paper(title="On policies", abstract="A gradient of a thing")
    title = a_paper(title="Gradients", abstract="The gradient of a thing", authors=[])
    found = search(parse("gradient"))
    assert [one.paper for one in found] == [title.pk, abstract.pk]
    assert found[0].words == ("gradient", "Gradients")
    assert found[0].score > found[1].score > 0


def test_a_paper_without_a_listing_is_found_by_itself() -> None:
    paper = a_paper(title="Gradients")
    assert [one.paper for one in search(parse("gradient"))] == [paper.pk]
    assert search(parse("gradient in:arxiv")) == []


def test_one_listing_must_satisfy_the_whole_filter() -> None:
    paper = a_paper(title="Gradients", upvotes=0)
    a_listing(paper, an_edition(source="arxiv"))
    paper.upvotes = 30
    a_listing(paper, an_edition(source="hf"))
    assert search(parse("in:hf upvotes:20"))
    assert search(parse("in:arxiv"))
    assert not search(parse("in:arxiv upvotes:20"))
    assert not search(parse("in:arxiv in:hf"))


def test_a_paper_on_two_lists_is_found_once() -> None:
    paper = a_paper(title="Gradients")
    for source in ("arxiv", "hf"):
        a_listing(paper, an_edition(source=source))
    assert len(search(parse("gradient"))) == 1


def test_days_are_the_newest_edition_days_whatever_the_source() -> None:
    days = [date(2026, 7, 3), date(2026, 7, 6), TUESDAY]
    for day, source in zip(days, ("arxiv", "hf", "arxiv"), strict=True):
        a_listing(a_paper(title=f"Gradient {day}"), an_edition(day=day, source=source))
    a_paper(title="Gradient without a list")
    a_listing(a_paper(title="Gradient"), source="hf", listed_on=TUESDAY)
    counts = [len(search(parse("gradient"), days=n)) for n in (1, 2, 3, 9)]
    assert counts == [1, 2, 3, 3]
    assert len(search(parse("gradient"))) == 5


def test_search_reads_the_newest_title_and_the_listings_upvotes() -> None:
    paper = a_paper(title="Old name", upvotes=3)
    a_listing(paper, an_edition(source="hf"))
    Paper.objects.filter(pk=paper.pk).update(title="New name", upvotes=50)
    assert search(parse("new"))
    assert not search(parse("old"))
    assert not search(parse("upvotes:20"))


def test_rule_7_samples_are_found_only_while_there_is_nothing_else() -> None:
    sample = a_paper(title="Gradients")
    later = date(2026, 7, 8)
    a_listing(sample, an_edition(source="sample", day=later))
    assert [one.paper for one in search(parse("gradient"))] == [sample.pk]
    assert [one.paper for one in search(parse("gradient"), days=1)] == [sample.pk]
    real, unlisted = a_paper(title="Gradient"), a_paper(title="Of gradients")
    a_listing(real, an_edition(source="hf", day=TUESDAY, state="open"))
    found = {one.paper for one in search(parse("gradient"))}
    assert found == {real.pk, unlisted.pk}
    assert [one.paper for one in search(parse("gradient"), days=1)] == [real.pk]
    assert search(parse("gradient in:sample")) == []


def test_rule_7_a_sample_that_a_source_lists_too_is_found_by_that_list() -> None:
    paper = a_paper(title="Gradients")
    for source in ("sample", "arxiv"):
        a_listing(paper, an_edition(source=source))
    assert search(parse("gradient in:arxiv"))
    assert not search(parse("gradient in:sample"))


def test_a_limit_keeps_the_best() -> None:
    for number in range(5):
        a_paper(title="Gradient", upvotes=number)
    found = search(parse("gradient"), limit=2)
    upvotes = [Paper.objects.get(pk=one.paper).upvotes for one in found]
    assert upvotes == [4, 3]


def test_more_papers_than_a_chunk() -> None:
    Paper.objects.bulk_create(
        Paper(arxiv_id=f"2607.{number:05d}", title="Gradient") for number in range(1100)
    )
    assert len(search(parse("gradient"))) == 1100


@pytest.mark.parametrize(
    ("text", "missing"),
    [("gradient representation*", 1), ("gradient representation", 3)],
)
def test_the_seed_page_is_found_but_for_the_papers_without_the_words(
    text: str, missing: int
) -> None:
    path = SHARED / "seed" / "daily_papers_page.json"
    if not path.exists():
        pytest.skip("../shared/data is not here: it holds the seed page")
    for item in json.loads(path.read_text()):
        paper = item["paper"]
        a_paper(arxiv_id=paper["id"], title=paper["title"], abstract=paper["summary"])
    found = {one.paper for one in search(parse(text))}
    left = Paper.objects.exclude(pk__in=found).values_list("title", flat=True)
    assert len(left) == missing
    assert any(title.startswith("TrAct") for title in left)
