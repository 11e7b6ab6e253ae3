"""What is looked for on a page in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

# Beside those it looks at unasked: links and buttons are large enough for a finger.
RULES = {"rules": {"target-size": {"enabled": True}}}


class Watch:
    """A page whose console errors, policy violations and exceptions are kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    def sideways(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth"
                " - document.documentElement.clientWidth"
            )
        )

    def axe(self) -> list[str]:
        """What axe objects to: the rule and the first place."""
        found = Axe().run(self.page, options=RULES).response
        violations: list[dict[str, Any]] = found["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html']}" for each in violations]


@contextmanager
def watching(browser: Browser, width: int = 1440, **options: Any) -> Iterator[Watch]:
    """A page in a context of its own."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    try:
        yield Watch(context.new_page())
    finally:
        context.close()
