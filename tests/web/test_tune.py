"""The "save or tune" page: what it shows, and that a button does what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions import consent, links
from subscriptions.consent import Wanted
from subscriptions.models import Paper, Subscriber
from tests.factories import (
    TUESDAY,
    a_delivery,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)

from .world import HOSTILE, path_of

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)


def a_day() -> Paper:
    """The paper of the digest, and three of its kind on the day before."""
    monday = an_edition(day=TUESDAY - timedelta(days=1))
    for number in range(3):
        a_listing(a_paper(title=f"Policy gradient {number}", abstract=""), monday)
    mine = a_paper(
        title="Reward shaping for policy gradient agents",
        abstract="We study reward shaping. A policy gradient needs reward shaping.",
        authors=["A. Sample", "B. Placeholder"],
        categories=["cs.LG", "cs.AI"],
    )
    a_listing(mine, an_edition())
    return mine


def address(reader: Subscriber, paper: Paper) -> str:
    return path_of(links.tune(a_delivery(reader, paper), paper.arxiv_id))


def look(reader: Subscriber, paper: Paper) -> str:
    response = Client().get(address(reader, paper))
    assert response.status_code == 200
    return response.content.decode()


def press(reader: Subscriber, paper: Paper, action: str, **typed: Any) -> str:
    """As a mail program's browser does: without a cookie, CSRF checked."""
    client = Client(enforce_csrf_checks=True)
    typed = {"action": action} | typed
    response = client.post(address(reader, paper), typed, follow=True)
    assert response.status_code == 200
    assert not response.cookies
    return response.content.decode()


# --- the page ------------------------------------------------------------------------


def test_it_shows_the_paper_with_the_readers_words_marked() -> None:
    reader, paper = a_reader(email="me@example.org"), a_day()
    a_subscription(reader, '"policy gradient"', "Theory")
    a_subscription(reader, "author:Sample")
    html = look(reader, paper)
    assert "for <mark>policy gradient</mark> agents" in html
    assert "A <mark>policy gradient</mark> needs" in html
    assert f"https://arxiv.org/abs/{paper.arxiv_id}" in html
    assert "found it by “Sample”" in html
    assert "Theory" in html
    assert "me@example.org" not in html


def test_a_word_that_stands_there_large_and_small_is_named_once() -> None:
    reader = a_reader()
    paper = a_paper(title="Gradient maps", abstract="Of a gradient there are maps.")
    a_listing(paper, an_edition())
    a_subscription(reader, "gradient")
    assert "found it by “gradient”." in look(reader, paper)


def test_hostile_papers_and_filters_are_shown_as_text() -> None:
    reader = a_reader()
    paper = a_paper(
        title=HOSTILE, abstract=HOSTILE * 2, authors=[HOSTILE], code_url="javascript:x"
    )
    a_listing(paper, an_edition())
    a_subscription(reader, "script", name=HOSTILE[:80])
    consent.mute(reader.pk, Wanted(HOSTILE, "alert"))
    html = look(reader, paper)
    assert "&lt;<mark>script</mark>&gt;" in html
    for dangerous in ("<script>alert", "<img", "javascript:", "</title> "):
        assert dangerous not in html
    assert "{{ 7*7 }}" in html


def test_it_asks_the_database_little_and_never_more_for_more_filters() -> None:
    reader, paper = a_reader(), a_day()
    a_subscription(reader, "policy")
    look(reader, paper)

    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            look(reader, paper)
        return len(asked)

    one = questions()
    for number in range(9):
        a_subscription(reader, f"nothing{number}")
    assert questions() == one <= 9


def test_a_forged_link_is_not_found_and_an_old_one_has_expired(client: Client) -> None:
    reader, paper = a_reader(), a_day()
    with time_machine.travel(NOON, tick=False):
        at = address(reader, paper)
        token = at.split("/")[2]
        assert client.get(at.replace(token, token[:-1])).status_code == 404
        assert client.get(at).status_code == 200
    with time_machine.travel(NOON + timedelta(days=91), tick=False):
        response = client.get(at)
    assert response.status_code == 410
    assert "work for 90 days" in response.content.decode()


