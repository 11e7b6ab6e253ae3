"""The papers that filters all but found, and what was missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from subscriptions.matching import Document, Nearest, explain, nearest, parse
from subscriptions.models import Listing
from tests.factories import TUESDAY, a_listing, a_paper, an_edition

from .documents import invented
from .random_filters import Filters

pytestmark = pytest.mark.django_db
APART = "The words “policy gradient” do not stand together in its title or abstract."


def listed(*titles: str, ago: int = 0, source: str = "arxiv", **fields: object) -> None:
    edition = an_edition(source=source, day=TUESDAY - timedelta(days=ago))
    for title in titles:
        a_listing(a_paper(title=title, abstract="", **fields), edition)


def near(*filters: str, muted: Sequence[str] = (), **options: int) -> Nearest:
    queries, unwanted = map(parse, filters), map(parse, muted)
    return nearest([*queries], muted=[*unwanted], **options)


def shown(found: Nearest) -> list[tuple[str, tuple[str, ...]]]:
    ids = [each.listing for each in found.found]
    rows = Listing.objects.select_related("paper").in_bulk(ids)
    return [(rows[each.listing].card.title, each.missing) for each in found.found]


def test_a_paper_that_lacks_one_word_is_near_and_the_word_is_named() -> None:
    listed("Hessian of a network", "Protein folding")
    assert shown(near("hessian curvature")) == [
        (
            "Hessian of a network",
            ("The word “curvature” is not in its title or abstract.",),
        )
    ]


def test_the_word_is_named_as_the_reader_wrote_it() -> None:
    listed("Hessian of a network")
    ((_, (missing,)),) = shown(near("hessian Manifolds"))
    assert "“Manifolds”" in missing


def test_the_words_of_a_phrase_that_stand_apart_are_near() -> None:
    listed("A gradient of every policy", "A gradient alone")
    (apart, alone) = shown(near('"policy gradient"'))
    assert apart == (
        "A gradient of every policy",
        (APART,),
    )
    assert alone == (
        "A gradient alone",
        ("The word “policy” is not in its title or abstract.",),
    )


def test_a_word_in_the_abstract_is_near_to_one_in_the_title() -> None:
    edition = an_edition()
    a_listing(a_paper(title="On networks", abstract="A hessian."), edition)
    assert shown(near("title:hessian")) == [
        ("On networks", ("The word “hessian” is not in its title.",))
    ]


def test_fewer_upvotes_than_asked_for_are_near() -> None:
    listed("Hessian of a network", source="hf", upvotes=3)
    ((_, missing),) = shown(near("in:hf hessian upvotes:20"))
    assert missing == ("It has 3 upvotes, fewer than 20.",)


def test_what_has_a_word_left_out_comes_after_what_lacks_one() -> None:
    listed("Survey of hessian curvature", "Hessian of a network")
    found = shown(near("hessian curvature -survey", most=2))
    assert [title for title, _ in found] == [
        "Hessian of a network",
        "Survey of hessian curvature",
    ]
    assert found[1][1] == ("It has “Survey”, which the filter leaves out.",)


def test_one_missing_word_is_nearer_than_two() -> None:
    listed("Alpha one", "Alpha beta two")
    found = shown(near("alpha beta gamma"))
    assert [title for title, _ in found] == ["Alpha beta two", "Alpha one"]
    assert set(found[1][1]) == {
        "The word “gamma” is not in its title or abstract.",
        "The word “beta” is not in its title or abstract.",
    }


def test_papers_with_the_rarer_word_come_first() -> None:
    listed("Hessian of a kind", *[f"Network number {n}" for n in range(20)])
    assert shown(near("network hessian", most=1))[0][0] == "Hessian of a kind"


def test_either_side_of_an_or_can_be_all_but_found() -> None:
    listed("Alpha here", "Delta there")
    found = shown(near("(alpha beta) OR (gamma delta)"))
    assert {title for title, _ in found} == {"Alpha here", "Delta there"}


def test_a_filter_of_one_word_has_nothing_near() -> None:
    listed("Protein folding")
    assert near("hessian").found == ()


@pytest.mark.parametrize(
    "text",
    [
        "in:arxiv hessian",
        "cat:cs.LG hessian -survey",
        "(in:arxiv hessian) OR (cat:cs.LG author:Nobody)",
        "upvotes:0 (hessian OR curvature)",
    ],
)
def test_that_a_paper_is_on_a_list_or_in_a_category_makes_it_near_to_no_word(
    text: str,
) -> None:
    listed("Protein folding", "Protein folding: a survey", categories=["cs.LG"])
    assert near(text).found == ()


def test_a_filter_that_names_no_word_has_what_else_it_asks_for_near() -> None:
    listed("Protein folding", upvotes=3, categories=["cs.LG"])
    ((_, missing),) = shown(near("cat:cs.LG upvotes:20"))
    assert missing == ("It has 3 upvotes, fewer than 20.",)


def test_each_of_several_filters_is_tried_and_named_by_its_place() -> None:
    listed("Hessian of a network", "Protein folding")
    found = near("hessian curvature", "protein membrane")
    assert {each.filter for each in found.found} == {0, 1}


def test_a_paper_listed_twice_is_counted_and_shown_once() -> None:
    paper = a_paper(title="Hessian of a network", abstract="")
    for source in ("hf", "arxiv"):
        a_listing(paper, an_edition(source=source))
    found = near("hessian curvature")
    assert (found.papers, found.days, len(found.found)) == (1, 1, 1)


def test_what_is_muted_is_neither_found_nor_near() -> None:
    listed("Survey of hessian curvature", "Hessian survey", "Hessian of a network")
    assert near("hessian curvature").matched
    found = near("hessian curvature", muted=["survey", "protein"])
    assert not found.matched
    assert [title for title, _ in shown(found)] == ["Hessian of a network"]


def test_what_one_list_says_of_a_paper_mutes_it_on_every_list() -> None:
    paper = a_paper(title="Hessian of a network", abstract="")
    a_listing(paper, an_edition(source="arxiv"))
    a_listing(paper, an_edition(source="hf"))
    assert near("in:arxiv hessian curvature", muted=["in:hf"]).found == ()


def test_a_paper_that_lacks_one_term_on_one_list_and_two_on_another_comes_once() -> (
    None
):
    paper = a_paper(title="Hessian of a network", abstract="", upvotes=9)
    a_listing(paper, an_edition(source="hf"))
    a_listing(paper, an_edition(source="arxiv"))
    assert (
        len(near("in:arxiv hessian curvature network", "in:hf hessian x y").found) == 1
    )


def test_only_lists_in_which_a_filter_could_find_anything_count() -> None:
    listed("Hessian one", "Hessian two")
    listed("Hessian three", source="hf")
    found = near("in:hf hessian curvature")
    assert (found.papers, [title for title, _ in shown(found)]) == (
        1,
        ["Hessian three"],
    )


def test_where_one_filter_matches_nothing_is_looked_for() -> None:
    listed("Hessian of curvature", "Hessian of a network")
    found = near("hessian curvature", "protein folding")
    assert found.matched
    assert found.found == ()


def test_days_further_back_are_not_held() -> None:
    for ago in range(12):
        listed(f"Hessian {ago}", ago=ago)
    found = near("hessian curvature", most=40)
    assert (found.papers, found.days, len(found.found)) == (10, 10, 10)


def test_what_is_near_satisfies_no_filter_whatever_the_filter() -> None:
    edition = an_edition()
    for made in invented()[:40]:
        paper = a_paper(
            title=made.title,
            abstract=made.abstract,
            authors=list(made.authors),
            categories=list(made.categories),
            upvotes=made.upvotes,
        )
        a_listing(paper, edition)
    rows = Listing.objects.select_related("edition", "paper")
    documents = {each.pk: Document.of_listing(each) for each in rows}
    filters, some = Filters(7, list(documents.values())), 0
    for _ in range(80):
        text, _ = filters.next()
        query = parse(text)
        satisfy = {
            pk for pk, doc in documents.items() if explain(query, doc) is not None
        }
        found = nearest([query])
        assert found.matched == bool(satisfy), text
        assert not satisfy & {each.listing for each in found.found}, text
        assert all(1 <= len(each.missing) <= 2 for each in found.found), text
        some += len(found.found)
    assert some > 20
