"""What stops all sending, and what the operator is to be told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Pause(models.Model):
    """A time in which nothing was sent at all: digests, letters, no date excepted.

    The one that lasts has no `ended_at`. A closed send window is written down when it
    opens again, so that the row says which time was given to the horizons.
    """

    class By(models.TextChoices):
        OPERATOR = "operator", "operator"
        BREAKER = "breaker", "circuit breaker"
        WINDOW = "window", "send window"

    by = models.CharField("paused by", max_length=16, choices=By.choices)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    lasts = models.BooleanField(default=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["lasts"], condition=Q(lasts=True), name="one_pause_lasts"
            ),
            models.UniqueConstraint(
                fields=["by", "ended_at"], name="each_pause_ends_once"
            ),
            models.CheckConstraint(
                condition=Q(lasts=True, ended_at=None)
                | Q(lasts=False, ended_at__isnull=False),
                name="a_pause_lasts_until_it_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"All sending paused by the {self.get_by_display()}"


class Notice(models.Model):
    """Something the operator is told once, by every way that is set.

    `key` is what it is about: a second notice of the same is none. `ways` are those
    still owed; empty: told.
    """

    class Kind(models.TextChoices):
        BREAKER = "breaker", "circuit breaker tripped"
        CHECK = "check", "a round does not add up"
        SOURCE = "source", "a source brings nothing"
        COMPLETE = "complete", "a round is complete"

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    text = models.CharField(max_length=600, blank=True)
    ways = models.JSONField("still owed by", default=list, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.created_at:%Y-%m-%d %H:%M}"
