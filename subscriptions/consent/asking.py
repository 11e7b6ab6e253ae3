"""How often people are asked to confirm, whoever asks for it: sign-ups must not bomb
anybody (safety.md).

An inbox is asked once a day. A program that has many inboxes asked, each once, is
slowed by the network it comes from and by the domain it fills: beyond a limit it has
to do some work for each, and beyond ten times that it is stopped.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.utils import timezone

from subscriptions.addresses import inbox_of
from subscriptions.models import Suppression
from subscriptions.models.readers import domain_of
from subscriptions.models.suppressions import Asking

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
Limits = tuple[tuple[timedelta, int], ...]  # (how long, how many in that time)
USUAL: Limits = ((DAY, 1), (WEEK, 3))
_WORKED = 10  # times as many sign-ups as without work


class TooManySignUps(Exception):
    """`whose`: "network" or "domain"; `seconds` until there may be one more."""

    def __init__(self, whose: str, seconds: int) -> None:
        super().__init__(f"too many sign-ups of one {whose}; again in {seconds} s")
        self.whose, self.seconds = whose, seconds


def count_sign_up(network: str, address: str, worked: bool) -> None:
    """One more by the form. `network`: of whoever filled it in, "" where that is not
    known; `worked`: for this letter. In the caller's transaction, before any reader is
    looked up, so that the answer is the same for every address. Raises TooManySignUps.
    """
    times = _WORKED if worked else 1
    if network and (most := settings.SIGNUPS_PER_NETWORK * times):
        _count("network", network, ((HOUR, most), (DAY, 3 * most)))
    if most := settings.SIGNUPS_PER_DOMAIN * times:
        _count("domain", domain_of(address), ((DAY, most),))


def may_ask(address: str) -> bool:
    """Count one more question to the inbox of this address; False, and not counted,
    where there were enough. By inbox, because tags give one person any number of
    addresses."""
    return not _wait(inbox_of(address), USUAL)


def _count(whose: str, name: str, limits: Limits) -> None:
    if wait := _wait(f"{whose} {name}", limits):
        raise TooManySignUps(whose, ceil(wait.total_seconds()))


def _wait(what: str, limits: Limits) -> timedelta:
    """Nothing, and it is counted; or how long until it may be."""
    row, _ = Asking.objects.select_for_update().get_or_create(
        key_hash=Suppression.hash_of(what)
    )
    now, longest = timezone.now(), max(time for time, _ in limits)
    earlier = [datetime.fromisoformat(each) for each in row.times]
    earlier = [each for each in earlier if each > now - longest]
    for time, most in limits:
        within = [each for each in earlier if each > now - time]
        if len(within) >= most:
            return within[-most] + time - now
    row.times = [each.isoformat() for each in [*earlier, now]]
    row.save(update_fields=["times", "last_at"])
    return timedelta(0)
