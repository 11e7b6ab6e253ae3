"""The preview of a filter: a piece of a page for the script, a page without it."""

from __future__ import annotations

import html
import logging
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from subscriptions import links, matching
from subscriptions.models import Subscriber
from subscriptions.web import preview
from subscriptions.web.text import marked
from tests.factories import TUESDAY, a_listing, a_paper, a_reader, an_edition

from .world import HOSTILE, a_world, checksum, path_of

pytestmark = pytest.mark.django_db

TYPED = {"address": "new@example.org", "filters": "hessian"}


def papers(*titles: str, abstract: str = "") -> None:
    """What Hugging Face listed on Tuesday."""
    edition = an_edition(source="hf")
    for title in titles:
        a_listing(a_paper(title=title, abstract=abstract), edition)


def fragment(client: Client, **query: str) -> str:
    response = client.get("/preview", query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def buttons(page: str) -> list[str]:
    """What the buttons of a preview would put where."""
    return [
        html.unescape(value)
        for value in re.findall(r'name="take"\s+value="([^"]+)"', page)
    ]


# --- the piece of a page -----------------------------------------------------------
def test_it_says_how_many_and_shows_the_newest_with_marks(client: Client) -> None:
    for ago, times in ((1, 3), (0, 6)):
        edition = an_edition(source="hf", day=TUESDAY - timedelta(days=ago))
        for _ in range(times):
            a_listing(a_paper(title="Hessians at Rest"), edition)
    shown = fragment(client, filter="hessian")
    assert "Over the last 2 days with papers: <b>3 to 6 a day</b>, median 4.5." in shown
    assert "On Tuesday 7 July these:" in shown
    assert shown.count('<li dir="auto"> <mark>Hessians</mark> at Rest') == 4
    assert "and 2 more that day" in shown
    assert "<html" not in shown


def test_a_word_of_the_abstract_is_shown_in_its_sentence(client: Client) -> None:
    papers("At Rest", abstract="So much goes before it. " * 9 + "A hessian is <b> new.")
    shown = fragment(client, filter="hessian")
    assert "A <mark>hessian</mark> is &lt;b&gt; new." in shown
    assert shown.count("So much goes before it.") < 9


def test_the_passage_is_the_one_where_most_of_the_words_are(client: Client) -> None:
    filler = "Nothing is said here of anything at all. " * 5
    papers("At Rest", abstract=f"A policy. {filler}The policy has a gradient. {filler}")
    shown = fragment(client, filter="policy gradient")
    assert "The <mark>policy</mark> has a <mark>gradient</mark>." in shown
    assert "A <mark>policy</mark>." not in shown


def test_to_find_the_passage_takes_about_as_long_as_to_mark_its_words() -> None:
    """Fifty times as long where an abstract is one word again and again."""
    abstract = "a-" * 10_000
    start = time.monotonic()
    marked(abstract, ["a"])
    usual = time.monotonic() - start
    assert preview.passage(abstract, ["a"]).startswith("a-a-")
    assert time.monotonic() - start < 6 * usual


def test_the_passage_has_the_word_itself_and_not_one_that_holds_it(
    client: Client,
) -> None:
    filler = "Nothing is said here of anything at all. " * 5
    papers("At Rest", abstract=f"A bilevel one. {filler}One level of it. {filler}")
    shown = fragment(client, filter="level")
    assert "One <mark>level</mark> of it." in shown
    assert "bilevel" not in shown


def test_a_word_that_the_abstract_writes_in_tex_has_its_passage(
    client: Client,
) -> None:
    papers("At Rest", abstract='Nothing. The Schr{\\"o}dinger bridge, $\\beta$-stable.')
    shown = fragment(client, filter="schrodinger beta-stable")
    assert "The <mark>Schrödinger</mark> bridge, <mark>β-stable</mark>." in shown


def test_suggestions_are_buttons_that_change_the_line(client: Client) -> None:
    papers("World Model", *["Model a World"] * 5, "Video", "Video Survey")
    assert buttons(fragment(client, filter="world model", line="2")) == [
        '2 "world model"'
    ]
    shown = fragment(client, filter="video -survey")
    assert buttons(shown) == ["0 video"]
    assert 'with <code dir="auto">-survey</code> dropped: 1 more' in shown


def test_a_fault_is_shown_at_its_place_with_what_to_write(client: Client) -> None:
    papers("Hessian")
    shown = fragment(client, filter="hessian AND (policy")
    assert "hessian AND <mark>(</mark>policy" in shown
    assert "Close it, as in <code>(diffusion OR flow) video</code>." in shown


def test_warnings_are_said(client: Client) -> None:
    papers("Hessian", "Other")
    assert "None of the 2 papers" in fragment(client, filter="newton")
    assert "does not fetch" in fragment(client, filter="hessian cat:math.PR")


def test_before_the_first_edition_it_says_so(client: Client) -> None:
    assert "No papers have come in yet" in fragment(client, filter="hessian")


def test_coming_to_the_field_reads_what_the_first_preview_needs(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    papers("Hessian")
    assert fragment(client, filter=" ") == ""
    with django_assert_num_queries(2):  # the newest editions, and the listing
        assert "1</b>" in fragment(client, filter="hessian")


def test_text_of_papers_and_readers_stays_text(client: Client) -> None:
    papers(HOSTILE, HOSTILE)
    for typed in ("alert", '"<script>alert(1)</script>"', 'alert -"<img onerror=x>"'):
        shown = fragment(client, filter=typed, line="<script>")
        assert "<script" not in shown
        assert "<img" not in shown


@pytest.mark.parametrize(
    "typed",
    [
        "(" * 2000,
        " OR ".join(["word"] * 700),
        "x" * 4001,
        "a\0b",
        "\u202eabc",
        "NOT " * 900,
    ],
)
def test_a_filter_over_the_limits_is_refused_before_any_work(
    client: Client, typed: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    papers("Hessian")
    with django_assert_num_queries(0):
        assert 'class="fault"' in fragment(client, filter=typed)


def test_it_is_kept_nowhere(client: Client) -> None:
    response = client.get("/preview", {"filter": "hessian"})
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_no_row(client: Client, method: str) -> None:
    a_world()
    before = checksum()
    for query in ({}, {"filter": "invented"}, {"filter": "(", "take": "0 x"}):
        assert getattr(client, method)("/preview", query).status_code == 200
    assert checksum() == before
    assert client.post("/preview", {"filter": "invented"}).status_code == 405


def test_no_log_holds_a_filter(
    client: Client,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(text: str) -> None:
        raise RuntimeError("the shelves are gone")

    monkeypatch.setattr(matching, "preview", broken)
    caplog.set_level(logging.DEBUG)
    client.raise_request_exception = False
    assert client.get("/preview", {"filter": "unheard-of"}).status_code == 500
    assert "the shelves are gone" in caplog.text
    assert "unheard-of" not in caplog.text


# --- without the script ------------------------------------------------------------
def test_the_button_shows_each_filter_and_keeps_what_was_typed(client: Client) -> None:
    papers("Hessian", "Gradient", "Other")
    typed = {
        "address": "new@",
        "filters": "hessian\n\n(policy\ngradient",
        "hour": "6",
        "cadence": "chosen",
        "weekdays": ["0", "4"],
        "zone": "Asia/Tokyo",
        "take": "",
    }
    response = client.post("/subscribe", typed)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count('class="brings"') == 3
    assert "<mark>Hessian</mark>" in page
    assert "<mark>Gradient</mark>" in page
    assert page.count('class="fault"') == 1
    assert "hessian\n\n(policy\ngradient</textarea>" in page
    for kept in (
        'value="new@"',
        '<option value="6" selected>',
        '<option value="chosen" selected>',
        "selected>Asia/Tokyo",
    ):
        assert kept in page, kept
    assert len(re.findall(r'name="weekdays"\s+value="[04]" checked', page)) == 2
    assert "data-guess-zone" not in page
    assert 'class="error"' not in page
    assert not Subscriber.objects.exists()


def test_a_suggestion_changes_its_own_line(client: Client) -> None:
    papers("World Model", *["Model a World"] * 5)
    typed = TYPED | {"filters": "hessian\r\nworld model"}
    shown = client.post("/subscribe", typed | {"take": ""}).content.decode()
    (suggested,) = buttons(shown)
    taken = client.post("/subscribe", typed | {"take": suggested}).content.decode()
    assert "hessian\n&#34;world model&#34;</textarea>" in taken
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "wanted",
    [
        *("7 x", "-1 x", "x", "0", "0 ", "² x", "\0 x"),
        # Python reads no number of more than 4,300 digits.
        pytest.param(f"{'9' * 5000} x", id="a very long number"),
    ],
)
def test_a_suggestion_that_was_never_made_changes_nothing(
    client: Client, wanted: str
) -> None:
    page = client.post("/subscribe", TYPED | {"take": wanted}).content.decode()
    assert "hessian</textarea>" in page


def test_where_nothing_is_typed_it_shows_the_default(client: Client) -> None:
    papers("Hessian")
    page = client.post("/subscribe", {"take": "", "filters": " \n"}).content.decode()
    assert "On Tuesday 7 July this one:" in page


def test_after_a_look_the_form_is_sent_as_it_stands(
    client: Client, settings: Settings
) -> None:
    settings.EMBEDDED_INBOX = False
    with time_machine.travel(datetime(2026, 7, 7, 12, tzinfo=UTC), tick=False) as clock:
        page = client.get("/subscribe").content.decode()
        for _ in range(2):
            (since,) = re.findall(r'name="since"\s+value="([^"]+)"', page)
            clock.shift(timedelta(seconds=1.5))
            page = client.post(
                "/subscribe", TYPED | {"since": since, "take": ""}
            ).content.decode()
        client.post("/subscribe", TYPED | {"since": since})
    assert [each.text for each in Subscriber.objects.get().subscriptions.all()] == [
        "hessian"
    ]


def test_no_more_filters_are_tried_than_a_reader_may_have(client: Client) -> None:
    filters = "\n".join(f"word{number}" for number in range(30))
    page = client.post("/subscribe", {"filters": filters, "take": ""}).content.decode()
    assert page.count('class="brings"') == 20


def test_a_search_that_becomes_a_filter_comes_with_its_preview(client: Client) -> None:
    papers("Hessian")
    page = client.get("/subscribe", {"filters": "hessian"}).content.decode()
    assert "<mark>Hessian</mark>" in page
    assert 'class="brings"' not in client.get("/subscribe").content.decode()


def test_a_new_filter_is_tried_in_the_preferences_and_not_added(client: Client) -> None:
    papers("World Model", *["Model a World"] * 5)
    reader = a_reader()
    at = path_of(links.preferences(reader))
    typed = {"text": "world model", "name": "Worlds", "take": ""}
    page = client.post(at, typed).content.decode()
    assert 'value="world model"' in page
    assert 'value="Worlds"' in page
    (suggested,) = buttons(page)
    page = client.post(at, typed | {"take": suggested}).content.decode()
    assert 'value="&#34;world model&#34;"' in page
    assert "was not saved" not in page
    assert not reader.subscriptions.exists()


def test_trying_needs_the_sites_own_form() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/subscribe", TYPED | {"take": ""}).status_code == 403
