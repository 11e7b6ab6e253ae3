"""From the link under a paper: saving, adding, muting, with no script and no cookie."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from subscriptions import links
from tests.factories import (
    TUESDAY,
    a_delivery,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)
from tests.web.world import path_of

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_reader_saves_a_paper_and_tunes_what_comes(
    browser: Browser, live_server: LiveServer
) -> None:
    monday = an_edition(day=TUESDAY - timedelta(days=1))
    for number in range(5):
        a_listing(a_paper(title=f"Agents at sea {number}", abstract=""), monday)
    paper = a_paper(title="Agents and reward hacking", abstract="")
    a_listing(paper, an_edition())
    reader = a_reader()
    a_subscription(reader, "agent")
    at = path_of(links.tune(a_delivery(reader, paper), paper.arxiv_id))
    with watching(browser, 320, java_script_enabled=False) as watch:
        page, done = watch.page, watch.page.get_by_role("status")
        page.goto(live_server.url + at)
        page.get_by_role("button", name="Save this paper").click()
        expect(done).to_contain_text("Saved")
        page.get_by_role("button", name="Change the filter").first.click()
        expect(done).to_contain_text("The filter is changed")
        more = page.get_by_role("region", name="More like this")
        more.get_by_role("button").last.click()
        expect(done).to_contain_text("The filter is added")
        page.get_by_role("textbox").fill("hacking")
        page.get_by_role("button", name="Mute", exact=True).click()
        expect(done).to_contain_text("Muted")
        page.get_by_role("button", name="Unmute hacking").click()
        expect(done).to_contain_text("No longer muted")
        assert page.context.cookies() == []
        assert not watch.complaints
    assert reader.saved_papers.get().paper == paper
    texts = [each.text for each in reader.subscriptions.all()]
    assert texts == ['agent -"reward hacking"', "cat:cs.LG"]
    assert not reader.mutes.exists()
