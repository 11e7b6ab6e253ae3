"""Stopping all sending and letting it go on; what stopped it, what was told of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from subscriptions import pipeline, sending
from subscriptions.models import LedgerEpoch, Notice, Pause

from . import dashboard
from .rows import Shown, badge


@admin.register(Pause)
class PauseAdmin(Shown):
    """Beside the list the buttons of the front page, each behind a question."""

    list_display = ("started_at", "by", "shown_state", "ended_at", "reason")
    list_filter = ("by", "lasts")
    search_fields = ("reason",)
    search_help_text = "words of the reason, such as a domain"
    fields = ("by", "reason", "shown_state", "started_at", "ended_at")
    readonly_fields = ("shown_state",)

    @admin.display(description="state", ordering="lasts")
    def shown_state(self, pause: Pause) -> SafeString:
        return badge("paused", "lasts") if pause.lasts else badge("complete", "over")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("pause/", view(self.pause), name="subscriptions_pause_all"),
            path("resume/", view(self.resume), name="subscriptions_resume_all"),
            path("progress/", view(self.progress), name="subscriptions_progress"),
            *super().get_urls(),
        ]

    def progress(self, request: HttpRequest) -> HttpResponse:
        """The front page's first card, which asks for itself while a round runs."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = dashboard.round_card(timezone.now(), _may(request))
        return render(request, "admin/desk/round.html", context)

    def pause(self, request: HttpRequest) -> HttpResponse:
        return self._ask_or_do(
            request,
            "Pause",
            "Pause all sending?",
            "Digests of every date and letters wait, and nobody becomes due, until it"
            " is resumed. What is being handed over is finished. No time is lost.",
        )

    def resume(self, request: HttpRequest) -> HttpResponse:
        lasting, restored = sending.lasting(), sending.hold_check()
        why = f"{lasting.reason}. " if lasting and lasting.reason else ""
        why += restored and f"{restored[0].upper()}{restored[1:]} "
        return self._ask_or_do(
            request,
            "Resume",
            "Resume all sending?",
            f"{why}What waits is sent from the next minute on. What came back until"
            " now does not stop it again.",
        )

    def _ask_or_do(
        self, request: HttpRequest, name: str, question: str, explained: str
    ) -> HttpResponse:
        if not _may(request):
            raise PermissionDenied
        if request.method != "POST":
            context = self.admin_site.each_context(request)
            asked = {"title": question, "explained": explained, "button": name}
            return render(request, "admin/desk/confirm.html", context | asked)
        pauses = name == "Pause"
        change = pipeline.pause if pauses else pipeline.resume
        if change(timezone.now()):
            newest = Pause.objects.exclude(by=Pause.By.WINDOW).first()
            said = "Paused." if pauses else "Resumed."
            # Of a restored database that nobody paused there is no pause.
            self.log_change(request, newest or LedgerEpoch.objects.get(), said)
            messages.success(request, f"All sending: {said.lower()}")
        return HttpResponseRedirect(reverse("admin:index"))


@admin.register(Notice)
class NoticeAdmin(Shown):
    list_display = ("created_at", "kind", "text", "told", "attempts")
    list_filter = ("kind",)
    search_fields = ("key", "text")
    search_help_text = "words of the notice, or a day like 2026-07-07"
    fields = ("kind", "text", "told", "attempts", "tried_at", "created_at")
    readonly_fields = ("told",)

    @admin.display(description="told")
    def told(self, notice: Notice) -> SafeString:
        owed = ", ".join(notice.ways)
        return badge("open", f"not yet: {owed}") if owed else badge("complete", "told")


def _may(request: Any) -> bool:
    return bool(request.user.has_perm("subscriptions.change_round"))


@admin.register(LedgerEpoch)
class LedgerEpochAdmin(Shown):
    """One row: how far the ledger has come."""

    list_display = ("ledger", "number", "at")
    search_fields = ("ledger",)
    search_help_text = "the name of a history of the ledger"
    fields = ("ledger", "number", "at")
