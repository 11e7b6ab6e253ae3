"""The warm-up: how many readers may have digests on each day of a new sender.

Whoever had one since the ramp began goes on getting theirs; on each day some more
start. Readers beyond are not composed, so that their coverage stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings
from django.db.models import Q, QuerySet

from subscriptions.models import Delivery, Round, Subscriber

State = Delivery.State


@dataclass(frozen=True, slots=True)
class Ramp:
    """A day of the ramp, counted from 1 to `of`; `begun`: the instant it began."""

    day: int
    of: int
    limit: int
    begun: datetime

    def has_started(self, reader: Subscriber) -> bool:
        return reader.last_mail_at is not None and reader.last_mail_at >= self.begun

    def started(self, readers: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        """Those of `readers` who go on getting theirs."""
        return readers.filter(last_mail_at__gte=self.begun)

    def room(self, now: datetime) -> int:
        """How many more readers may start today."""
        midnight = _midnight(now)
        not_started = Q(subscriber__last_mail_at=None)
        not_started |= Q(subscriber__last_mail_at__lt=self.begun)
        # Who was tried today without success, or has a mail on its way, from yesterday
        # too, counts as one who has started.
        today = Q(created_at__gte=midnight) | Q(state__in=Delivery.OPEN)
        # Rows written today opened their round: a year's digests are not looked at.
        lately = Q(state=Round.State.OPEN) | Q(completed_at__gte=midnight)
        rounds = Round.objects.filter(lately).values("pk")
        tried = Delivery.objects.filter(not_started, today, round__in=rounds)
        tried = tried.exclude(state__in=[State.SENT, State.SKIPPED])
        readers = tried.order_by().values("subscriber").distinct()
        taken = self.started(Subscriber.objects.active()).count() + readers.count()
        return max(0, self.limit - taken)

    def waiting(self) -> int:
        """Active readers who have not started."""
        active = Subscriber.objects.active()
        return active.count() - self.started(active).count()


def ramp(now: datetime) -> Ramp | None:
    """Today's step; None: no limit, as before RAMP_FROM and after the last step."""
    steps, first = settings.DAILY_RAMP, settings.RAMP_FROM
    if not steps or first is None:
        return None
    today = now.astimezone(settings.HOME_ZONE).date()
    index = (today - first).days
    if not 0 <= index < len(steps):
        return None
    begun = datetime.combine(first, time(), settings.HOME_ZONE)
    return Ramp(index + 1, len(steps), steps[index], begun)


def _midnight(now: datetime) -> datetime:
    today = now.astimezone(settings.HOME_ZONE).date()
    return datetime.combine(today, time(), settings.HOME_ZONE)
