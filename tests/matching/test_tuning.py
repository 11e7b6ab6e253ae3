"""What a paper offers: filters that bring more like it, exclusions that bring less."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from subscriptions.matching import (
    Document,
    Exclusion,
    Tuning,
    canonical,
    explain,
    parse,
)
from subscriptions.matching.preview import alike
from subscriptions.matching.preview import phrases as telling
from subscriptions.matching.preview.alike import without
from tests.factories import TUESDAY, a_listing, a_paper, an_edition

pytestmark = pytest.mark.django_db


def a_week(*others: str) -> None:
    """An edition of forty papers on nothing of interest, and one of these titles."""
    tides = an_edition(day=TUESDAY - timedelta(days=1))
    for number in range(40):
        a_listing(a_paper(title=f"Deep ocean tides {number}", abstract=""), tides)
    edition = an_edition()
    for title in others:
        a_listing(a_paper(title=title, abstract=""), edition)


def the_paper(title: str = "", abstract: str = "", **fields: object) -> Document:
    paper = a_paper(title=title, abstract=abstract, **fields)
    listing = a_listing(paper, an_edition(source="hf"))
    return Document.of_listing(listing)


def phrases(document: Document) -> list[str]:
    return [each.text for each in Tuning(document).more if each.kind == "phrase"]


def exclusions(document: Document, text: str) -> list[Exclusion]:
    (found,) = Tuning(document).less([(parse(text), "-")])
    return found


# --- more --------------------------------------------------------------------------


def test_rare_phrases_of_the_paper_are_offered_and_common_ones_are_not() -> None:
    a_week("Sparse autoencoders of a city", "Sparse autoencoders again")
    paper = the_paper("Sparse autoencoders see deep ocean tides")
    assert phrases(paper) == ['"Sparse autoencoders"']


def test_of_very_many_papers_the_newest_tell_how_rare_a_phrase_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_week()
    paper = the_paper("Deep ocean tides")
    assert phrases(paper) == []
    monkeypatch.setattr(telling, "_ENOUGH", 1)
    monkeypatch.setattr(alike, "_kept", ((), {}))
    assert phrases(paper) == ['"Deep ocean tides"']


def test_a_phrase_is_of_words_that_name_something() -> None:
    a_week()
    paper = the_paper(
        abstract="We propose a novel method. We propose a novel method. State of the "
        "art results, state of the art results. 2026 papers, 2026 papers."
    )
    assert phrases(paper) == []


def test_a_phrase_crosses_no_comma_and_cuts_no_hyphenated_word() -> None:
    a_week()
    twice = "Wind turbines, coral reefs and self-folding origami. "
    found = phrases(the_paper(abstract=twice * 2))
    assert sorted(found) == [
        '"Wind turbines"',
        '"coral reefs"',
        '"self-folding origami"',
    ]


def test_three_words_stand_before_the_two_within_them() -> None:
    a_week("Neural tangent kernels", "A neural tangent kernel")
    paper = the_paper("The neural tangent kernel at large width")
    assert phrases(paper)[0] == '"neural tangent kernel"'


def test_first_authors_and_the_first_category_are_offered_with_their_volume() -> None:
    a_week()
    names = [f"{letter}. Sample" for letter in "ABCDE"]
    paper = the_paper(authors=names, categories=["math.ST", "cs.LG"])
    offered = Tuning(paper).more
    assert [each.text for each in offered] == [
        *[f'author:"{name}"' for name in names[:3]],
        "cat:math.ST",
    ]
    category = offered[-1]
    assert [papers for _, papers in category.volume.days] == [0, 1]
    assert category.canonical == canonical(parse("cat:math.st"))


@pytest.mark.parametrize(
    "name", ["Ada Sample*", "Ada Sample, Jr.", 'Ada "Ace" Sample', "“Ace” A. Sample"]
)
def test_the_filter_of_an_author_finds_the_paper_whatever_signs_the_name_has(
    name: str,
) -> None:
    document = the_paper(authors=[name], categories=[])
    (author,) = Tuning(document).more
    assert explain(parse(author.text), document)


@pytest.mark.parametrize(
    "name", ['A" OR * OR "', "()", "***", "", "author:*", "x" * 5000]
)
def test_a_hostile_name_is_no_filter_or_a_harmless_one(name: str) -> None:
    document = the_paper(authors=[name], categories=[])
    for each in Tuning(document).more:
        assert each.canonical == canonical(parse(each.text))
        assert each.canonical.startswith("author:")


def test_without_any_edition_there_is_still_something_to_offer() -> None:
    document = Document.of_paper(a_paper(authors=["A. Sample"]))
    (author, category) = Tuning(document).more
    assert (author.text, author.volume.days) == ('author:"A. Sample"', ())
    assert category.text == "cat:cs.LG"


def test_what_is_kept_of_a_paper_is_made_anew_with_the_next_edition() -> None:
    a_week()
    paper = the_paper(categories=["math.ST"], authors=[])
    (before,) = Tuning(paper).more
    a_listing(
        a_paper(categories=["math.ST"]), an_edition(day=TUESDAY + timedelta(days=1))
    )
    (after,) = Tuning(paper).more
    assert [papers for _, papers in before.volume.days] == [0, 1]
    assert [papers for _, papers in after.volume.days] == [0, 1, 1]


# --- less --------------------------------------------------------------------------


def test_an_exclusion_leaves_this_paper_out_and_counts_what_else_goes() -> None:
    a_week("Agents and reward hacking", "Agents at sea", "Agents in a city")
    paper = the_paper("Agents love reward hacking")
    (found,) = exclusions(paper, "agent")
    assert (found.term, found.text) == ('"reward hacking"', 'agent -"reward hacking"')
    assert (found.dropped, found.papers, found.days) == (2, 4, 2)
    assert found.titles == ("Agents love reward hacking", "Agents and reward hacking")
    assert explain(parse(found.text), paper) is None


def test_no_word_that_the_filter_asks_for_is_left_out() -> None:
    a_week("Reward models of a city")
    paper = the_paper("Agents love reward hacking")
    assert exclusions(paper, "reward") == []


def test_an_exclusion_that_would_drop_most_is_not_offered() -> None:
    a_week("Agents and reward hacking", "Agents at sea")
    paper = the_paper("Agents love reward hacking")
    assert exclusions(paper, "agent") == []


def test_an_exclusion_is_written_as_the_filter_is() -> None:
    survey = parse("survey")
    assert without(parse("one OR two"), survey, "NOT ") == "(one OR two) NOT survey"
    assert without(parse("x -y"), parse('"two words"')) == 'x -y -"two words"'


def test_each_reader_sees_their_own_spelling_of_equal_filters() -> None:
    a_week("Agents at sea", "Agents in a city")
    paper = the_paper("Agents and reward hacking")
    for text in ("agent", "AGENTS"):
        (found,) = exclusions(paper, text)
        assert found.text == f'{text} -"reward hacking"'


def test_a_filter_at_its_limit_takes_no_exclusion() -> None:
    full = parse(" ".join(f"word{number}" for number in range(50)))
    assert without(full, parse("survey")) == ""


def test_a_paper_that_was_never_listed_costs_nothing() -> None:
    a_week("Agents at sea")
    paper = the_paper("Agents love reward hacking")
    unlisted = replace(paper, title="Agents love quiet rivers", abstract="quiet rivers")
    (found,) = exclusions(unlisted, "agent")
    assert (found.dropped, found.titles) == (0, ())
