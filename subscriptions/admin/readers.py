"""Readers, what they asked for, and what they agreed to.

`consent` is the only writer of a reader's state, and of what they agreed to; here a
reader's hour and form of mail can be set, for one who asks by telephone.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.db.models import OuterRef, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from subscriptions import consent
from subscriptions.models import (
    ConsentRecord,
    Delivery,
    DeliveryEvent,
    Letter,
    Mute,
    SavedPaper,
    Subscriber,
    Subscription,
    Suppression,
    TopicFilter,
)

from .rows import (
    Fixed,
    OfAFilter,
    OfAReader,
    Shown,
    after_asking,
    badge,
    how_many,
    lines,
    list_link,
    seen_again,
)


class Settings(Fixed):
    """Rows of which staff may set some fields.

    Only what was changed is written: the row is also compose's and consent's.
    """

    may_set: ClassVar[frozenset[str]] = frozenset()

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool
    ) -> None:
        obj.save(update_fields=self.may_set & set(form.changed_data))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        """By number: the log stays when a reader is erased, address and filters not."""
        entry = super().log_change(request, obj, message)
        entry.object_repr = f"{self.opts.verbose_name} {obj.pk}"
        entry.save(update_fields=["object_repr"])
        return entry


@admin.register(Subscriber)
class SubscriberAdmin(Settings):
    may_set = frozenset(
        {"zone", "hour", "hold_until", "max_papers", "full_abstracts", "text_only"}
    )
    list_display = (
        "email",
        "shown_state",
        "cadence",
        "hour",
        "zone",
        "filters",
        "paused_until",
        "confirmed_at",
    )
    list_filter = ("state", "cadence", "text_only", "created_at")
    search_fields = ("email",)
    search_help_text = "address, or a part of it"
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("email", "shown_state", "more")}),
        (
            "Mail",
            {
                "fields": (
                    "hour",
                    "zone",
                    "hold_until",
                    "max_papers",
                    "full_abstracts",
                    "text_only",
                )
            },
        ),
        (
            "The reader's own choice",
            {"fields": ("cadence", "days", "nothing_today", "paused_until")},
        ),
        (
            "So far",
            {
                "fields": (
                    "so_far",
                    "awaits_first_digest",
                    "due_after",
                    "created_at",
                    "confirmed_at",
                    "unsubscribed_at",
                    "last_mail_at",
                    "last_action_at",
                    "silence",
                    "silence_at",
                )
            },
        ),
    )
    readonly_fields = (
        "email",
        "shown_state",
        "more",
        "cadence",
        "days",
        "nothing_today",
        "paused_until",
        "so_far",
        "awaits_first_digest",
        "due_after",
        "created_at",
        "confirmed_at",
        "unsubscribed_at",
        "last_mail_at",
        "last_action_at",
        "silence",
        "silence_at",
    )

    actions_detail = ("suppress",)

    def has_suppress_permission(
        self, request: HttpRequest, object_id: str | int | None = None
    ) -> bool:
        row = Subscriber.objects.filter(pk=object_id or 0)
        return row.exclude(
            state=Subscriber.State.SUPPRESSED
        ).exists() and request.user.has_perm("subscriptions.add_suppression")

    @after_asking(
        "Suppress",
        "block",
        "Never mail this address again?",
        "Nothing is sent to it, even if it signs up again, until you lift it.",
    )
    def suppress(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        reader = Subscriber.objects.get(pk=object_id)
        consent.suppress(reader.pk, Suppression.Reason.OPERATOR)
        self.log_change(request, reader, "Suppressed.")
        messages.success(request, "Suppressed: nothing is sent to this address.")
        return seen_again(request, reader)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        rows: QuerySet[Subscriber] = super().get_queryset(request)
        mine = Subscription.objects.filter(subscriber=OuterRef("pk"), enabled=True)
        return rows.annotate(filters_on=how_many(mine, by="subscriber"))

    @admin.display(description="state", ordering="state")
    def shown_state(self, reader: Subscriber) -> SafeString:
        return badge(reader.state)

    @admin.display(description="filters")
    def filters(self, reader: Any) -> SafeString:
        return list_link(
            Subscription, str(reader.filters_on), subscriber__id__exact=reader.pk
        )

    @admin.display(description="days")
    def days(self, reader: Subscriber) -> str:
        names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        return " ".join(n for bit, n in enumerate(names) if reader.weekdays >> bit & 1)

    @admin.display(description="newest edition covered")
    def so_far(self, reader: Subscriber) -> str:
        return ", ".join(f"{s} {day}" for s, day in reader.covered.items()) or "-"

    @admin.display(description="see also")
    def more(self, reader: Subscriber) -> SafeString | str:
        kinds = {
            Delivery: (reader.deliveries.count(), "digests"),
            Letter: (reader.letters.count(), "letters"),
            Subscription: (reader.subscriptions.count(), "filters"),
            Mute: (reader.mutes.count(), "mutes"),
            SavedPaper: (reader.saved_papers.count(), "saved papers"),
            ConsentRecord: (reader.consent_records.count(), "consent records"),
            DeliveryEvent: (reader.events.count(), "events"),
        }
        return lines(
            [
                list_link(model, f"{count} {name}", subscriber__id__exact=reader.pk)
                for model, (count, name) in kinds.items()
            ]
        )


@admin.register(Subscription)
class SubscriptionAdmin(OfAReader, OfAFilter, Settings):
    may_set = frozenset({"name", "enabled"})
    list_display = ("label", "reader", "canonical", "enabled", "created_at")
    list_display_links = ("label",)
    list_filter = ("enabled", "created_at")
    list_select_related = ("subscriber", "filter")
    search_fields = ("subscriber__email", "name", "text")
    search_help_text = "address, name of the filter, or a part of it"
    fields = (
        "name",
        "enabled",
        "text",
        "canonical",
        "reader",
        "position",
        "created_at",
    )
    readonly_fields = ("text", "canonical", "reader", "position", "created_at")


@admin.register(TopicFilter)
class TopicFilterAdmin(Shown):
    list_display = ("text", "readers", "created_at")
    search_fields = ("text",)
    search_help_text = "a part of the canonical text"
    fields = ("text", "readers", "created_at")
    readonly_fields = ("readers",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TopicFilter]:
        rows: QuerySet[TopicFilter] = super().get_queryset(request)
        uses = Subscription.objects.filter(filter=OuterRef("pk"), enabled=True)
        return rows.annotate(used_by=how_many(uses, by="filter"))

    @admin.display(description="readers", ordering="used_by")
    def readers(self, row: Any) -> SafeString:
        return list_link(Subscription, str(row.used_by), filter__id__exact=row.pk)


@admin.register(ConsentRecord)
class ConsentRecordAdmin(OfAReader, Shown):
    list_display = ("at", "action", "reader", "source")
    list_filter = ("action", "source", "at")
    list_select_related = ("subscriber",)
    search_fields = ("subscriber__email", "text")
    search_help_text = "address, or the words agreed to"
    ordering = ("-id",)
    fields = ("reader", "action", "source", "text", "at")
    readonly_fields = ("reader",)


@admin.register(Suppression)
class SuppressionAdmin(Shown):
    list_display = ("reason", "at", "standing", "detail", "lifted_at")
    list_filter = ("reason", ("lifted_at", admin.EmptyFieldListFilter))
    search_fields = ("detail",)
    search_help_text = "a whole address (kept as a keyed hash only), or the detail"
    date_hierarchy = "at"
    fields = ("standing", "reason", "detail", "at", "lifted_at")
    readonly_fields = ("standing",)
    actions_detail = ("lift",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "@" in search_term:
            hashes = Suppression.hashes_of(search_term)
            return queryset.filter(address_hash__in=hashes), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="state", ordering="lifted_at")
    def standing(self, row: Suppression) -> SafeString:
        if row.lifted_at:
            return badge("unsubscribed", "lifted")
        return badge("suppressed", "standing")

    def has_lift_permission(
        self, request: HttpRequest, object_id: str | int | None = None
    ) -> bool:
        row = Suppression.objects.standing().filter(pk=object_id or 0)
        return row.exists() and request.user.has_perm(
            "subscriptions.change_suppression"
        )

    @after_asking(
        "Lift",
        "lock_open",
        "Lift this suppression?",
        "The address may be mailed again once its owner asks.",
    )
    def lift(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        row = Suppression.objects.get(pk=object_id)
        consent.lift(row.pk)
        self.log_change(request, row, "Lifted.")
        messages.success(request, "Lifted: the address may sign up again.")
        return seen_again(request, row)
