"""Words: what ends one, what folds away, and where each stands."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.matching import normalise
from subscriptions.matching.tokens import stem, tokens, words

from .documents import a_document, finds


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("approach", "approaches"),
        ("class", "classes"),
        ("loss", "losses"),
        ("process", "processes"),
        ("box", "boxes"),
        ("branch", "branches"),
        ("patch", "patches"),
        ("axis", "axes"),
        ("corpus", "corpora"),
        ("policy", "policies"),
        ("tree", "trees"),
        ("image", "images"),
        ("metric", "metrics"),
        ("topic", "topics"),
        ("heuristic", "heuristics"),
        ("statistic", "statistics"),
        ("matrix", "matrices"),
        ("vertex", "vertices"),
        ("index", "indices"),
        ("index", "indexes"),
        ("analysis", "analyses"),
        ("hypothesis", "hypotheses"),
        ("basis", "bases"),
        ("cache", "caches"),
        ("bias", "biases"),
        ("criterion", "criteria"),
        ("phenomenon", "phenomena"),
        ("optimum", "optima"),
        ("spectrum", "spectra"),
        ("leaf", "leaves"),
        ("medium", "media"),
        ("buzz", "buzzes"),
        ("LLM", "LLMs"),
        ("GPU", "GPUs"),
        ("CPU", "CPUs"),
        ("TPU", "TPUs"),
    ],
)
def test_singular_and_plural_meet(one: str, other: str) -> None:
    assert stem(one.lower()) == stem(other.lower())
    assert finds(one, a_document(other))
    assert finds(other, a_document(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("news", "new"),
        ("lens", "len"),
        ("semantics", "semantic"),
        ("physics", "physic"),
        ("iOS", "io"),
        ("means", "mean"),
        ("series", "sery"),
        ("bayes", "baye"),
        ("bus", "bu"),
        ("status", "statu"),
        ("loss", "los"),
        ("base", "bases"),
    ],
)
def test_words_that_only_look_like_plurals_do_not_meet(one: str, other: str) -> None:
    assert not finds(one, a_document(other))
    assert not finds(other, a_document(one))


def test_names_and_categories_are_not_stemmed() -> None:
    assert not finds("author:Jones", a_document(authors=("Ada Jone",)))
    assert not finds("cat:physics", a_document(categories=("physic",)))


@pytest.mark.parametrize(
    ("prefix", "title", "found"),
    [
        ("models*", "a model", True),
        ("models*", "models", True),
        ("models*", "modelling", False),
        ("mes*", "tell me", False),
        ("mes*", "a mesh", True),
        ("polic*", "policies", True),
        ("policies*", "a policy", True),
        ("representation*", "representational", True),
        ("title:mod*", "a model", True),
        ("abstract:mod*", "a model", False),
    ],
)
def test_a_prefix_finds_stems_that_begin_so_and_its_own(
    prefix: str, title: str, found: bool
) -> None:
    assert finds(prefix, a_document(title)) is found


def test_the_stored_words_are_folded_and_stemmed() -> None:
    title = "Größere Matrices: GPT-4's"
    assert normalise(title, "") == ("grossere matrix gpt 4 s", "")


@given(st.text(st.sampled_from("aeiousxhczy"), min_size=1, max_size=9))
def test_a_stem_is_its_own_stem(word: str) -> None:
    assert stem(stem(word)) == stem(word)


def test_folding_a_character_twice_changes_nothing() -> None:
    characters = map(chr, range(sys.maxunicode + 1))
    letters = [char for char in characters if unicodedata.category(char)[0] in "LNM"]
    folded = set(words(" ".join(letters)))
    assert len(folded) > 100_000
    assert set(words(" ".join(folded))) == folded


@given(st.text(max_size=60))
def test_places_hold_the_words_they_are_of(text: str) -> None:
    found = tokens(text)
    assert [token.word for token in found] == words(text)
    for token in found:
        assert token.word in "".join(words(text[token.start : token.end]))
