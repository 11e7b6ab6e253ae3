"""What the lists share: rows only to be read, links between them, states as badges."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Count, Model, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

if TYPE_CHECKING:  # unfold has no types; its classes are Django's with other templates
    from django.contrib.admin import ModelAdmin

    Table = ModelAdmin[Any]
    Paged = Paginator[Any]
else:
    from unfold.admin import ModelAdmin as Table

    Paged = Paginator

F = TypeVar("F", bound=Callable[..., HttpResponse])

# Each tone has a shape of its own, so that none is told by its colour alone.
GOOD, IDLE, SAME, WAIT, WARN, BAD = "good", "idle", "same", "wait", "warn", "bad"
SHAPES = {GOOD: "●", IDLE: "○", SAME: "=", WAIT: "◔", WARN: "▲", BAD: "✕"}
TONES = {
    "active": GOOD,
    "complete": GOOD,
    "fresh": GOOD,
    "published": GOOD,
    "sent": GOOD,
    "quiet": IDLE,
    "skipped": IDLE,
    "stale": SAME,
    "unsubscribed": IDLE,
    "deferred": WAIT,
    "leased": WAIT,
    "open": WAIT,
    "pending": WAIT,
    "in_doubt": WARN,
    "partial": WARN,
    "paused": WARN,
    "complained": BAD,
    "bounced": BAD,
    "down": BAD,
    "expired": BAD,
    "failed": BAD,
    "quarantined": BAD,
    "suppressed": BAD,
}


class Pages(Paged):
    """Counts no further than anybody turns pages: a list may have millions of rows."""

    MOST = 100_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.MOST].count())


class Fixed(Table):
    """Rows that staff neither make nor delete.

    A table that grows by a row for each reader and day has no `date_hierarchy`, which
    reads all of it, and the order of its keys.
    """

    list_fullwidth = True
    paginator = Pages
    show_full_result_count = False  # it would count the whole table on every page

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


class Shown(Fixed):
    """Rows that another part of the system writes: to look at, not to change."""

    def has_change_permission(
        self, request: HttpRequest, obj: Model | None = None
    ) -> bool:
        return False


class OfAReader:
    """Has a column that leads to its row's reader."""

    @admin.display(description="reader", ordering="subscriber__email")
    def reader(self, row: Any) -> SafeString | str:
        return link(row.subscriber)


class OfAFilter:
    """Has a column that leads to its row's filter."""

    @admin.display(description="canonical")
    def canonical(self, row: Any) -> SafeString | str:
        return link(row.filter)


def badge(state: str, label: str = "") -> SafeString:
    """A state with its tone's colour and shape: "● sent"."""
    tone = TONES.get(state, IDLE)
    return format_html(
        '<span class="pr-state pr-{}"><span aria-hidden="true">{}</span> {}</span>',
        tone,
        SHAPES[tone],
        label or state.replace("_", " "),
    )


def link(row: Model | None, label: str = "") -> SafeString | str:
    """A link to this row's own page; "-" for none."""
    if row is None:
        return "-"
    meta = row._meta
    href = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    return format_html('<a class="pr-link" href="{}">{}</a>', href, label or str(row))


def list_url(model: type[Model], **lookups: object) -> str:
    """The address of this model's list, narrowed by these lookups."""
    meta = model._meta
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in lookups.items()})
    href = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return f"{href}?{query.urlencode()}" if lookups else href


def list_link(model: type[Model], label: str, **lookups: object) -> SafeString:
    href = list_url(model, **lookups)
    return format_html('<a class="pr-link" href="{}">{}</a>', href, label)


def lines(items: list[SafeString]) -> SafeString | str:
    """These under one another; "-" for none."""
    return format_html_join("", "<div>{}</div>", ((item,) for item in items)) or "-"


def seen_again(request: HttpRequest, row: Model) -> HttpResponse:
    """Back to the row's page, for a form in a dialog (htmx) and for one on its own."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    where = reverse(name, args=[row.pk])
    if (
        "HX-Request" in request.headers
    ):  # htmx would follow a 303 behind the page's back
        return HttpResponse(headers={"HX-Redirect": where})
    return HttpResponseRedirect(where)


def how_many(rows: QuerySet[Any], by: str) -> Coalesce:
    """How many of `rows`, filtered by an OuterRef on `by`, as a column.

    Unlike a joined count it is worked out for the rows of the page alone.
    """
    counted = rows.order_by().values(by).annotate(n=Count("*")).values("n")
    return Coalesce(Subquery(counted), 0)


def after_asking(
    name: str, icon: str, question: str, explained: str
) -> Callable[[F], F]:
    """A button on a row's page that does something only after a dialog was answered.

    It is there for those whom `has_<method>_permission(request, object_id)` lets, and
    refuses everyone else.
    """

    def decorate(method: F) -> F:
        dialog = {
            "title": question,
            "description": explained,
            "form_submit_text": name,
        }
        asked: F = action(
            description=name, permissions=[method.__name__], icon=icon, dialog=dialog
        )(method)
        return asked

    return decorate
