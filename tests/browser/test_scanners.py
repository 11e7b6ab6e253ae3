"""A mail scanner with a browser of its own: every page opened, its scripts run."""

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.web.world import a_world, checksum

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)


def test_opening_every_page_with_its_scripts_changes_no_row(
    browser: Browser, live_server: LiveServer
) -> None:
    pages = a_world().pages()
    before = checksum()
    prefetch = {"Sec-Purpose": "prefetch"}
    with watching(browser, extra_http_headers=prefetch) as watch:
        for name, at in pages.items():
            page = watch.page.context.new_page()
            answer = page.goto(live_server.url + at)
            assert answer is not None
            assert answer.status == 200, name
            assert page.request.head(live_server.url + at).status == 200, name
        for page in watch.page.context.pages:
            page.wait_for_load_state("networkidle")  # of all at once
    assert checksum() == before
