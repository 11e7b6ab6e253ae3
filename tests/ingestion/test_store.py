"""One row per paper, whoever told of it and in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from subscriptions.ingestion import store
from subscriptions.ingestion.records import PaperRecord
from subscriptions.models import Card, Paper

from .conftest import words

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = date(2026, 7, 6), date(2026, 7, 7)
ID = "2607.00001"

HF = PaperRecord(
    ID,
    "hf",
    "Title at Hugging Face",
    abstract="Abstract at Hugging Face",
    authors=("A. Sample",),
    day=date(2026, 7, 3),
    upvotes=5,
    comments=2,
    code_url="https://example.org/code",
    summary="One sentence.",
    keywords=("samples",),
    listed_on=MONDAY,
)
ARXIV = PaperRecord(
    ID,
    "arxiv",
    "Title at arXiv",
    abstract="Abstract at arXiv",
    authors=("A. Sample", "B. Placeholder"),
    categories=("cs.LG", "cs.CL"),
    note="7 pages",
    listed_on=TUESDAY,
)


def test_a_paper_of_both_sources_has_the_fields_of_both_in_any_order() -> None:
    for order in permutations([HF, ARXIV]):
        Paper.objects.all().delete()
        for record in order:
            store([record], words)
        paper = Paper.objects.get()
        assert (paper.title, paper.abstract) == ("Title at arXiv", "Abstract at arXiv")
        assert paper.authors == ["A. Sample", "B. Placeholder"]
        assert paper.categories == ["cs.LG", "cs.CL"]
        assert (paper.upvotes, paper.comments, paper.note) == (5, 2, "7 pages")
        assert paper.code_url == "https://example.org/code"
        assert (paper.summary, paper.keywords) == ("One sentence.", ["samples"])
        assert paper.day == date(2026, 7, 3)
        assert paper.as_of == {"hf": "2026-07-06", "arxiv": "2026-07-07"}


def test_storing_again_creates_and_updates_nothing() -> None:
    assert store([HF, ARXIV], words).new == 1
    stamp = Paper.objects.get().updated_at
    again = store([HF, ARXIV], words)
    assert (again.seen, again.new, again.updated) == (1, 0, 0)
    assert Paper.objects.get().updated_at == stamp


def test_a_later_day_of_the_same_source_overwrites_and_an_older_one_does_not() -> None:
    later = PaperRecord(ID, "hf", "Newer title", upvotes=9, listed_on=TUESDAY)
    for order in permutations([HF, later]):
        Paper.objects.all().delete()
        for record in order:
            store([record], words)
        paper = Paper.objects.get()
        assert (paper.title, paper.upvotes) == ("Newer title", 9)
        assert paper.abstract == "Abstract at Hugging Face"


def test_an_empty_value_never_overwrites_and_a_count_of_zero_is_a_value() -> None:
    store([HF], words)
    store([PaperRecord(ID, "hf", "Title at Hugging Face", listed_on=TUESDAY)], words)
    paper = Paper.objects.get()
    assert (paper.upvotes, paper.summary) == (5, "One sentence.")
    store([PaperRecord(ID, "hf", "Title", upvotes=0, listed_on=TUESDAY)], words)
    assert Paper.objects.get().upvotes == 0


def test_a_record_without_a_day_fills_what_is_empty_only() -> None:
    store([HF], words)
    undated = PaperRecord(ID, "hf", "Undated", organisation="Samples", upvotes=1)
    store([undated], words)
    paper = Paper.objects.get()
    assert (paper.title, paper.organisation) == ("Title at Hugging Face", "Samples")
    assert paper.upvotes == 5


def test_updated_counts_papers_of_which_something_shown_changed() -> None:
    store([HF], words)
    same = PaperRecord(ID, "hf", HF.title, listed_on=TUESDAY)
    assert store([same], words).updated == 0
    assert Paper.objects.get().as_of == {"hf": "2026-07-07"}
    changed = PaperRecord(ID, "hf", HF.title, upvotes=6, listed_on=TUESDAY)
    assert store([changed], words).updated == 1


def test_the_words_are_computed_when_what_they_are_of_changes_and_else_not() -> None:
    calls: list[str] = []

    def counted(card: Card) -> tuple[str, str, str]:
        calls.append(card.title)
        return words(card)

    store([HF], counted)
    store([PaperRecord(ID, "hf", HF.title, upvotes=8, listed_on=TUESDAY)], counted)
    assert calls == [HF.title]
    store([ARXIV], counted)
    assert calls == [HF.title, ARXIV.title]
    paper = Paper.objects.get()
    assert (paper.title_words, paper.facts) == ("title at arxiv", "cs.LG cs.CL")
    store([replace(ARXIV, categories=("cs.CV",))], counted)
    assert Paper.objects.get().facts == "cs.CV"


def test_a_paper_told_twice_in_one_list_is_one_paper() -> None:
    other = PaperRecord(ID, "arxiv", "Title at arXiv, again", listed_on=TUESDAY)
    first = store([ARXIV, other], words)
    again = store([ARXIV, other], words)
    assert (first.seen, first.new) == (1, 1)
    assert (again.new, again.updated) == (0, 0)


def test_five_thousand_papers_in_a_day_are_stored() -> None:
    many = [
        PaperRecord(
            f"2607.{number:05d}", "arxiv", f"Invented {number}", listed_on=TUESDAY
        )
        for number in range(5000)
    ]
    assert store(many, words).new == 5000
    again = store(many, words)
    assert (again.seen, again.new, again.updated) == (5000, 0, 0)
    assert len(again.papers) == 5000
