"""Rounds, digests, letters, and what came back. The ledger is read here, not written.

The one thing staff do is to pause a round and resume it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from subscriptions import pipeline
from subscriptions.models import (
    Delivery,
    DeliveryEvent,
    Letter,
    Listing,
    Round,
    Subscriber,
)

from .figures import NEED_A_PERSON
from .rows import (
    OfAReader,
    Shown,
    after_asking,
    badge,
    how_many,
    lines,
    link,
    list_link,
    seen_again,
)

State = Delivery.State


@admin.register(Round)
class RoundAdmin(Shown):
    list_display = (
        "due_date",
        "shown_state",
        "papers",
        "filters",
        "due",
        "sent",
        "bad",
    )
    list_filter = ("state", "paused")
    search_fields = ("due_date",)
    search_help_text = "a day like 2026-07-07, or a month like 2026-07"
    date_hierarchy = "due_date"
    list_per_page = 31  # their deliveries are counted: no more than a month's a page
    fields = (
        "due_date",
        "shown_state",
        "papers",
        "filters",
        "faults",
        "deliveries",
        "started_at",
        "completed_at",
    )
    readonly_fields = ("shown_state", "deliveries")
    actions_detail = ("pause", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Round]:
        rows: QuerySet[Round] = super().get_queryset(request)
        # By the date, whose index has the states: no row of the ledger is read.
        all_ = Delivery.objects.filter(due_date=OuterRef("due_date"))
        return rows.annotate(
            due=how_many(all_, by="due_date"),
            sent=how_many(all_.filter(state=State.SENT), by="due_date"),
            bad=how_many(all_.filter(state__in=NEED_A_PERSON), by="due_date"),
        )

    @admin.display(description="state", ordering="state")
    def shown_state(self, round_: Round) -> SafeString:
        return badge("paused" if round_.paused else round_.state)

    @admin.display(description="due")
    def due(self, round_: Any) -> SafeString:
        return list_link(Delivery, str(round_.due), round__id__exact=round_.pk)

    @admin.display(description="sent")
    def sent(self, round_: Any) -> int:
        return int(round_.sent)

    @admin.display(description="failed or in doubt")
    def bad(self, round_: Any) -> int:
        return int(round_.bad)

    @admin.display(description="deliveries")
    def deliveries(self, round_: Round) -> SafeString | str:
        of_date = Delivery.objects.filter(due_date=round_.due_date)
        counts = of_date.order_by("state").values("state").annotate(n=Count("*"))
        return lines(
            [
                format_html(
                    "{} {}",
                    badge(each["state"]),
                    list_link(
                        Delivery,
                        str(each["n"]),
                        round__id__exact=round_.pk,
                        state__exact=each["state"],
                    ),
                )
                for each in counts
            ]
        )

    def has_pause_permission(
        self, request: HttpRequest, object_id: str | int | None = None
    ) -> bool:
        return self._may_set_paused(request, object_id, now=False)

    def has_resume_permission(
        self, request: HttpRequest, object_id: str | int | None = None
    ) -> bool:
        return self._may_set_paused(request, object_id, now=True)

    @after_asking(
        "Pause",
        "pause",
        "Pause this round?",
        "What is not sent yet waits until the round is resumed.",
    )
    def pause(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._set_paused(request, object_id, True)

    @after_asking(
        "Resume",
        "play_arrow",
        "Resume this round?",
        "What waits is sent from the next minute on.",
    )
    def resume(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._set_paused(request, object_id, False)

    def _may_set_paused(
        self, request: HttpRequest, object_id: str | int | None, now: bool
    ) -> bool:
        is_so = Round.objects.filter(pk=object_id or 0, paused=now).exists()
        return is_so and request.user.has_perm("subscriptions.change_round")

    def _set_paused(
        self, request: HttpRequest, object_id: str, paused: bool
    ) -> HttpResponse:
        round_ = Round.objects.get(pk=object_id)
        change = pipeline.pause if paused else pipeline.resume
        change(timezone.now(), round_.due_date)
        done = "Paused." if paused else "Resumed."
        self.log_change(request, round_, done)
        messages.success(request, f"{round_}: {done.lower()}")
        return seen_again(request, round_)


class OfReaders(OfAReader, Shown):
    """Rows of which each reader has many."""

    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole address by its reader's index; a part of one reads every row."""
        if reader := Subscriber.objects.at(search_term).first():
            return queryset.filter(subscriber=reader), False
        return super().get_search_results(request, queryset, search_term)


