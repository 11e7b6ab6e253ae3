"""What a filter would have brought: the days, the newest papers, what is near it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.benchmarks.preview import measure
from subscriptions.matching import Document, Preview, preview, volumes
from subscriptions.matching import parse as query
from subscriptions.matching.preview import shelves
from subscriptions.matching.preview.wording import written
from subscriptions.models import Edition, Listing
from tests.factories import TUESDAY, a_listing, a_paper, an_edition

from .documents import a_document, invented
from .oracle import satisfies
from .random_filters import Filters

pytestmark = pytest.mark.django_db


def day(ago: int) -> date:
    return TUESDAY - timedelta(days=ago)


def listed(titles: Iterable[str], ago: int = 0, source: str = "arxiv") -> Edition:
    """An edition of papers with these titles and nothing in their abstracts."""
    edition = an_edition(source=source, day=day(ago))
    for title in titles:
        a_listing(a_paper(title=title, abstract=""), edition)
    return edition


def counts(seen: Preview) -> list[int]:
    return [papers for _, papers in seen.volume.days]


def near(seen: Preview) -> list[tuple[str, int]]:
    return [(miss.term, miss.more) for miss in seen.near_misses]


# --- how many on which day ---------------------------------------------------------
def test_the_counts_are_those_of_a_look_at_each_paper() -> None:
    for ago in range(4):
        for source in ("hf", "arxiv"):
            edition = an_edition(source=source, day=day(ago))
            for made in invented()[ago : ago + 3]:
                paper = a_paper(
                    title=made.title,
                    abstract=made.abstract,
                    authors=list(made.authors),
                    categories=list(made.categories),
                    upvotes=made.upvotes,
                )
                a_listing(paper, edition)
    listings = Listing.objects.select_related("edition")
    documents = [Document.of_listing(listing) for listing in listings]
    random = Filters(5, documents)
    days = sorted({document.day for document in documents if document.day})
    for _ in range(60):
        text, tree = random.next()
        hits = [each for each in documents if satisfies(each, tree)]
        seen = preview(text)
        by_day = {
            each: len({hit.paper for hit in hits if hit.day == each}) for each in days
        }
        held = dict(seen.volume.days)
        assert held == {each: by_day[each] for each in held}, text
        assert not any(by_day[each] for each in days if each not in held), text
        assert seen.papers == len({hit.paper for hit in hits if hit.day in held}), text


def test_low_median_and_high_are_of_the_days() -> None:
    for ago, papers in enumerate((0, 7, 3, 2)):
        listed(["Hessian"] * papers + ["Other"], ago)
    volume = preview("hessian").volume
    assert (volume.low, volume.median, volume.high) == (0, 2.5, 7)
    assert [each for each, _ in volume.days] == [day(3), day(2), day(1), day(0)]


def test_a_paper_of_two_sources_on_one_day_counts_once() -> None:
    paper = a_paper(title="Hessian")
    for source in ("hf", "arxiv"):
        a_listing(paper, an_edition(source=source))
    seen = preview("hessian")
    assert (counts(seen), seen.papers, seen.of_newest) == ([1], 1, 1)
    assert len(seen.samples) == 1


def test_a_paper_of_two_days_counts_on_each_and_once_in_all() -> None:
    paper = a_paper(title="Hessian")
    a_listing(paper, an_edition(source="arxiv", day=day(1)))
    a_listing(paper, an_edition(source="hf", day=day(0)))
    seen = preview("hessian")
    assert (counts(seen), seen.papers) == ([1, 1], 1)


def test_only_the_newest_edition_days_count() -> None:
    for ago in range(12):
        listed(["Hessian"], 2 * ago)
    assert counts(preview("hessian")) == [1] * 10
    three = preview("hessian", days=3)
    assert [each for each, _ in three.volume.days] == [day(4), day(2), day(0)]


def test_days_of_several_sources_are_no_more_than_asked_for() -> None:
    for ago in range(4):
        listed(["Hessian"], ago, "hf" if ago % 2 else "arxiv")
    seen = preview("hessian", days=2)
    assert [each for each, _ in seen.volume.days] == [day(1), day(0)]
    seen = preview("hessian in:hf", days=2)
    assert [each for each, _ in seen.volume.days] == [day(3), day(1)]


def test_what_is_not_published_does_not_count() -> None:
    listed(["Hessian"], 1)
    a_listing(a_paper(title="Hessian"), an_edition(state="open"))
    assert counts(preview("hessian")) == [1]


def test_samples_count_only_while_nothing_else_is_there() -> None:
    listed(["Hessian"], source="sample")
    assert counts(preview("hessian")) == [1]
    listed(["Other"], 1, "hf")
    assert counts(preview("hessian")) == [0]


def test_a_day_that_a_source_has_not_listed_yet_is_none_without_papers() -> None:
    listed(["Hessian"], 1, "hf")
    listed(["Hessian"], 1)
    listed(["Hessian"], 0)
    assert counts(preview("in:hf")) == [1]
    assert counts(preview("hessian")) == [2, 1]


def test_before_the_first_edition_there_is_nothing_to_say() -> None:
    seen = preview("hessian")
    assert (seen.volume.days, seen.papers, seen.newest) == ((), 0, None)
    assert (seen.volume.low, seen.volume.median, seen.volume.high) == (0, 0, 0)
    assert seen.warnings == ()


def test_volumes_are_those_of_the_previews() -> None:
    listed(["Hessian", "Gradient", "Hessian Gradient"], 1)
    listed(["Gradient"], 0)
    texts = ["hessian", "gradient", "in:hf"]
    assert volumes(map(query, texts)) == [preview(text).volume for text in texts]


# --- what is kept ------------------------------------------------------------------
def test_an_edition_is_read_once() -> None:
    def reads(text: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            preview(text)
        whole = 'ORDER BY "subscriptions_listing"."position"'
        return sum(whole in each["sql"] for each in captured)

    listed(["Hessian"], 2)
    listed(["Hessian"], 1)
    assert reads("hessian") == 2
    assert reads("gradient") == 0
    listed(["Gradient"], 0)
    assert reads("gradient") == 1
    assert counts(preview("gradient")) == [0, 0, 1]


def test_what_is_older_than_the_newest_days_is_not_kept() -> None:
    for ago in range(20, -1, -1):
        listed(["Hessian"], ago)
        preview("hessian")
    assert len(shelves._indexes) == shelves.DAYS


def test_a_preview_only_reads() -> None:
    listed(["Hessian"], 1)
    with CaptureQueriesContext(connection) as captured:
        preview("hessian")
    assert captured.captured_queries
    reading = ("SELECT", "DECLARE")  # PostgreSQL reads an edition by a cursor
    assert all(each["sql"].startswith(reading) for each in captured)


def test_a_source_that_lists_seldom_is_held_against_its_own_last_days() -> None:
    for ago in range(0, 90, 3):
        listed(["Hessian"], ago)
    for ago in range(60, 75):
        listed(["Newton"], ago, source="hf")
    shelved = shelves.shelves(10)
    for source in ("arxiv", "hf"):
        days = [shelf.day for shelf in shelved if shelf.source == source]
        editions = Edition.objects.filter(source=source).order_by("-day")[:10]
        assert days == [each.day for each in reversed(editions)]
    assert counts(preview("in:hf")) == [1] * 10


# --- the newest papers -------------------------------------------------------------
def test_the_newest_papers_stand_with_the_places_to_mark() -> None:
    edition = an_edition()
    a_listing(a_paper(title="On Policies", abstract="No gradients."), edition)
    (sample,) = preview("policy gradient").samples
    assert sample.card.title == "On Policies"
    assert [(span.field, span.text) for span in sample.spans] == [
        ("abstract", "gradients"),
        ("title", "Policies"),
    ]


def test_the_best_come_first_and_the_rest_are_counted() -> None:
    edition = an_edition()
    for upvotes in range(9):
        a_listing(a_paper(title=f"Hessian {upvotes}", upvotes=upvotes), edition)
    seen = preview("hessian")
    titles = [sample.card.title for sample in seen.samples]
    assert titles == ["Hessian 8", "Hessian 7", "Hessian 6", "Hessian 5"]
    assert seen.of_newest == 9


def test_the_newest_day_is_the_last_that_brought_any() -> None:
    listed(["Hessian Old"], 2)
    listed(["Hessian New"], 1)
    listed(["Other"], 0)
    seen = preview("hessian")
    assert seen.newest == day(1)
    assert [sample.card.title for sample in seen.samples] == ["Hessian New"]


# --- near misses -------------------------------------------------------------------
def test_what_an_exclusion_costs_is_said() -> None:
    listed(["Video"] * 6 + ["Video Survey"] * 3)
    seen = preview("video NOT survey")
    (miss,) = seen.near_misses
    assert (miss.term, miss.more, miss.text) == ("NOT survey", 3, "video")
    assert near(preview("video -survey")) == [("-survey", 3)]


def test_an_exclusion_that_costs_next_to_nothing_is_not_mentioned() -> None:
    listed(["Video"] * 60 + ["Video Survey"] * 2)
    assert near(preview("video -survey")) == []
    assert near(preview("video -mamba")) == []


def test_a_filter_that_brings_little_hears_what_each_word_costs() -> None:
    listed(["Diffusion Video"] + ["Diffusion"] * 3 + ["Video"] * 4)
    seen = preview("diffusion video")
    assert near(seen) == [("video", 3), ("diffusion", 4)]
    assert [miss.text for miss in seen.near_misses] == ["diffusion", "video"]


def test_advice_that_brings_far_too_much_is_not_given() -> None:
    listed(["Diffusion Video"] + ["Diffusion"] * 3 + ["Video"] * 40)
    assert near(preview("diffusion video")) == [("video", 3)]


def test_a_filter_that_brings_enough_hears_of_exclusions_only() -> None:
    listed(["Diffusion Video"] * 5 + ["Diffusion"] * 3 + ["Diffusion Video Survey"])
    assert near(preview("diffusion video -survey")) == [("-survey", 1)]


def test_terms_inside_a_branch_are_left_out_too() -> None:
    listed(["Flow", "Video Diffusion", "Diffusion", "Diffusion"])
    assert near(preview("(video title:diffusion) OR mamba")) == [("video", 2)]


def test_a_near_miss_keeps_the_words_as_they_were_written() -> None:
    listed(["Schrödinger Bridges", "Schrödinger Bridges Survey"])
    (miss,) = preview('"Schrödinger Bridges" -survey').near_misses
    assert miss.text == '"Schrödinger Bridges"'


def test_what_is_written_anew_reads_as_the_same_filter() -> None:
    random = Filters(7, invented())
    for _ in range(300):
        text, tree = random.next()
        assert query(written(tree)) == tree, text
        assert query(written(tree, "NOT ")) == tree, text


@pytest.mark.parametrize(
    "text",
    ['"OR"', 'title:"AND"', '"x:y"', '"(a b)"', 'author:"o\'neil"', 'cat:" cs.LG"'],
)
def test_what_needs_its_quotes_keeps_them(text: str) -> None:
    assert query(written(query(text))) == query(text)


# --- the phrase --------------------------------------------------------------------
def phrase_of(text: str, *titles: tuple[str, int]) -> tuple[str, int, int, bool] | None:
    """What is offered where so many papers have each of these titles."""
    listed([title for title, times in titles for _ in range(times)])
    offer = preview(text).offer
    return offer and (offer.text, offer.papers, offer.as_phrase, offer.chosen)


def test_a_phrase_that_is_under_half_is_chosen_beforehand() -> None:
    offered = phrase_of("world model", ("World Models", 4), ("Model of a World", 5))
    assert offered == ('"world model"', 9, 4, True)


def test_a_phrase_that_is_half_or_more_is_only_offered() -> None:
    offered = phrase_of("world model", ("World Models", 5), ("Model of a World", 5))
    assert offered == ('"world model"', 10, 5, False)


@pytest.mark.parametrize(("together", "apart"), [(9, 1), (0, 9)])
def test_a_phrase_that_brings_nearly_all_or_nothing_is_not_offered(
    together: int, apart: int
) -> None:
    titles = ("World Models", together), ("Model of a World", apart)
    assert phrase_of("world model", *titles) is None


def test_three_words_are_offered_as_one_phrase() -> None:
    titles = ("A State Space Model", 2), ("Model the State in Space", 8)
    offered = phrase_of("state space model", *titles)
    assert offered == ('"state space model"', 10, 2, True)


def test_two_of_three_words_that_stand_together_leave_the_third_alone() -> None:
    titles = ("Language Models and an Agent", 9), ("A Language Model Agent", 1)
    assert phrase_of("language model agent", *titles) is None


def test_two_of_three_words_are_offered_where_three_are_never_together() -> None:
    titles = ("Fast and Video Generation", 2), ("Video and Fast Generating", 8)
    titles = (*titles, ("Generation of Fast and Video", 8))
    offered = phrase_of("fast video generation", *titles)
    assert offered == ('fast "video generation"', 10, 2, True)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("cat:cs.LG world model -survey", 'cat:cs.LG "world model" -survey'),
        ("title:(world model)", 'title:"world model"'),
        ("mamba OR world model", 'mamba OR "world model"'),
        ('"world model"', None),
        ("world", None),
        ("world cat:cs.LG model", None),
        ("world title:model", None),
        ("video NOT (world model)", None),
        ("a world model of video", None),
    ],
)
def test_only_two_or_three_bare_words_side_by_side_are_offered_as_a_phrase(
    text: str, offered: str | None
) -> None:
    listed(["A World Model of Video"] + ["Model a World of Video"] * 5)
    found = preview(text).offer
    assert (found and found.text) == offered


def test_who_is_offered_something_narrower_hears_of_nothing_broader() -> None:
    for ago in range(3):
        listed(["World Model" if ago else "Model a World", "World", "Model"], ago)
    assert near(preview("world model")) == []
    assert near(preview('"world model"')) == []
    assert near(preview("world title:model")) == [("world", 3), ("title:model", 3)]


# --- warnings ----------------------------------------------------------------------
def test_nearly_nothing_is_said() -> None:
    for ago in range(10):
        listed(["Other"] * 2, ago)
    (none,) = preview("hessian").warnings
    assert none.startswith("None of the 20 papers")
    listed(["Hessian"] * 2, 0, "hf")
    (few,) = preview("hessian").warnings
    assert few.startswith("Nearly nothing: 2 of the 22 papers")


def test_a_paper_every_third_day_is_enough() -> None:
    for ago in range(9):
        listed(["Other", "Other", "Hessian" if ago % 3 else "Other"], ago)
    assert preview("hessian").warnings == ()


def test_nearly_everything_is_said() -> None:
    listed(["The Model"] * 8 + ["Other"] * 2)
    (said,) = preview("model").warnings
    assert said.startswith("Nearly everything: 8 of 10 papers")
    assert preview("other").warnings == ()


def test_a_category_that_is_not_fetched_is_said() -> None:
    listed(["Other"] * 3)
    said = preview("other cat:math.PR").warnings
    assert any("does not fetch the category math.PR" in each for each in said)


# --- how long it takes -------------------------------------------------------------
def test_the_measured_figures_are_of_the_papers_given() -> None:
    documents = [replace(each, source="hf", day=day(0)) for each in invented()]
    documents += [a_document("Hessian", day=day(1))]
    figures = measure(["hessian", "in:hf"], documents)
    assert (figures["papers"], figures["days"]) == (len(documents), 2)
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]
    assert figures["cold_s"] > 0
    assert counts(preview("hessian")) == [1, 0]
