"""The circuit breaker: where too much comes back from a domain, all sending stops.

Asked on every tick and between batches. The questions are cheap at a million readers:
few events, then per suspicious domain no more rows than are needed to acquit it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from time import monotonic

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Notice,
    Pause,
    Round,
    among,
)
from subscriptions.sending import notices
from subscriptions.sending.verdicts import Verdict, verdict_of

from . import pauses

log = logging.getLogger(__name__)

ROLLING, BURST = timedelta(days=7), timedelta(minutes=10)
# At least so many readers, above this part of what was tried.
HARD_BOUNCES, COMPLAINTS, REFUSALS = (5, 0.05), (3, 0.003), (20, 0.20)

_Type = DeliveryEvent.Type
_POLICY = Q(status__startswith="5.7.")
# It says nothing, or nothing more than its subject; the words beside it may.
_UNSAID = Q(status="") | Q(status__regex=r"^5\.[0-9]+\.0$")
_READ = 2000  # as many of those that nobody has weighed are read, the newest
# A full mailbox (5.2.2) is no dead address; a policy refusal is no fault of the list.
_HARD = Q(type=_Type.BOUNCED) & ~Q(status__regex=r"^(4|5\.7\.|5\.2\.2)")


class Watch:
    """The breaker beside a sender: judges when its mails fail, at most once a second,
    and every five seconds whatever comes."""

    def __init__(self) -> None:
        self._failed, self._at = 0, -10.0

    def trips(self, failed: int) -> bool:
        """`failed`: how many mails of this sender failed so far."""
        waited = monotonic() - self._at
        due = waited > 5 or (failed > self._failed and waited > 1)
        if not due and failed - self._failed < HARD_BOUNCES[0]:
            return False
        self._failed, self._at = failed, monotonic()
        return trip(timezone.now())


def trip(now: datetime) -> bool:
    """Pause all sending if a domain gives cause, and owe the operator a notice."""
    why = next(_causes(now), "")
    with transaction.atomic():
        if not why or not pauses.pause_all(now, Pause.By.BREAKER, why):
            return False
        notices.owe(
            f"breaker {now.isoformat(timespec='seconds')}",
            Notice.Kind.BREAKER,
            f"All sending is paused: {why}. Look at what came back, then resume.",
        )
    log.error("the circuit breaker paused all sending: %s", why)
    return True


def _causes(now: datetime) -> Iterator[str]:
    """Why to stop, in words; nothing that was acknowledged by resuming counts."""
    tripped = Pause.objects.filter(by=Pause.By.BREAKER, ended_at__isnull=False)
    acknowledged = tripped.order_by("-ended_at").values_list("ended_at", flat=True)
    news = acknowledged.first() or now - ROLLING
    complaints = Q(type=_Type.COMPLAINED)
    in_words = _refused_in_words(max(news, now - ROLLING))
    policy = Q(type=_Type.BOUNCED) & (_POLICY | in_words)
    for limit, which, window, name in (
        (HARD_BOUNCES, _HARD & ~in_words, ROLLING, "hard bounces"),
        (COMPLAINTS, complaints, ROLLING, "complaints"),
        (REFUSALS, policy, BURST, "refusals by policy (5.7)"),
    ):
        yield from _above(limit, which & Q(at__gt=news), now - window, name)


def _refused_in_words(since: datetime) -> Q:
    """The refusals by policy whose status does not say so: Exim, qmail and cPanel give
    none. They are no dead addresses. What nobody has weighed yet is read here, as the
    ledger's events are for some minutes."""
    fresh = DeliveryEvent.objects.filter(
        _UNSAID, type=_Type.BOUNCED, verdict="", at__gt=since
    )
    rows = fresh.order_by("-pk").values_list("pk", "status", "detail")[:_READ]
    read = [
        pk
        for pk, status, detail in rows
        if verdict_of(_Type.BOUNCED, status, detail) == Verdict.POLICY
    ]
    return (Q(verdict=Verdict.POLICY) & _UNSAID) | Q(pk__in=among(read))


def _above(
    limit: tuple[int, float], which: Q, since: datetime, name: str
) -> Iterator[str]:
    """The domains at which more came back than `limit` since `since`.

    Digests only: whoever signs strangers up could stop the service with letters. One
    reader counts once.
    """
    least, part = limit
    came_back = (
        DeliveryEvent.objects.filter(which, at__gt=since, delivery__isnull=False)
        .annotate(domain=F("subscriber__domain"))
        .order_by()
        .values("domain")
        .annotate(readers=Count("subscriber", distinct=True))
        .filter(readers__gte=least)
        .values_list("domain", "readers")
    )
    for domain, readers in came_back:
        acquits = ceil(readers / part)  # with so many tried it is not above the limit
        tried = _tried(domain, since)[:acquits].count()
        if tried < acquits:
            yield f"{readers} {name} of {max(tried, readers)} digests to {domain}"


def _tried(domain: str, since: datetime) -> QuerySet[Delivery]:
    """Digests to `domain` that a server took or refused for good since then."""
    ended = Q(state=Delivery.State.SENT, sent_at__gt=since)
    ended |= Q(state=Delivery.State.FAILED, updated_at__gt=since)
    lately = Q(state=Round.State.OPEN) | Q(completed_at__gt=since)
    rounds = Round.objects.filter(lately).values("pk")
    whose = Q(subscriber__domain=domain)
    return Delivery.objects.filter(ended, whose, round__in=rounds).order_by()
