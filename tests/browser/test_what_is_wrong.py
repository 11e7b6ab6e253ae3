"""A reader who mistyped something is led to it, by eye, by ear and by keyboard."""

import re

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from subscriptions import links
from tests.factories import (
    a_delivery,
    a_listing,
    a_reader,
    a_subscription,
    an_edition,
)
from tests.web.world import path_of

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_wrong_field_has_the_focus_and_says_what_is_wrong(
    browser: Browser, live_server: LiveServer
) -> None:
    a_listing(edition=an_edition(source="hf"))
    with watching(browser, 320) as watch:
        page = watch.page
        page.goto(f"{live_server.url}/subscribe")
        page.get_by_label("What do you work on?").fill("title:")
        page.get_by_label("Your e-mail address").fill("new@")
        page.get_by_role("button", name="Subscribe").click()
        expect(page).to_have_title(re.compile("^Not sent: "))
        filters = page.get_by_role("textbox", name="What do you work on?")
        expect(filters).to_be_focused()
        expect(filters).to_have_accessible_description(
            re.compile("can be read.*not followed by what to look for.*One filter")
        )
        address = page.get_by_role("textbox", name="Your e-mail address")
        expect(address).to_have_attribute("aria-invalid", "true")
        expect(address).to_have_accessible_description(re.compile("not an address"))


def test_what_is_wrong_with_every_line_stays_until_one_is_changed(
    browser: Browser, live_server: LiveServer
) -> None:
    a_listing(edition=an_edition(source="hf"))
    with watching(browser) as watch:
        page = watch.page
        page.goto(f"{live_server.url}/subscribe")
        filters = page.get_by_label("What do you work on?")
        filters.fill("policy\n(policy\ntitle:")
        page.get_by_role("button", name="Subscribe").click()
        filters.press("Control+Home")
        filters.press("ArrowRight")
        page.wait_for_timeout(400)  # longer than the preview waits for more
        page.wait_for_load_state("networkidle")
        expect(page.locator(".fault")).to_have_count(2)
        filters.press_sequentially("x")
        expect(page.locator(".preview")).to_contain_text("On the last day")
        expect(page.locator(".faults")).to_have_count(0)


def test_a_fault_far_down_the_preferences_is_led_to(
    browser: Browser, live_server: LiveServer
) -> None:
    reader = a_reader()
    a_subscription(reader, "gradient")
    with watching(browser, 320) as watch:
        page = watch.page
        page.goto(live_server.url + path_of(links.preferences(reader)))
        page.get_by_label("How often").select_option("weekly")
        page.get_by_role("region", name="When").get_by_role("button").first.click()
        expect(page).to_have_title(re.compile("^Not saved: "))
        expect(page.get_by_role("checkbox", name="Mon", exact=True)).to_be_focused()
        expect(page.get_by_role("group", name="On these days")).to_be_in_viewport()
        expect(
            page.get_by_role("group", name="On these days")
        ).to_have_accessible_description(re.compile("Choose one day"))
        leads = page.get_by_role("alert").get_by_role("link").get_attribute("href")
        expect(page.locator(leads or "")).to_have_text(re.compile("Choose one day"))
        assert not watch.axe()


def test_the_buttons_of_each_filter_say_which_filter_is_theirs(
    browser: Browser, live_server: LiveServer
) -> None:
    reader = a_reader()
    a_subscription(reader, "gradient")
    a_subscription(reader, "hessian")
    with watching(browser) as watch:
        page = watch.page
        page.goto(live_server.url + path_of(links.preferences(reader)))
        delete = page.get_by_role("button", name="Delete")
        expect(delete.nth(0)).to_have_accessible_description("gradient")
        expect(delete.nth(1)).to_have_accessible_description("hessian")


def test_what_cannot_be_muted_stands_in_its_field_again_with_the_reason(
    browser: Browser, live_server: LiveServer
) -> None:
    paper = a_listing(edition=an_edition()).paper
    digest = a_delivery(a_reader(), paper)
    with watching(browser, 320) as watch:
        page = watch.page
        page.goto(live_server.url + path_of(links.tune(digest, paper.arxiv_id)))
        field = page.get_by_label("Another word of this paper")
        field.fill("unheard of")
        field.press("Enter")
        expect(field).to_be_focused()
        expect(field).to_have_value("unheard of")
        expect(field).to_have_accessible_description(re.compile("does not have"))
        expect(page.get_by_role("alert")).to_have_count(1)
        assert not watch.axe()
