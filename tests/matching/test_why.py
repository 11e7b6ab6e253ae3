"""Why a paper is there, by words and places; and why it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.matching import Document, Span, explain, parse, why_not

from .documents import a_document, invented
from .random_filters import Filters


def found(text: str, document: Document) -> list[tuple[str, str]]:
    spans = explain(parse(text), document)
    assert spans is not None
    return [(span.field, span.text) for span in spans]


@pytest.mark.parametrize(
    ("text", "title", "words"),
    [
        ("schrodinger", "A Schrödinger bridge", ["Schrödinger"]),
        ("schrodinger", "A Schro\u0308dinger bridge", ["Schro\u0308dinger"]),
        ("cafe", "The cafe\u0301.", ["cafe\u0301"]),
        ("self-supervised", "A Self-Supervised one", ["Self-Supervised"]),
        ("supervised", "A Self-Supervised one", ["Supervised"]),
        ("alpha", "$\\alpha$-stable flows", ["alpha"]),
        ("mathbb", "In $\\mathbb{R}^n$", ["mathbb"]),
        ("gradient", "A gra\u00addient", ["gra\u00addient"]),
        ("first", "The ﬁrst", ["ﬁrst"]),
        ("strasse", "Die Straße hier", ["Straße"]),
        ("model", "Models of a model", ["Models", "model"]),
        ("diffus*", "Diffusion is diffuse", ["Diffusion", "diffuse"]),
        ('"a b" "b c"', "x a-b c", ["a-b c"]),
        ("a OR b", "b and a", ["b", "a"]),
        ("a -c", "a b", ["a"]),
        ("*", "a b", []),
    ],
)
def test_the_words_are_marked_as_they_are_written(
    text: str, title: str, words: list[str]
) -> None:
    document = a_document(title)
    assert found(text, document) == [("title", word) for word in words]
    for span in explain(parse(text), document) or ():
        assert title[span.start : span.end] == span.text


def test_every_field_says_what_it_found() -> None:
    document = a_document(
        "A title",
        "See https://github.com/sample/code.",
        authors=("Bo Placeholder", "Ada B. Sample"),
        categories=("cs.LG",),
        source="hf",
        upvotes=31,
        has_code=True,
    )
    text = 'abstract:see author:"A Sample" cat:cs in:hf has:code upvotes:20'
    assert explain(parse(text), document) == (
        Span("abstract", 0, 3, "See"),
        Span("author", 0, 13, "Ada B. Sample"),
        Span("category", 0, 5, "cs.LG"),
        Span("code", 0, 22, "github.com/sample/code"),
        Span("source", 0, 12, "Hugging Face"),
        Span("upvotes", 0, 2, "31"),
    )


def test_a_document_that_does_not_match_has_no_explanation() -> None:
    assert explain(parse("gradient"), a_document("A title")) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title", ""),
        ("title robots", "The word “robots” is not in its title or abstract."),
        ("title:robots", "The word “robots” is not in its title."),
        (
            '"title a"',
            "The words “title a” do not stand together in its title or abstract.",
        ),
        ("robot*", "No word that begins with “robot” is in its title or abstract."),
        ("title -survey", "It has “Survey”, which the filter leaves out."),
        ("title -in:arxiv", "It has “arXiv”, which the filter leaves out."),
        ("title -(survey OR *)", "It has “Survey”, which the filter leaves out."),
        ("title -(robots OR *)", "The filter leaves every such paper out."),
        ('author:"B Sample"', "None of its authors is “B Sample”."),
        ("cat:cs.CV", "It is not in the category cs.CV (but in cs.LG)."),
        ("in:hf", "This listing is not from Hugging Face."),
        ("has:code", "It has no code link."),
        ("upvotes:20", "It has 3 upvotes, fewer than 20."),
        (
            "robots OR in:hf",
            "The word “robots” is not in its title or abstract; and this listing is "
            "not from Hugging Face.",
        ),
    ],
)
def test_the_first_term_that_fails_is_named(text: str, reason: str) -> None:
    document = a_document(
        "A title: Survey", authors=("Ada Sample",), categories=("cs.LG",), upvotes=3
    )
    assert why_not(parse(text), document) == reason


def test_a_reason_is_given_exactly_when_there_is_no_explanation() -> None:
    documents = invented()
    supply = Filters(5, documents)
    for _ in range(300):
        text, query = supply.next()
        for document in documents:
            matched = explain(query, document) is not None
            assert bool(why_not(query, document)) is not matched, text


@given(st.text(max_size=50), st.sampled_from(["a OR b", "e", '"a b" OR a']))
def test_marks_of_any_title_hold_their_places_and_do_not_overlap(
    title: str, text: str
) -> None:
    end = 0
    for span in explain(parse(text), a_document(title)) or ():
        assert title[span.start : span.end] == span.text
        assert span.start >= end
        end = span.end
