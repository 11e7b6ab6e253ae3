"""The filters next to a filter: one term less, or its words as a phrase."""

from __future__ import annotations

import pytest

from subscriptions.matching import Preview, preview
from subscriptions.matching import parse as query
from subscriptions.matching.preview.wording import written

from .documents import invented
from .listed import listed
from .random_filters import Filters

pytestmark = pytest.mark.django_db


def near(seen: Preview) -> list[tuple[str, int]]:
    return [(miss.term, miss.more) for miss in seen.near_misses]


# --- one term less ------------------------------------------------------------------
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


@pytest.mark.parametrize(
    "text",
    [
        'Schr\\"odinger',
        'title:Schr\\"{o}dinger',
        'x -Schr\\"odinger',
        'author:Erd\\"os',
        '"a b"-Schr\\"o',
        '"a b"-diffus*',
    ],
)
def test_what_stands_in_no_quotes_is_written_so_that_it_can_be_read(text: str) -> None:
    assert query(written(query(text))) == query(text)


def test_words_with_an_accent_of_tex_are_offered_as_a_phrase_that_can_be_read() -> None:
    offered = phrase_of(
        'Schr\\"odinger bridge', ("Schrödinger Bridge", 2), ("Bridge of Schrödinger", 9)
    )
    assert offered == ('"schrodinger bridge"', 11, 2, True)


# --- words as a phrase --------------------------------------------------------------
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