def test_a_digest_opens_the_pages_of_its_own_papers_only(client: Client) -> None:
    """Whoever it was forwarded to shall not try out which papers the filters find."""
    reader, paper = a_reader(), a_day()
    at, other = address(reader, paper), a_paper()
    elsewhere = at.replace(paper.arxiv_id, other.arxiv_id)
    assert client.get(at).status_code == 200
    assert client.get(elsewhere).status_code == 404
    assert client.post(elsewhere, {"action": "save"}).status_code == 404
    assert not reader.saved_papers.exists()


def test_who_was_erased_has_no_page_any_more(client: Client) -> None:
    reader, paper = a_reader(), a_day()
    at = address(reader, paper)
    consent.erase(reader.pk)
    assert client.get(at).status_code == 404
    assert client.post(at, {"action": "save"}).status_code == 404


def test_a_link_from_before_its_number_was_given_anew_is_not_found(
    client: Client,
) -> None:
    """After a restore a digest has the number of one that went to somebody else."""
    reader, paper = a_reader(), a_day()
    digest = a_delivery(reader, paper)
    forgotten = digest.created_at - timedelta(days=1)
    token = links.token("tune", digest.pk, forgotten)
    at = path_of(links.tune(digest, paper.arxiv_id))
    assert client.get(at).status_code == 200
    assert client.get(f"/tune/{token}/{paper.arxiv_id}").status_code == 404
    old = links.token("digest", digest.pk, forgotten)
    copy = path_of(links.web_copy(digest))
    assert client.get(copy).status_code == 200
    assert client.get(copy.replace(copy.split("/")[2], old)).status_code == 404


def test_it_gives_no_way_to_the_preferences() -> None:
    """It works for longer than a preferences link, and may have been forwarded."""
    html = look(a_reader(), a_day())
    assert 'href="/me/"' in html  # where a letter can be asked for
    assert '"/me/' not in html.replace('href="/me/"', "")
    assert "/unsubscribe/" not in html


def test_an_unknown_button_is_refused(client: Client) -> None:
    at = address(a_reader(), a_day())
    assert client.post(at, {"action": "erase"}).status_code == 400


# --- save ----------------------------------------------------------------------------


def test_a_paper_is_saved_and_removed_again() -> None:
    reader, paper = a_reader(), a_day()
    html = press(reader, paper, "save")
    assert "Saved. Your saved papers" in html
    assert "Remove it again" in html
    assert reader.saved_papers.get().paper == paper
    assert "Save this paper" in press(reader, paper, "unsave")
    assert not reader.saved_papers.exists()


# --- more like this ------------------------------------------------------------------


def test_filters_made_from_the_paper_are_offered_with_their_back_test() -> None:
    html = unescape(look(a_reader(), a_day()))
    for offered in (
        'author:"A. Sample"',
        'author:"B. Placeholder"',
        '"reward shaping"',
        "cat:cs.LG",
    ):
        assert f'name="text" value="{offered}"' in html
    assert "1 to 3 a day, median 2" in html  # of cs.LG
    assert "0 to 1 a day, median 0.5" in html  # of "reward shaping"


def test_an_offered_filter_is_added() -> None:
    reader, paper = a_reader(), a_day()
    html = press(reader, paper, "add", text="cat:cs.LG")
    assert "The filter is added" in html
    assert [each.text for each in reader.subscriptions.all()] == ["cat:cs.LG"]
    assert 'value="cat:cs.LG"' not in html  # offered no more


def test_a_filter_that_is_not_of_this_paper_is_not_added() -> None:
    reader, paper = a_reader(), a_day()
    assert "changed meanwhile" in press(reader, paper, "add", text="*")
    assert not reader.subscriptions.exists()


