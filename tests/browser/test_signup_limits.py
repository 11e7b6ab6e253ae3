"""The browser works for a sign-up beyond the limits, and its reader waits."""

import pytest
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from subscriptions.models import Letter
from subscriptions.web import work

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_sign_up_beyond_the_limits_takes_a_little_work(
    browser: Browser,
    live_server: LiveServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.SIGNUPS_PER_DOMAIN = 1
    monkeypatch.setattr(work, "BITS", 5)
    with watching(browser, 320) as watch:
        page = watch.page
        for number in (1, 2):
            page.goto(f"{live_server.url}/subscribe")
            page.get_by_label("Your e-mail address").fill(f"new{number}@example.org")
            page.wait_for_timeout(2100)  # nobody fills in a form faster than this
            page.get_by_role("button", name="Subscribe").click()
        expect(page.get_by_text("for addresses at that domain")).to_be_visible()
        button = page.get_by_role("button", name="Subscribe")
        expect(page.get_by_text("Press Subscribe once more")).to_be_visible()
        expect(button).to_be_enabled()
        page.get_by_role("button", name="Subscribe").click()
        expect(page).to_have_url(f"{live_server.url}/subscribe/sent")
    assert Letter.objects.count() == 2
