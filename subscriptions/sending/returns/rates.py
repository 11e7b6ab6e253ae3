"""How much of what was sent came back, by the domain it went to: for the breaker."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Value
from django.db.models.functions import StrIndex, Substr
from django.utils import timezone

from subscriptions.models import Delivery, DeliveryEvent, Mailing

from .noticing import verdict_of

Type, Verdict = DeliveryEvent.Type, DeliveryEvent.Verdict
State = Mailing.State
_OFFERED = (State.SENT, State.IN_DOUBT, State.FAILED)


@dataclass(slots=True)
class Rate:
    """Of one recipient domain: digests `sent` (or refused while they were offered),
    events of those that are gone or perhaps gone (`bounced`), of complaints, and of
    refusals by policy (`refused`)."""

    sent: int = 0
    bounced: int = 0
    complained: int = 0
    refused: int = 0


def rates(days: int = 7, now: datetime | None = None) -> dict[str, Rate]:
    """Recipient domain -> its Rate over the last `days`, of digests.

    `sent` counts by due date and reads every digest of those days: seconds at a
    million a day. Domains that nothing came back from are in it too.
    """
    found = returned(days, now)
    since = (now or timezone.now()) - timedelta(days=days)
    rows = (
        Delivery.objects.filter(due_date__gt=since.date(), state__in=_OFFERED)
        .order_by()
        .annotate(domain=_domain("subscriber__email_folded"))
        .values_list("domain")
        .annotate(Count("pk"))
    )
    for domain, sent in rows:
        found.setdefault(domain, Rate()).sent = sent
    return found


def returned(days: int = 7, now: datetime | None = None) -> dict[str, Rate]:
    """The same without `sent`: fast, to ask whether the rest is worth asking."""
    since = (now or timezone.now()) - timedelta(days=days)
    rows = DeliveryEvent.objects.filter(
        at__gt=since, type__in=[Type.BOUNCED, Type.COMPLAINED], subscriber__isnull=False
    ).exclude(delivery=None)
    found: dict[str, Rate] = defaultdict(Rate)
    for type_, status, detail, verdict, domain in rows.annotate(
        domain=_domain("subscriber__email_folded")
    ).values_list("type", "status", "detail", "verdict", "domain"):
        rate = found[domain]
        said = verdict or verdict_of(type_, status, detail)
        if type_ == Type.COMPLAINED:
            rate.complained += 1
        elif said in {Verdict.GONE, Verdict.PERHAPS_GONE}:
            rate.bounced += 1
        elif said == Verdict.POLICY:
            rate.refused += 1
    return dict(found)


def _domain(field: str) -> Substr:
    """What stands after the @ of a folded address."""
    return Substr(F(field), StrIndex(F(field), Value("@")) + 1)
