"""Which time zones a form offers; every IANA name is taken."""

from __future__ import annotations

from subscriptions.models.readers import zone_names

AREAS = {
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia",
    "Europe", "Indian", "Pacific",
}  # fmt: skip

# On the front page, where the whole list would weigh more than the papers. The
# browser's own zone is added by zone.js; the form at /subscribe offers them all.
SOME_ZONES = [
    "UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
    "America/Anchorage", "America/Argentina/Buenos_Aires", "America/Bogota",
    "America/Chicago", "America/Denver", "America/Halifax", "America/Los_Angeles",
    "America/Mexico_City", "America/New_York", "America/Santiago",
    "America/Sao_Paulo", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong",
    "Asia/Jakarta", "Asia/Jerusalem", "Asia/Karachi", "Asia/Kolkata", "Asia/Manila",
    "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tehran",
    "Asia/Tokyo", "Australia/Perth", "Australia/Sydney", "Europe/Athens",
    "Europe/Berlin", "Europe/Istanbul", "Europe/Lisbon", "Europe/London",
    "Europe/Madrid", "Europe/Moscow", "Europe/Paris", "Europe/Warsaw",
    "Pacific/Auckland", "Pacific/Honolulu",
]  # fmt: skip


def zones() -> list[str]:
    """UTC and the zones named after a place."""
    return [
        "UTC",
        *sorted(name for name in zone_names() if name.split("/")[0] in AREAS),
    ]
