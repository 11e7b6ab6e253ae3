"""The full-text index is in step with the papers, whoever writes them and how."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from subscriptions.matching import parse, search, search_text
from subscriptions.models import Paper
from tests.factories import a_paper

from .stored import change

pytestmark = pytest.mark.django_db


def count(text: str) -> int:
    return search(parse(text)).total


def a_row(title: str, **fields: object) -> Paper:
    paper = Paper(title=title, **{"arxiv_id": "2607.00001"} | fields)
    paper.title_words, paper.abstract_words, paper.facts = search_text(paper)
    return paper


def test_after_a_change_of_one_row() -> None:
    paper = a_paper(title="Gradients", categories=["cs.LG"])
    change(paper, title="Hessians", categories=["cs.CV"])
    assert [count(text) for text in ("gradient", "cat:cs.LG")] == [0, 0]
    assert [count(text) for text in ("hessian", "cat:cs.CV", "cat:cs")] == [1, 1, 1]


def test_after_an_update_of_many_rows() -> None:
    for _ in range(3):
        a_paper(title="Gradients")
    Paper.objects.update(title_words="hessian", facts="c:cs.cv")
    assert [count(text) for text in ("gradient", "cat:cs.LG")] == [0, 0]
    assert [count(text) for text in ("hessian", "cat:cs.CV")] == [3, 3]


def test_after_a_bulk_write_that_creates_and_one_that_overwrites() -> None:
    Paper.objects.bulk_create([a_row("Gradients", categories=["cs.LG"])])
    assert (count("gradient"), count("cat:cs.LG")) == (1, 1)
    Paper.objects.bulk_create(
        [a_row("Hessians", categories=["cs.CV"])],
        update_conflicts=True,
        unique_fields=["arxiv_id"],
        update_fields=["title", "title_words", "abstract_words", "facts"],
    )
    assert [count(text) for text in ("gradient", "cat:cs.LG")] == [0, 0]
    assert [count(text) for text in ("hessian", "cat:cs.CV")] == [1, 1]


def test_after_papers_were_deleted() -> None:
    a_paper(title="Gradients")
    Paper.objects.all().delete()
    assert [count(text) for text in ("gradient", "cat:cs.LG", "*")] == [0, 0, 0]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM paper_words('gradient')")
            assert cursor.fetchone() == (0,)


def test_letters_that_a_database_takes_for_none_are_letters() -> None:
    """SQLite's other tokeniser would cut the words at this vowel of New Tai Lue."""
    a_paper(title="ab\u19b0cd", abstract="")
    assert [count(word) for word in ("ab\u19b0cd", "ab", "cd")] == [1, 0, 0]


def test_words_longer_than_an_index_takes_are_stored_and_found() -> None:
    longest = "z" * 900
    a_paper(title=longest, abstract="\U0001d7d8é表" * 6000, authors=[longest])
    assert [count(text) for text in (longest, "zzzz*", f"author:{longest}")] == [1] * 3
    assert count("表現") == 0


def test_a_paper_of_5000_authors_and_of_20000_letters() -> None:
    a_paper(
        title=" ".join("a" * 500),
        abstract=" ".join("ab" * 5000),
        authors=[f"a b c n{n} d" for n in range(5000)],
    )
    assert count('"a b a b" author:n4999 author:"b c n4999"') == 1


@pytest.mark.django_db(transaction=True)
def test_papers_stored_before_there_was_an_index_are_found() -> None:
    before = [("subscriptions", "0001_initial")]
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("subscriptions")
    try:
        MigrationExecutor(connection).migrate(before)
        models = MigrationExecutor(connection).loader.project_state(before).apps
        models.get_model("subscriptions", "Paper").objects.create(
            arxiv_id="2607.00001",
            title="Gradients",
            authors=["A. Sample"],
            categories=["cs.LG"],
            code_url="https://example.org/code",
        )
    finally:
        MigrationExecutor(connection).migrate(newest)
    text = 'title:gradient author:"Ann Sample" cat:cs has:code'
    assert count(text) == 1


@pytest.mark.django_db(transaction=True)
def test_a_second_index_takes_the_place_of_the_first() -> None:
    paper = a_paper(title="Gradients")
    index = import_module("subscriptions.migrations.0003_search_index")
    with connection.schema_editor(atomic=False) as editor:
        if connection.vendor == "postgresql":  # whose column cannot be there twice
            index.drop_index(None, editor)
        index.create_index(None, editor)
    assert count("gradient") == 1
    change(paper, title="Hessians")
    assert (count("gradient"), count("hessian")) == (0, 1)


def test_papers_stored_by_an_earlier_tokeniser_are_found_by_todays() -> None:
    a_row("Knowledge bases").save()
    Paper.objects.update(title_words="knowledge base")
    assert count('"knowledge bases"') == 0
    again = import_module("subscriptions.migrations.0012_search_text_again")
    again.fill(apps, None)
    assert count('"knowledge bases"') == 1
    with CaptureQueriesContext(connection) as asked:
        again.fill(apps, None)
    assert not [each for each in asked if each["sql"].startswith("UPDATE")]


def test_no_number_of_authors_keeps_a_paper_from_being_stored() -> None:
    """PostgreSQL refuses a vector of more than 1 MB, and with it the whole day."""
    initials = " ".join("abcdefghijklmnopqrstuvwxyz" * 3)
    rare = " ".join(f"{chr(0x4E00 + n)}{chr(0x4E00 + 3 * n)}" for n in range(6000))
    a_row(
        "Gradients",
        abstract=rare,
        authors=[f"{initials} Sample{number}" for number in range(5000)],
        categories=["cs.LG"],
        code_url="https://example.org/code",
    ).save()
    assert count('gradient author:"A Sample0" cat:cs has:code') == 1


def test_three_thousand_authors_are_all_found() -> None:
    names = [f"Annabelle{n} Middleton{n} Samplesen{n}" for n in range(3000)]
    a_row("Gradients", authors=names).save()
    assert count('author:"Annabelle2999 Samplesen2999"') == 1


def test_no_text_keeps_a_paper_from_being_stored() -> None:
    """The tokeniser leaves letters and digits only; the index relies on nothing."""
    paper = a_paper(title="Gradients")
    paper.title_words, paper.abstract_words = "it's a \\ b", "  'quoted':1A "
    paper.facts = "a:o'brien"
    paper.save()
    assert count("a") == 1
