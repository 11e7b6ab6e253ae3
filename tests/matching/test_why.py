"""Why a paper is there, by words and places; and why it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.matching import Document, Span, explain, found_by, parse, why_not
from subscriptions.matching.tokens import stems
from subscriptions.matching.why import marks
from subscriptions.rendering.maths import readable

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
        ("alpha", "$\\alpha$-stable flows", ["$\\alpha$"]),
        ("schrodinger", 'The Schr{\\"o}dinger bridge', ['Schr{\\"o}dinger']),
        ("poincare", "Poincar\\'e maps", ["Poincar\\'e"]),
        ("etale", "{\\'E}tale maps", ["{\\'E}tale"]),
        ("erdos", "An Erd\\H{o}s graph", ["Erd\\H{o}s"]),
        ("naive", 'na\\"{\\i}ve ones', ['na\\"{\\i}ve']),
        ("gpt-4", "On \\textit{GPT}-4 now", ["\\textit{GPT}-4"]),
        ("foobar", "On \\textsc{Foo}Bar", ["\\textsc{Foo}Bar"]),
        ("word", "An \\emph{word}", ["word"]),
        ("l1-regularised", "$\\ell_1$-regularised", ["$\\ell_1$-regularised"]),
        ("PM2.5", "With PM$_{2.5}$ now", ["PM$_{2.5}$"]),
        ("U2Mamba", "U$^2$Mamba", ["U$^2$Mamba"]),
        ("resume", "A r&eacute;sum&#233; here", ["r&eacute;sum&#233;"]),
        ("H2O", "On H<sub>2</sub>O", ["H<sub>2</sub>O"]),
        ("gradient", "ｇｒａｄｉｅｎｔ", ["ｇｒａｄｉｅｎｔ"]),
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


@pytest.mark.parametrize(
    ("text", "title", "shown"),
    [
        ("schrodinger", 'The Schr{\\"o}dinger bridge', "Schrödinger"),
        ("gpt-4", "On \\textit{GPT}-4 now", "GPT-4"),
        ("foobar", "On \\textsc{Foo}Bar", "FooBar"),
        ("l1-regularised", "$\\ell_1$-regularised", "ℓ₁-regularised"),
        ("alpha", "$\\alpha$-stable flows", "α"),
        ("U2Mamba", "U$^2$Mamba", "U²Mamba"),
        ("self-supervised", "A self-supervised one", "self-supervised"),
    ],
)
def test_marks_are_right_where_the_title_is_made_readable(
    text: str, title: str, shown: str
) -> None:
    spans = explain(parse(text), a_document(title)) or ()
    displayed = readable(title)
    places = marks(spans, "title", displayed)
    assert [displayed[start:end] for start, end in places] == [shown]
    assert [readable(span.text) for span in spans] == [shown]


def test_marks_hold_in_a_text_that_was_cut() -> None:
    abstract = "We train a policy. Its gradients are noisy, and policies differ."
    spans = explain(parse("policy gradient"), a_document("", abstract)) or ()
    cut = abstract[: abstract.index(" are")]
    places = marks(spans, "abstract", cut)
    assert [cut[start:end] for start, end in places] == ["policy", "gradients"]
    assert marks(spans, "title", cut) == []


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


def test_one_upvote_is_one() -> None:
    document = a_document("A title", upvotes=1)
    assert why_not(parse("upvotes:20"), document) == "It has 1 upvote, fewer than 20."


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


TEX = st.sampled_from(
    ["a", "e", "b", "e", " ", "-", "\\'", '\\"{', "}", "{", "$", "_2", "^{", "\\emph{",
     "\\alpha", "\\H{o}", "\\&", "&amp;", "&eacute;", "<i>", "</i>", "<sub>", "\u0301",
     "\u00ad", "ﬁ", "½", "ß", "ᵢ", "\\"]
)  # fmt: skip


@given(st.lists(TEX, max_size=25).map("".join))
def test_every_span_reads_again_as_what_was_asked_for(title: str) -> None:
    document = a_document(title)
    for word in dict.fromkeys(stems(title)):
        spans = explain(parse(f'"{word}"'), document)
        assert spans
        for span in spans:
            assert title[span.start : span.end] == span.text
            assert word in stems(span.text)


def test_the_first_document_of_a_paper_that_satisfies_a_filter_says_by_what() -> None:
    listed = [a_document("A survey", source=source) for source in ("arxiv", "hf")]
    assert found_by("in:hf survey", listed) == (
        Span("source", 0, 12, "Hugging Face"),
        Span("title", 2, 8, "survey"),
    )
    assert found_by("in:hf mamba", listed) is None
    assert found_by("*", listed) == ()


def test_a_stored_filter_that_this_version_cannot_read_finds_nothing() -> None:
    assert found_by("survey near:3", [a_document("A survey")]) is None
