"""What every mail says about itself: who sends it, why, and how to stop it."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from django.conf import settings

from .installation import once


@once
def constants() -> tuple[tuple[str, str], ...]:
    """What is the same in every mail of this installation, by name."""
    return (
        ("site", settings.SITE_NAME),
        ("imprint", _imprint(settings.CONTROLLER, settings.POSTAL_ADDRESS)),
        ("contact", settings.CONTACT),
    )


@lru_cache(maxsize=10_000)
def reader(hour: int, zone: str, confirmed_on: date | None) -> dict[str, str]:
    """What a mail says of its reader: when it comes and since when."""
    day = confirmed_on
    return {
        "hour": f"{hour:02}:00",
        "zone": zone,
        "confirmed": f"{day.day} {day:%B} {day.year}" if day else "",
    }


def _imprint(controller: str, address: str) -> str:
    """Who is responsible, and where they are, without naming them twice."""
    parts = [controller, address]
    if controller and address.startswith(controller):
        parts = parts[1:]
    lines = ", ".join(part.strip() for part in parts if part.strip())
    return ", ".join(line.strip() for line in lines.splitlines() if line.strip())
