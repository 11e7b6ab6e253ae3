"""Text stands out from its ground, 4.5:1 at least, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

EMAILS = Path(settings.BASE_DIR) / "templates" / "emails"
# Where a class is not on the sheet's own ground.
GROUNDS = {"note": "note", "mark": "mark", "button": "button"}


def rules(css: str) -> dict[str, dict[str, str]]:
    """Class -> property -> value, later rules last."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    found: dict[str, dict[str, str]] = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        pairs = [part.split(":", 1) for part in body.split(";") if ":" in part]
        for name in re.findall(r"\.([a-z-]+)", selectors):
            for key, value in pairs:
                clean = value.replace("!important", "").strip()
                found.setdefault(name, {})[key.strip()] = clean
    return found


LIGHT = rules((EMAILS / "mail.css").read_text())


def dark() -> dict[str, dict[str, str]]:
    css = (EMAILS / "extras.css").read_text()
    inner = css.partition("@media (prefers-color-scheme:dark){")[2].rpartition("}")[0]
    over = rules(inner)
    return {name: {**LIGHT[name], **over.get(name, {})} for name in LIGHT}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(each * 2 for each in digits)
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    ]
    return sum(
        part * weight
        for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True)
    )


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [name for name in LIGHT if "color" in LIGHT[name]])
def test_text_is_readable_on_its_ground(name: str, theme: str) -> None:
    colours = LIGHT if theme == "light" else dark()
    ground = colours[GROUNDS.get(name, "sheet")]["background-color"]
    assert contrast(colours[name]["color"], ground) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_in_a_note_inherits_a_readable_colour(theme: str) -> None:
    colours = LIGHT if theme == "light" else dark()
    assert (
        contrast(colours["note"]["color"], colours["note"]["background-color"]) >= 4.5
    )


def test_nothing_is_smaller_than_14_pixels() -> None:
    sizes = [each["font-size"] for each in LIGHT.values() if "font-size" in each]
    sizes.remove("0")  # the rule between papers has no text
    assert min(int(size.removesuffix("px")) for size in sizes) == 14


def test_every_class_in_use_has_a_rule_and_every_rule_a_use() -> None:
    used = {
        name
        for path in EMAILS.rglob("*.html")
        for names in re.findall(r'class="([^"]*)"', path.read_text())
        for name in names.split()
    }
    assert used == set(LIGHT)
