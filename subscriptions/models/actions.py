"""What readers keep of the papers they got, and what they want left out."""

from __future__ import annotations

from django.db import models

from .papers import Paper
from .readers import Subscriber, TopicFilter


class SavedPaper(models.Model):
    """A paper that a reader keeps."""

    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, related_name="saved_papers"
    )
    paper = models.ForeignKey(Paper, models.CASCADE, related_name="saved_by")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "paper"], name="a_reader_saves_a_paper_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["subscriber", "-created_at"], name="saved_paper_newest"
            )
        ]

    def __str__(self) -> str:
        return f"paper {self.paper_id} saved by reader {self.subscriber_id}"


class Mute(models.Model):
    """A word, phrase or author whose papers are left out of a reader's digests.

    It is a filter like any other, so the papers it leaves out are found for all
    readers at once.
    """

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="mutes")
    filter = models.ForeignKey(TopicFilter, models.PROTECT, related_name="mutes")
    text = models.TextField("as written", help_text="in the filter language")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["subscriber", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "filter"], name="a_reader_mutes_a_term_once"
            )
        ]

    def __str__(self) -> str:
        return self.text
