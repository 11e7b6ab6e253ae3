"""Every page in Chromium: quiet console, no sideways scrolling, axe finds nothing."""

from typing import Literal

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from tests.web.world import a_world

from .looking import Watch, watching

pytestmark = pytest.mark.django_db(transaction=True)

Scheme = Literal["light", "dark"]
LOOKS: list[tuple[int, Scheme, bool]] = [
    (320, "light", True),  # axe once in each theme and in each layout
    (320, "dark", False),
    (1440, "light", False),
    (1440, "dark", True),
]


@pytest.mark.parametrize(("width", "scheme", "axe"), LOOKS)
def test_every_page_is_quiet_narrow_enough_and_accessible(
    browser: Browser, live_server: LiveServer, width: int, scheme: Scheme, axe: bool
) -> None:
    objections: dict[str, list[str]] = {}
    with watching(browser, width, color_scheme=scheme) as watch:
        for name, at in a_world().pages().items():
            watch.page.goto(live_server.url + at)
            found = look(watch, axe=axe and "document" not in name)
            if found:
                objections[name] = found
    assert not objections


@pytest.mark.parametrize(("width", "scheme", "axe"), LOOKS)
def test_the_admins_front_page_is_quiet(
    browser: Browser, live_server: LiveServer, width: int, scheme: Scheme, axe: bool
) -> None:
    a_world()
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("operator"))
    session = client.cookies["sessionid"].value
    with watching(browser, width, color_scheme=scheme) as watch:
        watch.page.context.add_cookies(
            [{"name": "sessionid", "value": session, "url": live_server.url}]
        )
        response = watch.page.goto(f"{live_server.url}/admin/")
        assert response is not None
        assert response.status == 200
        assert "/login" not in watch.page.url
        watch.page.wait_for_load_state("networkidle")
        expect(watch.page.get_by_role("main").locator("#pr-morning")).to_be_visible()
        assert not look(watch, axe=False)


def look(watch: Watch, axe: bool) -> list[str]:
    found = list(watch.complaints)
    watch.complaints.clear()
    if (pixels := watch.sideways()) > 0:
        found.append(f"{pixels} pixels too wide")
    return found + (watch.axe() if axe else [])


def test_nothing_moves_while_the_front_page_loads(
    browser: Browser, live_server: LiveServer
) -> None:
    a_world()
    with watching(browser, 390, timezone_id="Asia/Tokyo") as watch:
        watch.page.goto(live_server.url)
        watch.page.wait_for_load_state("networkidle")
        shift = watch.page.evaluate(
            """() => new Promise(done => {
                let sum = 0;
                new PerformanceObserver(list => {
                    for (const entry of list.getEntries()) sum += entry.value;
                }).observe({type: "layout-shift", buffered: true});
                setTimeout(() => done(sum), 300);
            })"""
        )
    assert shift == 0


def test_the_looking_sees_what_it_is_looking_for(browser: Browser) -> None:
    with watching(browser, 320) as watch:
        small = "<a href=x>one</a><br><a href=y>two</a>"
        watch.page.set_content(
            f"<img src=x><p style='width:999px'>wide<div style='font:9px/1 x'>{small}"
        )
        watch.page.evaluate("console.error('said')")
        found = look(watch, axe=True)
    assert any("too wide" in each for each in found)
    assert any("image-alt" in each for each in found)
    assert any("target-size" in each for each in found)
    assert any("said" in each for each in found)