def test_the_limit_of_filters_is_said_before_and_after_the_button() -> None:
    reader, paper = a_reader(), a_day()
    for number in range(settings.FILTERS_PER_READER):
        a_subscription(reader, f"word{number}")
    html = press(reader, paper, "add", text="cat:cs.LG")
    assert "You have 20 filters, and that is the most" in html
    assert "Add this filter" not in html
    assert reader.subscriptions.count() == 20


# --- less like this ------------------------------------------------------------------


def test_an_exclusion_says_what_it_would_have_cost() -> None:
    reader, paper = a_reader(), a_day()
    a_subscription(reader, '"policy gradient"')
    html = " ".join(look(reader, paper).split())
    assert "would have dropped 1 of 4 papers of the last 2 days; this one:" in html
    assert '<li dir="auto">Reward shaping for policy gradient agents</li>' in html


def test_an_exclusion_changes_that_filter_alone() -> None:
    reader, paper = a_reader(), a_day()
    mine = a_subscription(reader, "policy OR hessian", "Theory")
    a_subscription(reader, "gradient")
    text = '(policy OR hessian) -"reward shaping"'
    html = press(reader, paper, "less", subscription=mine.pk, text=text)
    assert "The filter is changed" in html
    mine.refresh_from_db()
    assert (mine.text, mine.name) == (text, "Theory")
    assert mine.filter.text == '(hessian OR policy) -"reward shaping"'
    assert reader.subscriptions.filter(text="gradient").exists()


def test_any_other_text_changes_no_filter() -> None:
    reader, paper = a_reader(), a_day()
    mine, theirs = a_subscription(reader, "policy"), a_subscription(text="policy")
    good = 'policy -"reward shaping"'
    for key, text in ((mine.pk, "*"), (theirs.pk, good), ("x", good)):
        html = press(reader, paper, "less", subscription=key, text=text)
        assert "changed meanwhile" in html
    for each in (mine, theirs):
        each.refresh_from_db()
        assert each.text == "policy"


# --- mute ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Shaping", "Shaping"),
        ("reward  shaping", '"reward shaping"'),
        ('author:"A. Sample"', 'author:"A. Sample"'),
        ("author: a sample", 'author:"a sample"'),
    ],
)
def test_a_word_or_author_of_the_paper_is_muted(typed: str, kept: str) -> None:
    reader, paper = a_reader(), a_day()
    html = press(reader, paper, "mute", text=typed)
    assert "Muted. Papers that have it" in html
    mute = reader.mutes.get()
    assert mute.text == kept
    assert "Unmute" in html
    assert "No longer muted" in press(reader, paper, "unmute", mute=mute.pk)
    assert not reader.mutes.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("protein", "This paper does not have “protein”"),
        ("*", "no letter or digit"),
        ("", "Type a word"),
        ("x" * 101, "100 are the most"),
        # a phrase, not two words
        ("policy and shaping", "not have &#34;policy and shaping&#34;."),
    ],
)
def test_what_cannot_be_muted_here_is_said(typed: str, said: str) -> None:
    reader = a_reader()
    assert said in press(reader, a_day(), "mute", text=typed)
    assert not reader.mutes.exists()


def test_the_fifty_first_mute_is_refused() -> None:
    reader, paper = a_reader(), a_day()
    for number in range(settings.MUTES_PER_READER):
        consent.mute(reader.pk, Wanted(f"word{number}", f"word{number}"))
    html = press(reader, paper, "mute", text="shaping")
    assert "50 muted terms are the most" in html
    assert reader.mutes.count() == settings.MUTES_PER_READER


def test_nobody_unmutes_for_another() -> None:
    reader, other, paper = a_reader(), a_reader(), a_day()
    mute = consent.mute(other.pk, Wanted("shaping", "shaping"))
    assert "changed meanwhile" in press(reader, paper, "unmute", mute=mute.pk)
    assert other.mutes.exists()
