"""Every example of docs/filters.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from subscriptions.matching import (
    Document,
    FilterError,
    canonical,
    parse,
    warnings,
)
from subscriptions.matching.documents import code_link

from .documents import a_document, finds

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "filters.md").read_text()
ROWS = re.findall(r"^\| `(.+?)` \| (.*?) \|(?: (.*?) ?\|)?$", PAGE, re.MULTILINE)
ANSWERS = [(text, answer) for text, answer, _ in ROWS if answer.startswith("At ")]
ADVICE = [(text, said) for text, said, _ in ROWS if said.endswith((".", "?"))]
ADVICE = [row for row in ADVICE if row not in ANSWERS]
EXAMPLES = [
    (text, example, found)
    for text, *cells in ROWS
    for cell, found in zip(cells, (True, False), strict=True)
    for example in re.findall(r"\*(.+?)\*(?=,|$)", cell)
    if not cells[0].endswith((".", "?"))
]
# In the sentences beside the tables.
PROSE = " ".join(re.sub(r"^\|.*$", "", PAGE, flags=re.MULTILINE).split())
SAME = re.findall(r"`([^`]+)` is (?:the phrase |read as )?`([^`]+)`", PROSE)
PLURALS = re.findall(r"(\w+)/(\w+)", PROSE.partition("Irregular:")[2].partition(".")[0])


def described(example: str) -> Document:
    """The paper that an example's words describe; a title where they say no more."""
    example = example.strip("`")
    known, _, value = example.partition(" ")
    match known:
        case "by":
            return a_document(authors=(value,))
        case "in":
            return a_document(categories=tuple(value.split(", ")))
        case "listed":
            return a_document(source=value.removeprefix("by "))
        case "linking":
            return a_document(has_code=bool(code_link(f"Code: https://{value}.")))
        case "with":
            return a_document(upvotes=int(value.split()[0]))
        case "abstract:":
            return a_document(abstract=value)
    return a_document(example)


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) > 50
    assert len(ANSWERS) == 21
    assert len(ADVICE) == 8


@pytest.mark.parametrize(("text", "example", "found"), EXAMPLES)
def test_an_example_finds_what_the_page_says(
    text: str, example: str, found: bool
) -> None:
    assert finds(text, described(example)) is found


def test_the_sentences_have_their_examples() -> None:
    assert len(SAME) == 8
    assert len(PLURALS) > 25


@pytest.mark.parametrize(("text", "same"), SAME)
def test_what_the_page_calls_the_same_is_the_same(text: str, same: str) -> None:
    assert canonical(parse(text)) == canonical(parse(same))


@pytest.mark.parametrize(("one", "several"), PLURALS)
def test_an_irregular_plural_of_the_page_meets_its_singular(
    one: str, several: str
) -> None:
    assert finds(one, a_document(several)) and finds(several, a_document(one))


def test_words_that_the_page_says_stay_do() -> None:
    (stay,) = re.findall(r"so do \*([^*]+)\*", PROSE)
    (other,) = re.findall(r"-ics\* \(but not \*([^*]+)\*\)", PROSE)
    for word in [*stay.split(", "), "semantics"]:
        assert not finds(word.removesuffix("s"), a_document(word))
    for word in other.split(", "):
        assert finds(word.removesuffix("s"), a_document(word))


def test_a_prefix_is_taken_as_the_page_says() -> None:
    assert (
        "`models*` finds *models* and *model*, and `mes*` does not find *me*" in PROSE
    )
    assert finds("models*", a_document("models"))
    assert finds("models*", a_document("model"))
    assert not finds("mes*", a_document("me"))


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_a_refused_filter_is_answered_as_the_page_says(text: str, answer: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)
    assert str(refused.value) == answer


@pytest.mark.parametrize(("text", "said"), ADVICE)
def test_a_filter_hardly_meant_is_answered_as_the_page_says(
    text: str, said: str
) -> None:
    assert said in warnings(parse(text))


def test_the_limits_are_those_of_the_settings() -> None:
    assert (
        f"at most {settings.FILTER_LENGTH:,} characters, {settings.FILTER_TERMS} terms "
        f"and {settings.FILTER_DEPTH} parentheses" in PAGE
    )
    assert f"at most {settings.FILTERS_PER_READER} filters" in PAGE
