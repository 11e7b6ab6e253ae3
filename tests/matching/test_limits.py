"""Limits, and filters written to break what reads them (inputs 18 to 25)."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace
from typing import Literal

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.matching import FilterError, canonical, parse
from subscriptions.matching.language import parser
from subscriptions.matching.language.lexer import Symbol
from subscriptions.matching.language.terms import leaf
from subscriptions.matching.language.tree import Leaf

from .documents import a_document, finds


def refusal(text: str) -> str:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert 0 <= caught.value.position <= len(text)
    assert len(str(caught.value)) < 300
    return caught.value.message


def test_as_long_as_allowed_and_one_more() -> None:
    longest = "x" * settings.FILTER_LENGTH
    assert parse(longest)
    assert "longer than 1,000" in refusal(longest + "x")


def test_the_length_counts_after_composing() -> None:
    text = unicodedata.normalize("NFD", "é" * settings.FILTER_LENGTH)
    assert len(text) == 2 * settings.FILTER_LENGTH
    assert parse(text)
    assert "longer" in refusal("ﷺ" * 100)  # 18 characters each


def test_marks_that_no_composing_could_shorten_are_not_composed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sorting 4,000 of them on one letter takes 30 ms."""
    asked: list[str] = []
    normalize = unicodedata.normalize

    def counting(form: Literal["NFKC"], text: str) -> str:
        asked.append(text)
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", counting)
    marks = "\u0345" * 1300 + "\u0301" * 1300 + "\u0316" * 1300
    assert "longer" in refusal("a" + marks)
    assert asked == []
    assert parse("\u03b1\u0313\u0342\u0345" * settings.FILTER_LENGTH)  # three each
    assert asked


@given(
    st.text("ae\u03b1\u1100\u1161\u0301\u0316\u0345\u0342\u0f81ﬁ\ufdfa", max_size=99)
)
def test_the_length_is_the_one_after_composing_whatever_the_marks(text: str) -> None:
    composed = len(unicodedata.normalize("NFKC", text))
    assert parser._is_longer(text, 20) == (composed > 20)


def test_as_many_terms_as_allowed_and_one_more() -> None:
    terms = [f"word{number}" for number in range(settings.FILTER_TERMS)]
    assert parse(" OR ".join(terms))
    text = " ".join(terms) + " one"
    with pytest.raises(FilterError, match="more than 50 terms") as caught:
        parse(text)
    assert text[caught.value.position :] == "one"


def test_as_deep_as_allowed_and_one_deeper() -> None:
    deep = settings.FILTER_DEPTH
    assert canonical(parse("(" * deep + "a" + ")" * deep)) == "a"
    assert "deeper than 10" in refusal("(" * (deep + 1) + "a" + ")" * (deep + 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(" * 10_000 + "a" + ")" * 10_000, "longer"),
        ("(" * 499 + "a" + ")" * 499, "deeper"),
        ("NOT " * 249 + "a", "alone"),
        ("-" * 999, "empty"),
        (" OR ".join(["a"] * 50_000), "longer"),
        ("a " * 500, "more than 50 terms"),
        ("a\u0301\u0316" * 500_000, "longer"),
        ("(.*a){25}", "at the beginning"),
        ("x" * 10_000, "longer"),
        ("\u200d", "no letters"),
        ("abc\u202edef", r"U+202E"),
        ("abc\x00", r"U+0000"),
        ("abc\ud800", r"U+D800"),
        ("gradient & policy", "no letters"),
        ("gradient <-> policy", "no letters"),
        ("gradient | policy", "no letters"),
        ("grad:*", "no field"),
        ("%", "no letters"),
        ("_", "no letters"),
        ("\\", "no letters"),
        ("'; DROP TABLE", "no letters"),
        ("foo & !bar <-> baz:*", "no letters"),
        ('"' * 1_000_000, "longer"),
        ('"' * 999, "never closed"),
        ("x" * 1_000_000, "longer"),
        ("\ufdfa" * 4_000, "longer"),
        ("a" + "\u0301" * 3_999, "longer"),
        (" ".join(f"w{number}" for number in range(1_000)), "longer"),
        (" ".join("ab" for _ in range(300)), "more than 50 terms"),
        ("title:" * 160, "not followed"),
    ],
)
def test_a_hostile_filter_is_refused(text: str, says: str) -> None:
    assert says in refusal(text)


@pytest.mark.parametrize("text", ["the and of", "a" + "\u0301" * 200, "(a) (b)"])
def test_an_odd_but_honest_filter_is_read(text: str) -> None:
    assert parse(text)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Schrodinger", "The Schrödinger bridge"),
        ("Schrödinger", "The Schrodinger bridge"),
        ("Schro\u0308dinger", "The Schrödinger bridge"),
        ("STRASSE", "Eine Straße"),
        ("straße", "EINE STRASSE"),
        ("istanbul", "İSTANBUL"),
        ("isik", "Işık"),
        ("Łodz", "The Łódź lectures"),
        ("gradient", "A gra\u00addient"),
        ("first", "ﬁrﬅ"),
    ],
)
def test_accents_and_case_make_no_difference(text: str, title: str) -> None:
    assert finds(text, a_document(title))


def test_a_text_beyond_all_limits_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []

    def counting(form: str, text: str) -> str:
        seen.append(len(text))
        return unicodedata.normalize(form, text)

    monkeypatch.setattr(
        parser, "unicodedata", SimpleNamespace(normalize=counting), raising=True
    )
    monkeypatch.setattr(parser, "symbols", lambda text: seen.append(len(text)))
    for text in ("(" * 10_000, "a OR " * 50_000, "\u0301" * 1_000_000, '"' * 1_000_000):
        assert "longer" in refusal(text)
    assert seen == []


def test_terms_beyond_the_limit_are_not_turned_into_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []

    def counting(field: str, symbol: Symbol) -> Leaf:
        made.append(symbol.value)
        return leaf(field, symbol)

    monkeypatch.setattr(parser, "leaf", counting)
    assert "more than 50" in refusal("ab " * 333)
    assert len(made) == settings.FILTER_TERMS
