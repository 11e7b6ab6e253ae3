"""What came back of mails, and what it says of an address."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from .mailings import Delivery, Letter
from .readers import Subscriber


class DeliveryEvent(models.Model):
    """What came back: of a digest or letter, or of an address alone.

    `key` says of which mail and what: a report that comes twice is one event. It is
    empty where the ledger wrote what the server said while the mail was offered.
    """

    class Type(models.TextChoices):
        BOUNCED = "bounced"
        DEFERRED = "deferred"
        DELIVERED = "delivered"
        COMPLAINED = "complained"
        UNSUBSCRIBED = "unsubscribed"
        AUTOREPLIED = "autoreplied", "replied automatically"
        UNKNOWN = "unknown"

    class Verdict(models.TextChoices):
        GONE = "gone"
        PERHAPS_GONE = "perhaps_gone", "perhaps gone"
        SOFT = "soft"
        POLICY = "policy", "policy: for the operator"
        NONE = "none", "nothing to weigh"

    delivery = models.ForeignKey(
        Delivery, models.CASCADE, null=True, blank=True, related_name="events"
    )
    letter = models.ForeignKey(
        Letter, models.CASCADE, null=True, blank=True, related_name="events"
    )
    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, null=True, blank=True, related_name="events"
    )
    type = models.CharField(max_length=16, choices=Type.choices)
    status = models.CharField(
        "enhanced status code", max_length=16, blank=True, help_text="RFC 3463"
    )
    detail = models.CharField(max_length=300, blank=True)
    verdict = models.CharField(
        max_length=16,
        choices=Verdict.choices,
        blank=True,
        help_text="what it says of the address; empty: not weighed yet",
    )
    key = models.CharField(max_length=80, blank=True, editable=False)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=~Q(key=""),
                name="what_comes_back_twice_is_one_event",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="event_to_weigh", condition=Q(verdict="")),
            models.Index(fields=["at", "type"], name="event_by_time"),
            models.Index(fields=["type", "at"], name="event_by_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.status}".strip()