class MailAdmin(OfReaders):
    """What a digest's and a letter's lists have in common."""

    list_select_related: ClassVar[tuple[str, ...]] = ("subscriber",)
    search_fields = ("subscriber__email", "message_id", "reason")
    search_help_text = "address (a whole one is quick), Message-ID, or words of a reply"

    @admin.display(description="state", ordering="state")
    def shown_state(self, mailing: Any) -> SafeString:
        return badge(mailing.state, mailing.get_state_display().lower())


@admin.register(Delivery)
class DeliveryAdmin(MailAdmin):
    list_display = (
        "due_date",
        "reader",
        "shown_state",
        "papers",
        "attempts",
        "sent_at",
        "reason",
        "its_round",
    )
    list_display_links = ("due_date",)
    list_filter = ("state", "first", "due_date")
    list_select_related: ClassVar = ("subscriber", "round")
    fieldsets = (
        (None, {"fields": ("reader", "its_round", "shown_state", "reason", "events")}),
        ("What it holds", {"fields": ("first", "picked", "by_filter", "covers")}),
        (
            "How it went",
            {
                "fields": (
                    "attempts",
                    "next_at",
                    "expires_at",
                    "sent_at",
                    "message_id",
                    "created_at",
                    "updated_at",
                )
            },
        ),
    )
    readonly_fields = (
        "reader",
        "its_round",
        "shown_state",
        "events",
        "picked",
        "by_filter",
        "covers",
    )

    @admin.display(description="papers")
    def papers(self, delivery: Delivery) -> int:
        return len(delivery.picks)

    @admin.display(description="round", ordering="due_date")
    def its_round(self, delivery: Delivery) -> SafeString | str:
        return link(delivery.round)

    @admin.display(description="came back")
    def events(self, delivery: Delivery) -> SafeString | str:
        return lines([link(each, f"{each}") for each in delivery.events.all()])  # type: ignore[misc]

    @admin.display(description="papers")
    def picked(self, delivery: Delivery) -> SafeString | str:
        ids = [pick["listing"] for pick in delivery.picks]
        listings = Listing.objects.select_related("paper").defer("frozen").in_bulk(ids)
        found = [listings[each] for each in ids if each in listings]
        return lines([link(each, each.paper.title) for each in found])  # type: ignore[misc]

    @admin.display(description="matched, before the cap")
    def by_filter(self, delivery: Delivery) -> SafeString | str:
        return lines(
            [
                format_html("{}: {}", each.get("name"), each.get("matched"))
                for each in delivery.filters
            ]
        )

    @admin.display(description="editions covered")
    def covers(self, delivery: Delivery) -> SafeString | str:
        return lines(
            [
                format_html("{} {}: {} papers", e["source"], e["day"], e["papers"])
                for e in delivery.editions
            ]
        )


@admin.register(Letter)
class LetterAdmin(MailAdmin):
    list_display = (
        "created_at",
        "kind",
        "reader",
        "shown_state",
        "attempts",
        "sent_at",
        "reason",
    )
    list_filter = ("kind", "state", "created_at")
    # `context` and `recipient` are left out: they may hold what somebody typed who has
    # not confirmed.
    fields = (
        "kind",
        "reader",
        "shown_state",
        "reason",
        "attempts",
        "next_at",
        "expires_at",
        "created_at",
        "sent_at",
        "message_id",
    )
    readonly_fields = ("reader", "shown_state")


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(OfReaders):
    list_display = (
        *("at", "shown_type", "status", "verdict", "reader", "digest", "detail"),
    )
    list_filter = ("type", "verdict", "at")
    list_select_related = ("subscriber", "delivery")
    search_fields = ("subscriber__email", "status", "detail")
    search_help_text = (
        "address (a whole one is quick), status code, or words of a reply"
    )
    fields = (
        *("shown_type", "status", "verdict", "detail"),
        *("reader", "digest", "letter", "at"),
    )
    readonly_fields = ("shown_type", "reader", "digest")

    @admin.display(description="event", ordering="type")
    def shown_type(self, event: DeliveryEvent) -> SafeString:
        return badge(event.type)

    @admin.display(description="digest", ordering="delivery__due_date")
    def digest(self, event: DeliveryEvent) -> SafeString | str:
        day = event.delivery and event.delivery.due_date
        return link(event.delivery, f"{day}")
