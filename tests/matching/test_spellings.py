"""A preview names the other spelling of a word, where it brings more."""

from __future__ import annotations

import re

import pytest

from subscriptions.matching import preview

from .listed import listed

pytestmark = pytest.mark.django_db


def said(text: str) -> list[str]:
    return [each for each in preview(text).warnings if "also written" in each]


def test_two_words_with_a_hyphen_are_also_written_as_one() -> None:
    listed(["Pre-training"] * 2 + ["Pretraining"] * 3)
    assert said("pre-training") == [
        "`pre-training` is also written `pretraining`: 3 papers more with "
        "`(pre-training OR pretraining)`."
    ]


def test_one_word_is_also_written_as_two() -> None:
    listed(["Multimodal"] * 4 + ["Multi-Modal"])
    assert said("Multimodal") == [
        "`multimodal` is also written `multi-modal`: one paper more with "
        "`(multimodal OR multi-modal)`."
    ]


@pytest.mark.parametrize(
    "text",
    [
        "video pre-training",
        "title:Pre-Training",
        "mamba OR (video pretrainings)",
        "mamba OR pre-training -survey",
    ],
)
def test_what_is_advised_brings_what_is_said(text: str) -> None:
    titles = ["Video pre-training", "Video pretraining", "Pretraining: a survey"]
    listed([*titles, "Mamba", "Video"])
    (sentence,) = said(text)
    _, _, more, both = re.findall(r"`([^`]+)`|(\d+|one) paper", sentence)
    asked = re.sub(r"(title:)?pre-?trainings?", both[0], text, flags=re.IGNORECASE)
    brought = preview(asked).papers - preview(text).papers
    assert {"one": 1}.get(more[1]) or int(more[1]) == brought
    assert brought > 0
    assert said(asked) == []


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("dataset", ["Dataset"] * 20 + ["A data set"]),  # next to nothing
        ("often", ["Often", "One of ten"]),  # two words of any text
        ("pretraining OR pre-training", ["Pretraining", "Pre-training"]),
        ("video -pretraining", ["Video", "Video pre-training"]),
        ("GPT-4", ["GPT-4", "GPT4"]),
        ('"world model"', ["World model", "Worldmodel"]),
        ("author:Pretraining", ["Pre-training"]),
        ("x" * 500, ["Pre-training"]),
    ],
)
def test_no_other_spelling_is_named_where_it_is_no_help(
    text: str, titles: list[str]
) -> None:
    listed(titles)
    assert said(text) == []
