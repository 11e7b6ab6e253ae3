"""A due date's work over all readers and zones."""

from __future__ import annotations

from django.db import models

from .papers import Edition


class Round(models.Model):
    """One due date's work over all readers and zones."""

    class State(models.TextChoices):
        OPEN = "open"
        COMPLETE = "complete"

    due_date = models.DateField(unique=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    editions = models.ManyToManyField(
        Edition, blank=True, related_name="rounds", help_text="covered by its digests"
    )
    paused = models.BooleanField(default=False)
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="horizons stand still since then"
    )
    papers = models.PositiveIntegerField(
        default=0, help_text="distinct papers in the editions covered"
    )
    filters = models.PositiveIntegerField(default=0, help_text="distinct, active")
    readers_due = models.PositiveIntegerField(
        default=0, help_text="rows that compose wrote, whatever became of them"
    )
    canary = models.JSONField(
        default=list, blank=True, help_text="deliveries that go before all others"
    )
    canary_until = models.DateTimeField(
        null=True, blank=True, help_text="the others wait for what comes back until"
    )
    pace = models.JSONField(
        default=list, blank=True, help_text="[instant, how many had been sent by then]"
    )
    faults = models.CharField(
        max_length=300, blank=True, help_text="what does not add up"
    )
    checked_at = models.DateTimeField(
        null=True, blank=True, help_text="readers without a row were last looked for"
    )
    emptied = models.BooleanField(
        default=False,
        editable=False,
        help_text="none of its digests says any more what was in it",
    )
    started_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-due_date"]

    def __str__(self) -> str:
        return f"Round of {self.due_date:%a} {self.due_date.day} {self.due_date:%B %Y}"
