"""The mails in Chromium: at 320 pixels, light and dark, under axe."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from subscriptions.rendering import Group, digest, letter
from subscriptions.rendering.letters import KINDS

from .mails import digest_of, entry, letter_of, reason, seven_papers

LONG_WORD = "W" * 280


def pages() -> dict[str, str]:
    unbreakable = entry(
        reason(LONG_WORD, (LONG_WORD, "abstract")),
        title=LONG_WORD,
        abstract=LONG_WORD,
        summary=LONG_WORD,
        authors=(LONG_WORD,),
        categories=(LONG_WORD,),
    )
    return {kind: letter(letter_of(kind)).html for kind in sorted(KINDS)} | {
        "digest": digest(seven_papers()).html,
        "long words": digest(
            digest_of(groups=(Group(LONG_WORD, (unbreakable,)),), notes=(LONG_WORD,))
        ).html,
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(
    browser: Browser, theme: str
) -> None:
    for name, html in pages().items():
        context = browser.new_context(
            viewport={"width": 320, "height": 800},
            color_scheme="dark" if theme == "dark" else "light",
        )
        page = context.new_page()
        page.set_content(html)
        found = [each["id"] for each in Axe().run(page).response["violations"]]
        assert found == [], name
        assert page.evaluate("document.documentElement.scrollWidth") == 320, name
        context.close()
