"""Saved papers and muted words among the preferences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions import consent, links
from subscriptions.consent import Wanted
from subscriptions.models import Subscriber
from tests.factories import a_paper, a_reader

from .world import path_of

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.fixture
def reader() -> Subscriber:
    return a_reader()


def look(reader: Subscriber, asked: str = "") -> str:
    response = Client().get(path_of(links.preferences(reader)) + asked)
    assert response.status_code == 200
    return response.content.decode()


def press(reader: Subscriber, action: str, **typed: Any) -> str:
    at = path_of(links.preferences(reader))
    response = Client().post(at, {"action": action} | typed, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def saved(reader: Subscriber, number: int) -> None:
    """Papers 1 to `number`, an hour apart."""
    for n in range(1, number + 1):
        with time_machine.travel(NOON + timedelta(hours=n)):
            consent.save_paper(reader.pk, a_paper(title=f"Kept paper {n}.").pk)


def test_saved_papers_are_listed_newest_first_in_pages(reader: Subscriber) -> None:
    saved(reader, 25)
    first, second = look(reader), look(reader, "?saved=2")
    assert first.index("Kept paper 25.") < first.index("Kept paper 6.")
    assert "Kept paper 5." not in first
    assert "1 to 20 of 25" in first
    assert "Kept paper 5." in second
    assert "Kept paper 6." not in second


@pytest.mark.parametrize("asked", ["?saved=9", "?saved=0", "?saved=x", "?saved=-1"])
def test_a_page_that_is_not_there_is_another_one(
    reader: Subscriber, asked: str
) -> None:
    saved(reader, 1)
    assert "Kept paper 1." in look(reader, asked)


def test_a_saved_paper_is_removed(reader: Subscriber) -> None:
    saved(reader, 2)
    other = a_reader()
    saved(other, 1)
    newest = reader.saved_papers.first()
    assert newest is not None
    html = press(reader, "unsave", paper=newest.paper_id)
    assert "no longer saved" in html
    assert reader.saved_papers.count() == 1
    theirs = other.saved_papers.get()
    press(reader, "unsave", paper=theirs.paper_id)
    assert other.saved_papers.exists()


def test_any_word_can_be_muted_and_unmuted_here(reader: Subscriber) -> None:
    html = press(reader, "mute", text="state of the art")
    assert "Muted. Papers that have it" in html
    mute = reader.mutes.get()
    assert mute.text == '"state of the art"'
    assert mute.filter.text == '"state of the art"'
    assert "Nothing is muted" in press(reader, "unmute", mute=mute.pk)


def test_what_cannot_be_muted_is_shown_with_what_is_wrong(reader: Subscriber) -> None:
    html = press(reader, "mute", text="***")
    assert "no letter or digit in “***”" in html
    assert 'value="***"' in html
    assert 'aria-invalid="true"' in html


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("“state of the art”", '"state of the art"'),  # as telephones quote
        ("«survey»", "survey"),
        ("author:“Ada Sample”", 'author:"Ada Sample"'),
        ('"logic OR gate"', '"logic OR gate"'),
        ("title: a guess", '"title: a guess"'),
    ],
)
def test_what_is_muted_may_stand_in_any_quotes(
    reader: Subscriber, typed: str, kept: str
) -> None:
    assert "Muted. Papers that have it" in press(reader, "mute", text=typed)
    assert reader.mutes.get().text == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("diffus*", "The * in “diffus*” has no meaning here. Type whole words."),
        ("author:Samp*", "The * in “author:Samp*” has no meaning here."),
        ("sur\u202evey", "There is an invisible character here (U+202E). Delete it"),
        ("cat:cs.CV", "cat: has no meaning here."),
        ("Title:survey", "Title: has no meaning here."),
        ("survey OR benchmark", "OR has no meaning here."),
        ("“state space” AND mamba", "AND has no meaning here."),
    ],
)
def test_what_is_a_filter_rather_than_a_word_is_not_muted_as_words(
    reader: Subscriber, typed: str, said: str
) -> None:
    assert said in press(reader, "mute", text=typed)
    assert not reader.mutes.exists()


def test_the_limit_of_mutes_is_said(reader: Subscriber) -> None:
    for number in range(50):
        consent.mute(reader.pk, Wanted(f"word{number}", f"word{number}"))
    html = press(reader, "mute", text="survey")
    assert "50 muted terms are the most" in html
    assert reader.mutes.count() == 50


@pytest.mark.parametrize("action", ["unsave", "unmute"])
def test_a_row_that_is_none_changes_nothing(reader: Subscriber, action: str) -> None:
    for key in ("", "x", "-1", "9" * 30):
        press(reader, action, paper=key, mute=key)
