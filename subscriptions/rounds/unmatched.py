"""Readers to whom digests have been due for two weeks and had nothing in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from subscriptions.models import Delivery, Subscriber, Subscription
from subscriptions.models.mailings import NO_NEW_EDITION, NOTHING_MATCHED

IN_A_ROW = timedelta(days=14)
# A weekly reader has a row at least this often; else nobody was being served.
_WEEK = timedelta(days=7)


def unmatched(now: datetime) -> QuerySet[Subscriber]:
    """Active readers whose every digest of the last 14 days, and one due before them,
    was skipped because nothing matched.

    Not those who paused or wrote a filter in that time: a new filter has not been tried
    for so long.
    """
    today = now.date()
    since = today - IN_A_ROW
    rows = Delivery.objects.filter(subscriber=OuterRef("pk"))
    nothing = rows.filter(state=Delivery.State.SKIPPED, reason=NOTHING_MATCHED)
    no_digest = Q(
        state=Delivery.State.SKIPPED, reason__in=[NOTHING_MATCHED, NO_NEW_EDITION]
    )
    filters = Subscription.objects.filter(subscriber=OuterRef("pk"), enabled=True)
    return (
        Subscriber.objects.active()
        .filter(
            Exists(nothing.filter(due_date__gt=since - _WEEK, due_date__lte=since)),
            Exists(nothing.filter(due_date__gte=today - _WEEK)),
            Exists(filters),
        )
        .exclude(Exists(rows.filter(due_date__gt=since).exclude(no_digest)))
        .exclude(Exists(filters.filter(created_at__gt=now - IN_A_ROW)))
        .exclude(paused_until__gt=since)
        .order_by("pk")
    )
