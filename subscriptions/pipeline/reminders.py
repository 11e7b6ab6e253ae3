"""Letters that nobody asked for: time has passed, and something is to be said."""

from __future__ import annotations

from datetime import datetime

from subscriptions import consent


def remind(now: datetime, until: float | None = None) -> dict[str, int]:
    """Take what steps time has brought, until monotonic `until`; how many of each.

    Each is a row under its lock that still stands where the step begins: any number
    of beats takes it once.
    """
    return consent.follow_silence(now, until)
