"""Words: what ends one, what folds away, and where each stands."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.matching import markup, normalise
from subscriptions.matching.tokens import stem, tokens, words
from subscriptions.rendering.maths import readable

from .documents import a_document, finds, recorded


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
        ("base", "bases"),
        ("critic", "critics"),
        ("logic", "logics"),
        ("lens", "lenses"),
        ("virus", "viruses"),
        ("automaton", "automata"),
        ("radius", "radii"),
        ("child", "children"),
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
        ("base", "baseline"),
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


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Poincar\\'e and \\'Etale", "poincare and etale"),
        ('Schr{\\"o}dinger, M\\"{u}ller', "schrodinger muller"),
        ("Erd\\H{o}s, Ho\\v rava, c\\c{c}a", "erdos horava cca"),
        ("S\\o ren {\\O}ster \\L{}uka Stra{\\ss}e", "soren oster luka strasse"),
        ("\\emph{word}s and \\textsc{Foo}Bar", "words and foobar"),
        ("\\textbf{A}\\textbf{B} {\\it key} nodes", "ab key nodes"),
        ("$\\mathcal{O}(n\\log n)$", "o n log n"),
        ("$\\alpha$-stable, $\\varepsilon$, \\Omega", "alpha stable epsilon omega"),
        ("LoRA-α, $μ$Match, β-VAE", "lora alpha mumatch beta vae"),
        ("$\\ell_1$, ℓ₁, L1", "l1 l1 l1"),
        ("CO_2, CO$_2$, CO₂, CO<sub>2</sub>", "co2 co2 co2 co2"),
        ("R$^2$, SP^3, π_{0.5}, PM$_{2.5}$", "r2 sp3 pi0 5 pm2 5"),
        ("DataClaw_0, task_1, x_i, 10^{-5}", "dataclaw 0 task 1 x i 10 5"),
        ("$\\frac{a}{b} \\times c \\leq d$", "a b c d"),
        ("we propose \\ourmethod{}, \\cite{key1}", "we propose ourmethod key1"),
        ("R\\&D, R&D, R&amp;D, 5\\%", "r d r d r d 5"),
        ("r&eacute;sum&#233; &nosuch; A&B;", "resume nosuch a b"),
        ("<i>E. coli</i><br/>x <think> p<0.05", "e coli x think p 0 05"),
        ("{BERT}s, word\u2122, Lₚ", "berts word tm l p"),
        ("gra\u00addient, gra\\-dient, ｇｒａｄ", "gradient gradient grad"),
        ("\\begin{equation*}x\\end{equation*}", "x"),
        ("costs $5, unbalanced { and \\", "costs 5 unbalanced and"),
    ],
)
def test_markup_is_read_as_it_is_shown(text: str, read: str) -> None:
    assert words(text) == read.split()
    assert [token.word for token in tokens(text)] == read.split()


def test_the_words_of_real_papers_are_those_of_their_readable_form() -> None:
    texts = {
        text for paper in recorded(5_000) for text in (paper.title, paper.abstract)
    }
    if not texts:
        pytest.skip("../shared/data is not here: it holds the recorded days")
    marked_up = [text for text in texts if markup.has_markup(text)]
    assert len(marked_up) > 100
    other = [text for text in marked_up if words(text) != words(readable(text))]
    assert len(other) <= len(marked_up) // 50


def test_markup_written_to_take_long_is_read_at_once() -> None:
    # Work that grew with the square of these would not end within the test's time.
    for piece in ("\\", "{", "\\'{", "<a b=", "&a", "_{", "$", "\\begin{", "}  {"):
        assert len(tokens(piece * 50_000)) <= 100_000


@given(st.text(max_size=60))
def test_places_hold_the_words_they_are_of(text: str) -> None:
    found = tokens(text)
    assert [token.word for token in found] == words(text)
    for token in found:
        assert token.word in "".join(words(text[token.start : token.end]))
