"""The front page's first card brings itself up to date while a round runs."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from subscriptions.admin import figures
from subscriptions.models import Pause, Round
from tests.admin.making import a_delivery, a_round

from .looking import watching

pytestmark = pytest.mark.django_db(transaction=True)


def signed_in(live_server: LiveServer) -> dict[str, str]:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("operator"))
    session = client.cookies["sessionid"].value
    return {"name": "sessionid", "value": session, "url": live_server.url}


def test_counts_change_without_a_reload_and_nothing_complains(
    browser: Browser, live_server: LiveServer
) -> None:
    round_ = a_round(figures.home_day(timezone.now()))
    mails = [a_delivery(round_, "pending") for _ in range(3)]
    with watching(browser) as watch:
        watch.page.context.add_cookies([signed_in(live_server)])  # type: ignore[list-item]
        watch.page.clock.install()
        watch.page.goto(f"{live_server.url}/admin/")
        sent = watch.page.locator("#pr-morning li.pr-good b")
        assert sent.inner_text() == "0"
        for mail in mails[:2]:
            mail.state = "sent"
            mail.save()
        watch.page.clock.fast_forward("00:10")
        watch.page.locator("#pr-morning li.pr-good b", has_text="2").wait_for(
            timeout=20_000
        )
        Round.objects.update(state="complete")
        watch.page.clock.fast_forward("00:10")
        watch.page.get_by_text("Complete.").wait_for(timeout=20_000)
        assert watch.page.locator("#pr-morning[hx-get]").count() == 0
        assert not watch.complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_a_stopped_round_fits_and_can_be_resumed_by_hand(
    browser: Browser, live_server: LiveServer, width: int, scheme: str
) -> None:
    now = timezone.now()
    pace = [[(now - timedelta(minutes=5)).isoformat(), 0]]
    round_ = a_round(figures.home_day(now), papers=812, filters=340, pace=pace)
    for state, number in {"sent": 12, "pending": 5, "failed": 6, "deferred": 1}.items():
        for _ in range(number):
            a_delivery(round_, state)
    why = "6 hard bounces of 18 digests to mail.example.org"
    Pause.objects.create(by="breaker", reason=why, started_at=now)
    with watching(browser, width, color_scheme=scheme) as watch:
        watch.page.context.add_cookies([signed_in(live_server)])  # type: ignore[list-item]
        watch.page.goto(f"{live_server.url}/admin/")
        watch.page.wait_for_load_state("networkidle")
        assert watch.sideways() <= 0
        if folder := os.environ.get("LOOK_AT"):
            name = f"{width}-{scheme}"
            watch.page.screenshot(path=Path(folder) / f"{name}.png")
        watch.page.get_by_role("link", name="Resume all sending").click()
        if folder := os.environ.get("LOOK_AT"):
            watch.page.screenshot(path=Path(folder) / f"{name}-ask.png")
        watch.page.get_by_role("button", name="Resume").wait_for()
        assert watch.sideways() <= 0
        watch.page.get_by_role("button", name="Resume").click()
        watch.page.get_by_text("All sending: resumed.").wait_for()
        assert not Pause.objects.filter(lasts=True).exists()
        assert not watch.complaints
