"""What a reader does with mouse and keyboard."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from subscriptions import links
from subscriptions.models import Subscriber
from tests.factories import a_listing, a_reader, an_edition
from tests.web.world import path_of

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)


def sign_up(page: Page, site: str, filters: str = '"policy gradient"') -> None:
    page.goto(site)
    page.get_by_label("What do you work on?").fill(filters)
    page.get_by_label("Your e-mail address").fill("new@example.org")
    page.get_by_role("button", name="Subscribe").click()


def test_a_reader_signs_up_confirms_leaves_and_comes_back(
    browser: Browser, live_server: LiveServer
) -> None:
    a_listing(edition=an_edition(source="hf"))
    with watching(browser, 390, timezone_id="Asia/Tokyo") as watch:
        page = watch.page
        sign_up(page, live_server.url)
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Now look into your inbox"
        )
        reader = Subscriber.objects.get()
        assert (reader.state, reader.zone) == ("pending", "Asia/Tokyo")

        page.goto(live_server.url + path_of(links.confirm(reader)))
        page.get_by_role("button", name="Yes, send me the papers").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are in")

        page.goto(live_server.url + path_of(links.unsubscribe(reader)))
        page.get_by_role("button", name="Unsubscribe").click()
        page.get_by_role("button", name="That was a mistake").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "You are subscribed again"
        )
        reader.refresh_from_db()
        assert reader.state == "active"
        assert not watch.complaints


def test_it_works_without_javascript(browser: Browser, live_server: LiveServer) -> None:
    a_listing(edition=an_edition(source="hf"))
    with watching(
        browser, java_script_enabled=False, timezone_id="Asia/Tokyo"
    ) as watch:
        page = watch.page
        sign_up(page, live_server.url, filters="(policy")
        expect(page.locator(".fault mark")).to_have_text("(")
        page.get_by_label("What do you work on?").fill("policy")
        page.get_by_label("Time zone").select_option("Europe/Berlin")
        page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Now look into your inbox"
        )
    assert Subscriber.objects.get().zone == "Europe/Berlin"


def test_a_reader_moves_to_another_address(
    browser: Browser, live_server: LiveServer
) -> None:
    reader = a_reader(email="old@example.org")
    with watching(browser, 320) as watch:
        page = watch.page
        page.goto(live_server.url + path_of(links.account(reader)))
        field = page.get_by_label("Your new e-mail address")
        field.fill("new@")
        page.get_by_role("button", name="Send my papers there").click()
        expect(page.get_by_text("not an address that mail")).to_be_visible()
        assert not watch.axe()
        field.fill("new@example.com")
        field.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Now look into both inboxes"
        )
        asked = reader.letters.get(kind="new_address")
        page.goto(live_server.url + path_of(links.new_address(asked)))
        page.get_by_role("button", name="Yes, send my papers here").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "Your papers come here now"
        )
        assert not watch.axe()
        assert watch.sideways() == 0
        assert not watch.complaints
    reader.refresh_from_db()
    assert reader.email == "new@example.com"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_with_faults_is_accessible(
    browser: Browser, live_server: LiveServer, scheme: Literal["light", "dark"]
) -> None:
    a_listing(edition=an_edition(source="hf"))
    with watching(browser, 320, color_scheme=scheme) as watch:
        page = watch.page
        page.goto(f"{live_server.url}/subscribe")
        page.get_by_label("What do you work on?").fill("(policy\n" + "x" * 300 + " OR")
        page.get_by_label("Your e-mail address").fill("new@")
        page.get_by_role("button", name="Subscribe").click()
        expect(page.locator(".fault")).to_have_count(2)
        assert watch.sideways() == 0
        assert not watch.axe()
        assert not watch.complaints


def test_weekdays_are_asked_for_only_where_they_count(
    browser: Browser, live_server: LiveServer
) -> None:
    reader = a_reader(zone="Europe/Berlin")
    with watching(browser, timezone_id="Asia/Tokyo") as watch:
        page = watch.page
        page.goto(live_server.url + path_of(links.preferences(reader)))
        expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
        expect(page.get_by_text("On these days")).to_be_hidden()
        page.get_by_label("How often").select_option("weekly")
        expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
        expect(page.get_by_text("comes on one of them")).to_be_visible()
        page.get_by_role("checkbox", name="Sun", exact=True).check()
        page.get_by_role("region", name="When").get_by_role("button").first.click()
        expect(page.get_by_role("status")).to_contain_text("new schedule")
    reader.refresh_from_db()
    assert (reader.cadence, reader.weekdays) == ("weekly", 0b1000000)


def test_the_keyboard_reaches_the_content_first_and_never_the_trap(
    browser: Browser, live_server: LiveServer
) -> None:
    a_listing(edition=an_edition(source="hf"))
    with watching(browser) as watch:
        page = watch.page
        page.goto(live_server.url)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        expect(page.locator(".skip")).to_be_in_viewport()
        names = set()
        for _ in range(25):
            page.keyboard.press("Tab")
            names.add(page.evaluate("document.activeElement.name"))
        assert "address" in names
        assert "website" not in names


def test_a_link_in_a_framed_mail_opens_beside_the_inbox(
    browser: Browser, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> None:
    settings.INBOX_DIR = tmp_path
    key = "20260707080000-000000-0123abcd"
    link = f"{live_server.url}/privacy"
    (tmp_path / f"{key}.eml").write_text(
        "Subject: Hello\nContent-Type: text/html\n\n"
        f"<!doctype html><html><head><title>Hello</title></head>"
        f"<body><a href='{link}'>Privacy</a><script>alert(1)</script></body></html>"
    )
    with watching(browser) as watch:
        page = watch.page
        page.on("dialog", lambda dialog: pytest.fail("a script in a mail ran"))
        page.goto(f"{live_server.url}/inbox/{key}")
        with page.expect_popup() as opened:
            page.frame_locator("iframe.mail").get_by_role("link").click()
        expect(opened.value.get_by_role("heading", level=1)).to_have_text("Privacy")
