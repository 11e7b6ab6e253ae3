"""What every mail says about itself: who sends it, why, and how to stop it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from . import phrases
from .mail import Links, Recipient


def footer(recipient: Recipient, links: Links) -> dict[str, Any]:
    confirmed = recipient.confirmed_on
    return {
        "site": settings.SITE_NAME,
        "links": links,
        "hour": f"{recipient.hour:02}:00",
        "zone": recipient.zone,
        "confirmed": (
            f"{confirmed.day} {confirmed:%B} {confirmed.year}" if confirmed else ""
        ),
        "imprint": _imprint(),
        "contact": settings.CONTACT,
        "name_of": phrases.filter_name,
    }


def _imprint() -> str:
    """Who is responsible, and where they are, without naming them twice."""
    parts = [settings.CONTROLLER, settings.POSTAL_ADDRESS]
    if settings.CONTROLLER and settings.POSTAL_ADDRESS.startswith(settings.CONTROLLER):
        parts = parts[1:]
    lines = ", ".join(part.strip() for part in parts if part.strip())
    return ", ".join(line.strip() for line in lines.splitlines() if line.strip())
