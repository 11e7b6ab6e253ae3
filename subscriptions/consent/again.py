"""A way back for an address that was suppressed for its bounces: one letter a month.

Its confirmation shows that mail arrives again. A complaint or an operator's suppression
is lifted by the operator alone.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from subscriptions.addresses import inbox_of
from subscriptions.models import Subscriber, Suppression

ONE_LETTER_IN = timedelta(days=30)
Reason = Suppression.Reason


def may_ask(address: str) -> bool:
    """May a letter ask this address to confirm? Always, unless it is suppressed, or
    its inbox is at a word: else a tag would bring letters to who reported them."""
    standing = Suppression.objects.of(address).standing()
    lately = Q(asked_at__gt=timezone.now() - ONE_LETTER_IN)
    if standing.filter(~Q(reason=Reason.BOUNCED) | lately).exists():
        return False
    inbox = Suppression.objects.of(inbox_of(address)).standing()
    return not inbox.exclude(reason=Reason.BOUNCED).exists()


def is_suppressed(address: str) -> bool:
    return Suppression.objects.of(address).standing().exists()


def asked(address: str) -> None:
    """Note that a letter asks it now. Call it where the letter is written."""
    Suppression.objects.of(address).standing().update(asked_at=timezone.now())


def let_in(reader: Subscriber) -> bool:
    """The reader has confirmed: may they be mailed? Lifts what that may lift.

    A link from before the suppression does not count.
    """
    standing = Suppression.objects.of(reader.email).standing()
    answered = Q(reason=Reason.BOUNCED, asked_at__gte=F("at"))
    if standing.exclude(answered).exists():
        return False
    lifted = standing.update(lifted_at=timezone.now())
    return bool(lifted) or reader.state != Subscriber.State.SUPPRESSED
