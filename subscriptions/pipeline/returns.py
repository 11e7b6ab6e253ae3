"""What came back since the last time: the bounce mailbox, and what the ledger wrote."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from pathlib import Path
from time import monotonic

from django.conf import settings

from subscriptions.models import DeliveryEvent
from subscriptions.models.mailings import KEPT_FOR
from subscriptions.sending import returns
from subscriptions.sending.returns import folders


def forget_returns(now: datetime) -> int:
    """Empty what servers said more than 90 days ago; how many. Kinds and times stay."""
    old = DeliveryEvent.objects.filter(at__lt=now - KEPT_FOR)
    return old.exclude(detail="").update(detail="")


def take_returns(until: float = math.inf) -> Counter[str]:
    """Weigh refusals, then read BOUNCE_MAILBOX; stop at the monotonic `until`.

    How many mails of each type, "refused" for those that changed nothing, "weighed" for
    the ledger's. Any number of callers may do this at once, or twice.
    """
    counts: Counter[str] = Counter()
    counts["weighed"] = returns.notice_expired()
    while monotonic() < until and (weighed := returns.weigh(limit=200)):
        counts["weighed"] += weighed
    # Last: it raises where the mailbox is not there.
    if settings.BOUNCE_MAILBOX:
        counts += folders.collect(Path(settings.BOUNCE_MAILBOX), until)
    return +counts
