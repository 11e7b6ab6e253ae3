"""What a preview shows and says, what it keeps, and how it is measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions.benchmarks.preview import measure
from subscriptions.matching import preview
from subscriptions.matching.preview import shelves
from subscriptions.models import Edition
from tests.factories import a_listing, a_paper, an_edition

from .documents import a_document, invented
from .listed import counts, day, listed

pytestmark = pytest.mark.django_db


# --- what is kept -------------------------------------------------------------------
def test_an_edition_is_read_once() -> None:
    def reads(text: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            preview(text)
        whole = 'ORDER BY "subscriptions_listing"."position"'
        return sum(whole in each["sql"] for each in captured)

    listed(["Hessian"], 2)
    listed(["Hessian"], 1)
    assert reads("hessian") == 2
    assert reads("gradient") == 0
    listed(["Gradient"], 0)
    assert reads("gradient") == 1
    assert counts(preview("gradient")) == [0, 0, 1]


def test_what_is_older_than_the_newest_days_is_not_kept() -> None:
    for ago in range(20, -1, -1):
        listed(["Hessian"], ago)
        preview("hessian")
    assert len(shelves._indexes) == shelves.DAYS


def test_for_a_second_nobody_looks_again_what_was_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed(["Hessian"], 1)
    seen = shelves.shelves(10)
    monkeypatch.setattr(shelves, "FRESH", 60.0)
    listed(["Newton"], 0)
    with CaptureQueriesContext(connection) as captured:
        assert shelves.shelves(10) is seen
    assert not captured.captured_queries
    assert len(shelves.shelves(9)) == 2  # of another number of days it is looked at
    assert len(shelves.shelves(10)) == 2


def test_a_preview_only_reads() -> None:
    listed(["Hessian"], 1)
    with CaptureQueriesContext(connection) as captured:
        preview("hessian")
    assert captured.captured_queries
    reading = ("SELECT", "DECLARE")  # PostgreSQL reads an edition by a cursor
    assert all(each["sql"].startswith(reading) for each in captured)


def test_a_source_that_lists_seldom_is_held_against_its_own_last_days() -> None:
    for ago in range(0, 90, 3):
        listed(["Hessian"], ago)
    for ago in range(60, 75):
        listed(["Newton"], ago, source="hf")
    shelved = shelves.shelves(10)
    for source in ("arxiv", "hf"):
        days = [shelf.day for shelf in shelved if shelf.source == source]
        editions = Edition.objects.filter(source=source).order_by("-day")[:10]
        assert days == [each.day for each in reversed(editions)]
    assert counts(preview("in:hf")) == [1] * 10


# --- the newest papers --------------------------------------------------------------
def test_the_newest_papers_stand_with_the_places_to_mark() -> None:
    edition = an_edition()
    a_listing(a_paper(title="On Policies", abstract="No gradients."), edition)
    (sample,) = preview("policy gradient").samples
    assert sample.card.title == "On Policies"
    assert [(span.field, span.text) for span in sample.spans] == [
        ("abstract", "gradients"),
        ("title", "Policies"),
    ]


def test_the_best_come_first_and_the_rest_are_counted() -> None:
    edition = an_edition()
    for upvotes in range(9):
        a_listing(a_paper(title=f"Hessian {upvotes}", upvotes=upvotes), edition)
    seen = preview("hessian")
    titles = [sample.card.title for sample in seen.samples]
    assert titles == ["Hessian 8", "Hessian 7", "Hessian 6", "Hessian 5"]
    assert seen.of_newest == 9


def test_the_newest_day_is_the_last_that_brought_any() -> None:
    listed(["Hessian Old"], 2)
    listed(["Hessian New"], 1)
    listed(["Other"], 0)
    seen = preview("hessian")
    assert seen.newest == day(1)
    assert [sample.card.title for sample in seen.samples] == ["Hessian New"]


# --- warnings -----------------------------------------------------------------------
def test_nearly_nothing_is_said() -> None:
    for ago in range(10):
        listed(["Other"] * 2, ago)
    (none,) = preview("hessian").warnings
    assert none.startswith("None of the 20 papers")
    listed(["Hessian"] * 2, 0, "hf")
    (few,) = preview("hessian").warnings
    assert few.startswith("Nearly nothing: 2 of the 22 papers")


def test_a_paper_every_third_day_is_enough() -> None:
    for ago in range(9):
        listed(["Other", "Other", "Hessian" if ago % 3 else "Other"], ago)
    assert preview("hessian").warnings == ()


def test_nearly_everything_is_said() -> None:
    listed(["The Model"] * 8 + ["Other"] * 2)
    (said,) = preview("model").warnings
    assert said.startswith("Nearly everything: 8 of 10 papers")
    assert preview("other").warnings == ()


def test_a_category_that_is_not_fetched_is_said() -> None:
    listed(["Other"] * 3)
    said = preview("other cat:math.PR").warnings
    assert any("does not fetch the category math.PR" in each for each in said)


# --- how long it takes --------------------------------------------------------------
def test_the_measured_figures_are_of_the_papers_given() -> None:
    documents = [replace(each, source="hf", day=day(0)) for each in invented()]
    documents += [a_document("Hessian", day=day(1))]
    figures = measure(["hessian", "in:hf"], documents)
    assert (figures["papers"], figures["days"]) == (len(documents), 2)
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]
    assert figures["cold_s"] > 0
    assert counts(preview("hessian")) == [1, 0]
