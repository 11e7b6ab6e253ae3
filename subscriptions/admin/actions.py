"""What readers keep and what they have left out: to look at, theirs to change."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from subscriptions.models import Mute, SavedPaper

from .rows import OfAFilter, OfAReader, Shown, link


@admin.register(Mute)
class MuteAdmin(OfAReader, OfAFilter, Shown):
    list_display = ("text", "reader", "canonical", "created_at")
    list_filter = ("created_at",)
    list_select_related = ("subscriber", "filter")
    search_fields = ("subscriber__email", "text")
    search_help_text = "address, or a part of what is muted"
    fields = ("text", "canonical", "reader", "created_at")
    readonly_fields = ("reader", "canonical")


@admin.register(SavedPaper)
class SavedPaperAdmin(OfAReader, Shown):
    list_display = ("created_at", "reader", "shown_paper")
    list_filter = ("created_at",)
    list_select_related = ("subscriber", "paper")
    search_fields = ("subscriber__email", "paper__title", "paper__arxiv_id")
    search_help_text = "address, title or arXiv id"
    fields = ("reader", "shown_paper", "created_at")
    readonly_fields = ("reader", "shown_paper")

    @admin.display(description="paper")
    def shown_paper(self, saved: SavedPaper) -> SafeString | str:
        return link(saved.paper)
