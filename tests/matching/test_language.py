"""Every row of the language's table, and what it leaves to the reader's spelling."""

from __future__ import annotations

from typing import Any

import pytest

from subscriptions.matching import canonical, parse, warnings
from subscriptions.matching.language.tree import Phrase, leaves

from .documents import a_document, finds


@pytest.mark.parametrize(
    ("text", "canonical_text"),
    [
        ("representation learning", "learning representation"),
        ('"policy gradient"', '"policy gradient"'),
        ("a b OR c", "a b OR c"),
        ("(a OR b) c", "(a OR b) c"),
        ("x NOT survey", "x -survey"),
        ("-survey x", "x -survey"),
        ("x -(a b)", "x -(a b)"),
        ("NOT NOT x", "x"),
        ("Diffus*", "diffus*"),
        ("title:(agent OR planner)", "title:agent OR title:planner"),
        ('abstract:"state space"', 'abstract:"state space"'),
        ('author:"Geoffrey E. Hinton"', 'author:"geoffrey e hinton"'),
        ("author:(Hinton OR Sample)", "author:hinton OR author:sample"),
        ("cat:cs.LG", "cat:cs.lg"),
        ("CAT:CS", "cat:cs"),
        ("in:hf", "in:hf"),
        ("has:code", "has:code"),
        ("upvotes:020", "upvotes:20"),
        ("*", "*"),
        ("self-supervised", '"self supervised"'),
        ("GPT-4", '"gpt 4"'),
        ('"gradient"', "gradient"),
        ("“policy gradient” –survey", '"policy gradient" -survey'),
        ("ｔｉｔｌｅ：ｍａｍｂａ", "title:mamba"),
        ("GRACE - a method", "a grace method"),
        ('"A* search"', '"a search"'),
    ],
)
def test_a_filter_is_read_as(text: str, canonical_text: str) -> None:
    assert canonical(parse(text)) == canonical_text


@pytest.mark.parametrize("text", ["gradient Policy", "policy AND gradient"])
def test_filters_that_differ_only_in_order_and_spelling_are_one(text: str) -> None:
    assert canonical(parse(text)) == "gradient policy"


def test_doubles_and_nested_groups_dissolve() -> None:
    assert canonical(parse("((a OR (b OR a)) ((a OR b)))")) == "a OR b"


def test_operators_in_lower_case_are_words_and_said_to_be() -> None:
    query = parse("video or flow")
    assert [leaf for leaf in leaves(query) if leaf == Phrase(("or",))]
    assert warnings(query) == [
        "`or` in lower case is a word to find; the operator is `OR`."
    ]


def test_a_phrase_does_not_run_from_the_title_into_the_abstract() -> None:
    assert not finds('"policy gradient"', a_document("A policy", "gradient method"))


def test_a_name_does_not_run_from_one_author_into_the_next() -> None:
    document = a_document(authors=("Ada Sample", "Bo Placeholder"))
    assert not finds('author:"Sample Bo"', document)


def test_the_words_of_an_and_may_stand_in_different_fields() -> None:
    assert finds("policy gradient", a_document("A policy", "gradient method"))


def test_a_negated_group_leaves_out_only_what_has_all_of_it() -> None:
    assert finds("x -(a b)", a_document("x a"))
    assert not finds("x -(a b)", a_document("x a b"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mamba, jamba, samba", "write `OR` between them"),
        ("mamba,jamba", "write `(mamba OR jamba)`"),
        ("title:mamba;jamba", "write `title:(mamba OR jamba)`"),
        ("video diffusion|flow|", "write `(diffusion OR flow)`"),
        ('author:"Sample et al."', "write the name alone"),
        ('author:"A. Sample and B. Other"', "the name of one author"),
        ('author:"Sample, A., Other, B."', "the name of one author"),
        ('author:"A. Sample; B. Other"', "the name of one author"),
        ("\u2018policy gradient\u2019", 'in double ones: `"a b"`'),
        ("author:Geoffrey Hinton", 'it is `author:"Geoffrey Hinton"`'),
        ("author:Hinton OR LeCun", "it is `author:(Hinton OR LeCun)`"),
        ("title:state space", "write `title:(state space)`"),
        ("cat:cs.LG OR cs.CL", "the category is `cat:cs.CL`"),
        ("cat:LG", "did you mean `cat:cs.LG`?"),
        ("cat:machine learning", "arXiv has no category machine"),
        ("word?", "`*` stands for endings"),
        ("C++", "looked for as `c`"),
        ("a NEAR b", "no such operator"),
        ("[a OR b] c", "Only round parentheses"),
        ("papers about robots", "leave out what only says that you search"),
        ("in:hf in:arxiv", "write `in:hf OR in:arxiv`"),
        ("扩散模型", "nearly all in English"),
        ("машинное обучение", "nearly all in English"),
    ],
)
def test_what_is_legal_but_hardly_meant_is_said(text: str, says: str) -> None:
    assert says in " ".join(warnings(parse(text)))


@pytest.mark.parametrize(
    ("text", "canonical_text"),
    [
        ("diffusion AND NOT survey", "diffusion -survey"),
        ("+transformer +vision", "transformer vision"),
        ("Mamba: Linear-Time Models", '"linear time" mamba model'),
        ("GIN: Graph Networks", "gin graph network"),
        ("CHAT: Talking Robots", "chat robot talking"),
        ("Mind the Heads: Alignment", "alignment head mind the"),
        ("Subtitle: a task", "a subtitle task"),
        ('author:"Hinton, Geoffrey"', 'author:"geoffrey hinton"'),
        ('cat:"cs.LG"', "cat:cs.lg"),
        ('Schr{\\"o}dinger bridge', "bridge schrodinger"),
        ("Erd\\H{o}s*", "erdos*"),
        ("PM$_{2.5}$", '"pm2 5"'),
        ("β-VAE", '"beta vae"'),
        ("#llm", "llm"),
        ("CO₂", "co2"),
        ("1,000 tokens", '"1 000" token'),
        ("N,N-dimethyl", '"n n dimethyl"'),
    ],
)
def test_what_people_type_means_what_they_mean(text: str, canonical_text: str) -> None:
    assert canonical(parse(text)) == canonical_text
    assert warnings(parse(text)) == []


@pytest.mark.parametrize("name", ["cs.SE", "math", "cs.L"])
def test_a_category_that_is_not_fetched_is_accepted_with_a_warning(name: str) -> None:
    (warning,) = warnings(parse(f"cat:{name}"))
    assert f"does not fetch the category {name}:" in warning


@pytest.mark.parametrize("text", ["cat:cs.lg", "cat:cs", "gradient"])
def test_what_is_fetched_brings_no_warning(text: str) -> None:
    assert warnings(parse(text)) == []


def test_a_whole_fetched_archive_covers_its_categories(settings: Any) -> None:
    settings.ARXIV_CATEGORIES = ("math",)
    assert warnings(parse("cat:math.PR")) == []
