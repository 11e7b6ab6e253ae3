"""Large type, forced colours and paper: what a reader has set in place of our look."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.web.world import a_world

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)


def test_type_twice_as_large_needs_no_scrolling_sideways(
    browser: Browser, live_server: LiveServer
) -> None:
    wide = {}
    pages = a_world().pages()
    with watching(browser, 390, bypass_csp=True) as watch:
        for name in ("front", "day", "paper", "search", "preferences", "tune", "inbox"):
            watch.page.goto(live_server.url + pages[name])
            watch.page.add_style_tag(content="html { font-size: 200% }")
            if (pixels := watch.sideways()) > 0:
                wide[name] = pixels
    assert not wide


def test_the_page_one_is_on_is_told_apart_in_forced_colours(
    browser: Browser, live_server: LiveServer
) -> None:
    a_world()
    with watching(browser, forced_colors="active") as watch:
        watch.page.goto(live_server.url)
        for bar in ("Site", "Sources"):
            tabs = watch.page.get_by_role("navigation", name=bar).get_by_role("link")
            lines = tabs.evaluate_all(
                "links => links.map(each => [each.ariaCurrent === 'page',"
                " getComputedStyle(each).borderBottomColor"
                " !== getComputedStyle(document.body).backgroundColor])"
            )
            assert sorted(lines) == [[False, False]] * (len(lines) - 1) + [[True, True]]


def test_on_paper_there_are_addresses_and_nothing_to_press(
    browser: Browser, live_server: LiveServer
) -> None:
    pages = a_world().pages()
    with watching(browser) as watch:
        page = watch.page
        page.emulate_media(media="print")
        page.goto(live_server.url + pages["search with results"])
        expect(page.get_by_role("heading", name="Invented").first).to_be_visible()
        for role in ("searchbox", "button", "navigation"):
            expect(page.get_by_role(role)).to_have_count(0)
        page.goto(live_server.url + pages["paper"])
        printed = page.get_by_role("link", name="PDF").evaluate(
            "link => getComputedStyle(link, '::after').content"
        )
        assert "https://arxiv.org/pdf/hep-th/9901001" in printed
