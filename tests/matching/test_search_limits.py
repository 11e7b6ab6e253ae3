"""The longest and the oddest filters that may be written, as statements."""

from __future__ import annotations

import pytest
from django.conf import settings

from subscriptions.matching import Document, parse, search
from tests.factories import a_paper

from .oracle import satisfies

pytestmark = pytest.mark.django_db


def nested(depth: int) -> str:
    """AND, OR and NOT in turn, of words, facts and lists, one in the other."""
    text = "in:hf"
    for level in range(depth):
        inner = f"({text})"
        text = (
            f"{inner} word{level} OR cat:cs",
            f"gradient -({inner} upvotes:{level})",
            f"author:sample OR {inner} -title:word{level}",
        )[level % 3]
    return text


def many(joint: str, term: str) -> str:
    return joint.join(term.format(n) for n in range(settings.FILTER_TERMS))


WORST = {
    "terms, all of them": many(" ", "w{}"),
    "terms, any of them": many(" OR ", "w{}"),
    "lists and words in turn": " OR ".join(f"(a{n} upvotes:{n})" for n in range(25)),
    "prefixes": many(" OR ", "gra{}*"),
    "all left out": "gradient " + " ".join(f"-w{n}" for n in range(49)),
    "listings left out": "* " + " ".join(f"-upvotes:{n}" for n in range(1, 49)),
    "authors of three names": many(" OR ", "author:a.{0}.b"),
    "one phrase": f'"{"a b " * 248}a"',
    "one word": "z" * 999,
    "one author of many names": f'author:"{"a b " * 240}sample"',
    "deep": nested(7),
    "deep and dense": nested(6).replace("word", "gra"),
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_filter_is_answered_and_rightly(name: str) -> None:
    papers = [
        a_paper(title="Gradients w1 w2", authors=["Ann B. Sample"], upvotes=9),
        a_paper(title=" ".join(f"w{n}" for n in range(50)), authors=["A 7 B"]),
        a_paper(title="a b " * 248 + "a", categories=["cs.LG"]),
        a_paper(title="z" * 999, authors=["a b " * 45 + "sample"]),
    ]
    query = parse(WORST[name])
    expected = {p.pk for p in papers if satisfies(Document.of_paper(p), query)}
    assert {one.paper for one in search(query).found} == expected


@pytest.mark.parametrize(
    "text", ["NEAR", "AND*", "title", '"or" "and"', "near*", "rowid", "cat*", "has*"]
)
def test_a_word_of_the_databases_own_language_is_a_word(text: str) -> None:
    a_paper(
        title="Something else",
        categories=["cs.LG"],
        abstract="",
        code_url="https://x.y",
    )
    paper = a_paper(title="Nearing OR and near title, rowid android catastrophe")
    has = a_paper(title="Hashing", abstract="")
    wanted = has if text == "has*" else paper
    assert [one.paper for one in search(parse(text)).found] == [wanted.pk]
