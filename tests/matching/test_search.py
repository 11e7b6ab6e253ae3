"""One filter against the stored papers."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from subscriptions.matching import Found, parse, search
from subscriptions.models import Paper
from tests.factories import TUESDAY, a_listing, a_paper, an_edition

from .documents import SHARED
from .stored import change

pytestmark = pytest.mark.django_db


def found(text: str, days: int | None = None) -> list[Found]:
    results = search(parse(text), days=days)
    assert results.total == len(results.found)
    return list(results.found)


def papers(text: str, days: int | None = None) -> list[int]:
    return [one.paper for one in found(text, days)]


def test_it_finds_papers_best_first_with_their_words() -> None:
    a_paper(title="Nothing")
    abstract = a_paper(title="On policies", abstract="A gradient of a thing")
    title = a_paper(title="Gradients", abstract="The gradient of a thing")
    best, second = found("gradient")
    assert (best.paper, second.paper) == (title.pk, abstract.pk)
    assert best.words == ("gradient", "Gradients")
    assert best.score > second.score > 0


def test_a_word_in_the_title_counts_for_more_than_the_same_in_the_abstract() -> None:
    for number in range(8):
        a_paper(title=f"Another thing {number}", abstract="Nothing to see")
    a_paper(title="On a thing", abstract="A gradient to see")
    title = a_paper(title="On a gradient", abstract="A thing to see")
    a_paper(title="On a thing", abstract="A gradient to see")
    assert papers("gradient")[0] == title.pk


def test_a_paper_without_a_listing_is_found_by_itself() -> None:
    paper = a_paper(title="Gradients", upvotes=9)
    assert papers("gradient") == [paper.pk]
    assert papers("gradient upvotes:9") == [paper.pk]
    assert papers("gradient -in:hf") == [paper.pk]
    assert papers("gradient in:arxiv") == []
    assert papers("gradient upvotes:10") == []


def test_one_listing_must_satisfy_the_whole_filter() -> None:
    paper = a_paper(title="Gradients", upvotes=0)
    a_listing(paper, an_edition(source="arxiv"))
    paper.upvotes = 30
    a_listing(paper, an_edition(source="hf"))
    assert papers("in:hf upvotes:20")
    assert papers("in:arxiv")
    assert papers("gradient -in:hf")
    assert papers("(in:arxiv OR gradient) -upvotes:20")
    assert not papers("in:arxiv upvotes:20")
    assert not papers("in:arxiv in:hf")
    assert not papers("in:hf -upvotes:20")


def test_a_paper_on_two_lists_is_found_and_counted_once() -> None:
    paper = a_paper(title="Gradients")
    for source in ("arxiv", "hf"):
        a_listing(paper, an_edition(source=source))
    assert len(found("gradient")) == 1
    assert len(found("in:arxiv OR in:hf")) == 1
    assert search(parse("in:arxiv OR in:hf"), limit=0).total == 1


def test_days_are_the_newest_edition_days_whatever_the_source() -> None:
    days = [date(2026, 7, 3), date(2026, 7, 6), TUESDAY]
    for day, source in zip(days, ("arxiv", "hf", "arxiv"), strict=True):
        paper = a_paper(title=f"Gradient {day}")
        a_listing(paper, an_edition(day=day, source=source))
    a_paper(title="Gradient without a list")
    a_listing(a_paper(title="Gradient"), source="hf", listed_on=TUESDAY)
    assert [len(found("gradient", days=n)) for n in (1, 2, 3, 9)] == [1, 2, 3, 3]
    assert [len(found("in:arxiv", days=n)) for n in (1, 2, 3)] == [1, 1, 2]
    assert len(found("gradient")) == 5


def test_days_without_any_edition_find_nothing() -> None:
    a_paper(title="Gradient")
    assert found("gradient", days=3) == []


def test_with_days_only_the_listings_of_those_days_count() -> None:
    paper = a_paper(title="Gradient")
    a_listing(paper, an_edition(source="arxiv", day=date(2026, 7, 6)))
    a_listing(paper, an_edition(source="hf", day=TUESDAY))
    assert found("in:arxiv")
    assert not found("in:arxiv", days=1)


def test_search_reads_the_newest_text_and_the_listings_upvotes() -> None:
    paper = a_paper(title="Old name", upvotes=3, authors=["A. Sample"])
    a_listing(paper, an_edition(source="hf"))
    change(paper, title="New name", upvotes=50, authors=["B. Sample"])
    assert found("new")
    assert not found("old")
    assert found('author:"b sample"')
    assert not found('author:"a sample"')
    assert found("upvotes:3")
    assert not found("upvotes:20")


def test_an_open_listing_has_the_papers_upvotes() -> None:
    paper = a_paper(upvotes=3)
    a_listing(paper, an_edition(source="hf", state="open"))
    Paper.objects.update(upvotes=50)
    assert found("upvotes:20 in:hf")


def test_rule_7_samples_are_found_only_while_there_is_nothing_else() -> None:
    sample = a_paper(title="Gradients")
    later = date(2026, 7, 8)
    a_listing(sample, an_edition(source="sample", day=later))
    assert papers("gradient") == papers("gradient in:sample") == [sample.pk]
    assert papers("gradient", days=1) == [sample.pk]
    real, unlisted = a_paper(title="Gradient"), a_paper(title="gradients")
    a_listing(real, an_edition(source="hf", day=TUESDAY, state="open"))
    assert set(papers("gradient")) == {real.pk, unlisted.pk}
    assert set(papers("gradient upvotes:0")) == {real.pk, unlisted.pk}
    assert papers("gradient", days=1) == [real.pk]
    assert papers("gradient in:sample") == []


def test_rule_7_a_sample_that_a_source_lists_too_is_found_by_that_list() -> None:
    paper = a_paper(title="Gradients")
    for source in ("sample", "arxiv"):
        a_listing(paper, an_edition(source=source))
    assert found("gradient in:arxiv")
    assert not found("gradient in:sample")


def test_pages_neither_overlap_nor_leave_out_and_know_the_total() -> None:
    for back in (1, 0, 0, 2, 1, 0, 3):
        a_paper(title="Gradient", day=TUESDAY - timedelta(days=back))
    a_paper(title="Gradient", day=None)
    query = parse("gradient")
    pages = [search(query, start=at, limit=3) for at in (0, 3, 6, 9)]
    assert [page.total for page in pages] == [8, 8, 8, 8]
    assert [len(page.found) for page in pages] == [3, 3, 2, 0]
    paged = [one.paper for page in pages for one in page.found]
    assert paged == papers("gradient")
    days = [Paper.objects.get(pk=paper).day for paper in paged]
    backs = [(TUESDAY - day).days if day else None for day in days]
    assert backs == [0, 0, 0, 1, 1, 2, 3, None]


def test_the_newest_can_come_first() -> None:
    old = a_paper(title="Gradient gradient", day=date(2026, 7, 1))
    new = a_paper(title="On it", abstract="A gradient", day=TUESDAY)
    for _ in range(5):
        a_paper(title="Nothing")
    query = parse("gradient")
    orders = [
        [one.paper for one in search(query, order=order).found]
        for order in ("best", "newest")
    ]
    assert orders == [[old.pk, new.pk], [new.pk, old.pk]]


def test_a_page_of_none_still_counts() -> None:
    a_paper(title="Gradient")
    results = search(parse("gradient"), limit=0)
    assert (results.total, results.found) == (1, ())


def test_more_papers_than_a_chunk() -> None:
    Paper.objects.bulk_create(
        Paper(arxiv_id=f"2607.{n:05d}", title="Gradient", title_words="gradient")
        for n in range(1100)
    )
    assert len(found("gradient")) == 1100


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
    left = Paper.objects.exclude(pk__in=papers(text)).values_list("title", flat=True)
    assert len(left) == missing
    assert any(title.startswith("TrAct") for title in left)
