"""Screenshots of the mails, by the Chromium that the tests use too."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = "/usr/bin/chromium"  # Debian's; the variable CHROMIUM names another


class NoBrowser(Exception):
    """There is no Playwright, or no Chromium for it."""


@dataclass(frozen=True, slots=True)
class Shot:
    width: int
    theme: Literal["light", "dark"]


SHOTS = {
    "light-600": Shot(600, "light"),
    "dark-600": Shot(600, "dark"),
    "light-320": Shot(320, "light"),
    "dark-320": Shot(320, "dark"),
}
SHEET = 1950  # pixels: four cases side by side
TALLEST = 4000  # pixels; more of a long digest shows nothing new


def shoot(folder: Path, names: Sequence[str]) -> None:
    """`<name>.<shot>.png` of each `<name>.html` in the folder, then `gallery.jpg` of
    its `index.html`, which shows them. Raises NoBrowser."""
    chromium = Path(os.environ.get("CHROMIUM", CHROMIUM))
    if not chromium.exists():
        raise NoBrowser(f"no browser at {chromium}: install chromium, or set CHROMIUM")
    try:  # what the service runs on has no browser
        from playwright.sync_api import sync_playwright
    except ImportError:
        why = "Playwright is missing: bin/install requirements-dev.txt"
        raise NoBrowser(why) from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        for shot_name, shot in SHOTS.items():
            page = browser.new_page(
                viewport={"width": shot.width, "height": 480}, color_scheme=shot.theme
            )
            for name in names:
                page.goto(_address(folder / f"{name}.html"))
                _whole(page, folder / f"{name}.{shot_name}.png", shot.width)
            page.close()
        page = browser.new_page(viewport={"width": SHEET, "height": 480})
        page.goto(_address(folder / "index.html"))
        # JPEG: the picture stands in the documents, and is small as one.
        _whole(page, folder / "gallery.jpg", SHEET)
        browser.close()


def _address(file: Path) -> str:
    return file.resolve().as_uri()


def _whole(page: Page, file: Path, width: int) -> None:
    """A picture from the top of the page to its end, or down to TALLEST."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.screenshot(
        path=file,
        full_page=True,
        quality=50 if file.suffix == ".jpg" else None,
        clip={"x": 0, "y": 0, "width": width, "height": min(height, TALLEST)},
    )
