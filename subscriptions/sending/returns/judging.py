"""When bounces are enough to suppress an address.

Gone: on two days. Perhaps gone: on three days within 14. Soft: of five digests, on five
days within 30; all of them are forgotten after 14 days without another. What came
before the reader confirmed or changed address does not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from subscriptions.models import DeliveryEvent, Subscriber

Verdict = DeliveryEvent.Verdict
WINDOW, QUIET, PERHAPS_WITHIN = (timedelta(days=n) for n in (30, 14, 14))
GONE_DAYS, PERHAPS_DAYS, SOFT_DIGESTS = 2, 3, 5
_COUNTED = (Verdict.GONE, Verdict.PERHAPS_GONE, Verdict.SOFT)


class Bounce(NamedTuple):
    day: date  # UTC
    verdict: str
    digest: int | None


def judge(reader: Subscriber, now: datetime | None = None) -> str:
    """Why this reader's address is to be suppressed at `now`, "" if it is not."""
    now = now or timezone.now()
    since = max(
        at
        for at in (now - WINDOW, reader.confirmed_at, reader.address_changed_at)
        if at is not None
    )
    rows = DeliveryEvent.objects.filter(
        subscriber=reader,
        type=DeliveryEvent.Type.BOUNCED,
        verdict__in=_COUNTED,
        at__gte=since,
        at__lte=now,
    )
    found = rows.order_by("at").values_list("at", "verdict", "delivery_id")
    return enough([Bounce(at.date(), verdict, pk) for at, verdict, pk in found], now)


def enough(bounces: Iterable[Bounce], now: datetime) -> str:
    """The same of bounces within WINDOW, oldest first."""
    bounces = list(bounces)
    gone = {b.day for b in bounces if b.verdict == Verdict.GONE}
    if len(gone) >= GONE_DAYS:
        return f"no such mailbox, on {GONE_DAYS} days"
    unsure = gone | {b.day for b in bounces if b.verdict == Verdict.PERHAPS_GONE}
    lately = {day for day in unsure if day > now.date() - PERHAPS_WITHIN}
    if len(lately) >= PERHAPS_DAYS:
        return f"perhaps gone, on {PERHAPS_DAYS} days within {PERHAPS_WITHIN.days}"
    days = _not_faded({b.day for b in bounces}, now.date())
    digests = {b.digest for b in bounces if b.digest is not None and b.day in days}
    if min(len(days), len(digests)) >= SOFT_DIGESTS:
        return f"{SOFT_DIGESTS} digests refused within {WINDOW.days} days"
    return ""


def _not_faded(days: set[date], today: date) -> set[date]:
    """Those days after which never QUIET passed without another, up to today."""
    kept: set[date] = set()
    next_one = today
    for day in sorted(days, reverse=True):
        if next_one - day > QUIET:
            break
        kept.add(day)
        next_one = day
    return kept
