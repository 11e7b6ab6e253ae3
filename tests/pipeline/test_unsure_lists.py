"""A digest says of a list that it may be incomplete, while that is all there is."""

from __future__ import annotations

import pytest

from subscriptions import pipeline
from tests.factories import TUESDAY, an_edition

from .digests import MONDAY, a_reader_of, listed
from .test_empty_days import said

pytestmark = pytest.mark.django_db

UNSURE = (
    "The list of arXiv, Tue 7 Jul, may be incomplete; what is missing comes with its "
    "next one."
)


def test_a_list_that_was_not_heard_to_the_end_is_said_to_be_perhaps_incomplete() -> (
    None
):
    listed(an_edition(partial=True), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    row = reader.deliveries.get()
    assert row.notes == [UNSURE]
    assert UNSURE in " ".join(pipeline.web_copy(row.pk).text.split())


def test_so_does_the_letter_of_an_empty_day() -> None:
    listed(an_edition(partial=True), "Protein folding")
    reader = a_reader_of("gradient", nothing_today=True)
    pipeline.compose_day(TUESDAY)
    assert UNSURE in said(reader.letters.get())


def test_what_came_afterwards_is_in_a_later_list_of_the_same_digest() -> None:
    listed(an_edition(day=MONDAY, partial=True), "Gradient one")
    listed(an_edition(day=TUESDAY), "Gradient two")
    listed(an_edition(source="hf", day=MONDAY), "Gradient three")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().notes == []


def test_a_source_that_no_filter_of_the_reader_could_need_is_not_spoken_of() -> None:
    listed(an_edition(partial=True), "Gradient one")
    listed(an_edition(source="hf", day=MONDAY), "Gradient two")
    reader = a_reader_of("in:hf gradient")
    pipeline.compose_day(TUESDAY)
    assert reader.deliveries.get().notes == []
