"""What a reader sees under a filter while writing it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from subscriptions import links
from subscriptions.models import Subscriber
from tests.factories import a_listing, a_paper, a_reader, an_edition
from tests.web.world import path_of

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)

FIELD = "What do you work on?"


def papers() -> None:
    edition = an_edition(source="hf")
    titles = ["World Models at Rest", *["A Model of the World"] * 5, "Video Survey"]
    for title in titles:
        a_listing(a_paper(title=title, abstract=""), edition)
    a_listing(a_paper(title="At Rest", abstract="Nobody finds a hessian."), edition)


@contextmanager
def looking_at(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A page with papers to hold filters against, on which nothing must go wrong."""
    papers()
    with watching(browser, **options) as watch:
        watch.page.goto(address)
        yield watch.page
        assert not watch.complaints


def write(page: Page, text: str) -> None:
    page.get_by_label(FIELD).press_sequentially(text, delay=5)


def test_writing_shows_the_preview_and_one_tap_takes_the_phrase(
    browser: Browser, live_server: LiveServer
) -> None:
    with looking_at(browser, live_server.url, width=390, has_touch=True) as page:
        write(page, "world model")
        preview = page.locator(".preview")
        expect(preview).to_contain_text("On the last day with papers: 6.")
        expect(preview.locator("mark").first).to_have_text("World")
        preview.get_by_role("button", name="Take the phrase").tap()
        expect(page.get_by_label(FIELD)).to_have_value('"world model"')
        expect(preview).to_contain_text("On the last day with papers: 1.")
        expect(page.locator("[aria-live]")).to_have_text(
            "On the last day with papers: 1."
        )


def test_the_line_being_written_is_the_one_that_is_shown_and_changed(
    browser: Browser, live_server: LiveServer
) -> None:
    with looking_at(browser, f"{live_server.url}/subscribe") as page:
        preview = page.locator(".preview")
        write(page, "video")
        expect(preview).to_contain_text("Video Survey")
        page.keyboard.press("Enter")
        write(page, "world model")
        expect(preview).to_contain_text("World Models at Rest")
        page.keyboard.press("ArrowUp")
        expect(preview).to_contain_text("Video Survey")
        page.keyboard.press("ArrowDown")
        preview.get_by_role("button", name="Take the phrase").click()
        expect(page.get_by_label(FIELD)).to_have_value('video\n"world model"')
        page.get_by_label(FIELD).fill("")
        expect(preview).to_be_empty()


def test_a_fault_is_shown_once_the_reader_rests(
    browser: Browser, live_server: LiveServer
) -> None:
    with looking_at(browser, live_server.url) as page:
        write(page, "(video")
        expect(page.locator(".preview .fault mark")).to_have_text("(")
        write(page, ")")
        expect(page.locator(".preview .fault")).to_have_count(0)
        expect(page.locator(".preview")).to_contain_text("Video Survey")


def test_an_answer_that_comes_too_late_is_not_shown(
    browser: Browser, live_server: LiveServer
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.url.endswith("filter=video&line=0"):
            held.append(route)
        else:
            route.continue_()

    with looking_at(browser, live_server.url) as page:
        page.route("**/preview?*", hold)
        write(page, "video")
        page.wait_for_timeout(600)
        assert held
        page.get_by_label(FIELD).fill("world")
        expect(page.locator(".preview")).to_contain_text("World Models at Rest")
        with suppress(Error):  # nobody waits for it any more
            held[0].fulfill(body="An answer from before.")
        page.wait_for_timeout(200)
        expect(page.locator(".preview")).to_contain_text("World Models at Rest")


def test_enter_in_the_address_subscribes_and_takes_no_suggestion(
    browser: Browser, live_server: LiveServer
) -> None:
    with looking_at(browser, live_server.url) as page:
        write(page, "world model")
        expect(page.get_by_role("button", name="Take the phrase")).to_be_visible()
        page.get_by_label("Your e-mail address").fill("new@example.org")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Now look into your inbox"
        )
    assert [each.text for each in Subscriber.objects.get().subscriptions.all()] == [
        "world model"
    ]


def test_enter_in_the_preferences_adds_the_filter(
    browser: Browser, live_server: LiveServer
) -> None:
    reader = a_reader()
    address = live_server.url + path_of(links.preferences(reader))
    with looking_at(browser, address) as page:
        field = page.get_by_label("Filter", exact=True)
        field.press_sequentially("world model", delay=5)
        taking = page.get_by_role("button", name="Take the phrase")
        expect(taking).to_be_visible()
        field.press("Enter")
        expect(page.locator(".notice.done")).to_contain_text("is added")
        field.press_sequentially("world model", delay=5)
        taking.click()
        expect(field).to_have_value('"world model"')
    assert [each.text for each in reader.subscriptions.all()] == ["world model"]


def test_without_javascript_a_button_shows_it(
    browser: Browser, live_server: LiveServer
) -> None:
    plain = {"width": 390, "java_script_enabled": False}
    with looking_at(browser, live_server.url, **plain) as page:
        page.get_by_label(FIELD).fill("world model")
        page.get_by_label("Your e-mail address").fill("new@example.org")
        page.get_by_role("button", name="Show what this brings").click()
        expect(page.locator(".preview")).to_contain_text("World Models at Rest")
        page.get_by_role("button", name="Take the phrase").click()
        expect(page.get_by_label(FIELD)).to_have_value('"world model"')
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Now look into your inbox"
        )
    reader = Subscriber.objects.get()
    assert reader.email == "new@example.org"
    assert [each.text for each in reader.subscriptions.all()] == ['"world model"']


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_with_a_preview_is_narrow_enough_and_accessible(
    browser: Browser, live_server: LiveServer, scheme: Literal["light", "dark"]
) -> None:
    papers()
    with watching(browser, 320, color_scheme=scheme) as watch:
        page = watch.page
        page.goto(f"{live_server.url}/subscribe")
        for filters, shown in (
            ("world model cat:math.PR", "does not fetch"),
            ("world model -mamba", "Take the phrase"),
            ("hessian", "Nobody finds a hessian."),
            ("video title:mamba -" + "x" * 200, "without"),
            ("(" + "y" * 200, "never closed"),
        ):
            page.get_by_label(FIELD).fill(filters)
            expect(page.locator(".preview")).to_contain_text(shown)
            assert watch.sideways() == 0
            assert not watch.axe(), filters
        assert not watch.complaints
