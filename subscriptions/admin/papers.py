"""Papers, and which source listed them when. Ingestion writes them all."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from subscriptions import ingestion
from subscriptions.models import Edition, Listing, Paper, SourceRun

from .rows import Shown, badge, lines, link, list_link

# Longer than the rest of the row, and for the database's index alone.
_FOR_SEARCH = ("title_words", "abstract_words", "facts")


def _searched(typed: str) -> str:
    """The id of a paper where a link to it was pasted."""
    return ingestion.pasted_id(typed) or typed


@admin.register(Paper)
class PaperAdmin(Shown):
    list_display = ("title", "arxiv_id", "day", "primary", "upvotes", "comments")
    list_filter = ("day", "created_at")
    search_fields = ("arxiv_id", "title")
    search_help_text = "arXiv id, a link to it, or words of the title"
    date_hierarchy = "day"
    fieldsets = (
        (None, {"fields": ("title", "arxiv_id", "day", "listed", "at_arxiv")}),
        ("As it reads", {"fields": ("names", "abstract", "summary", "note")}),
        (
            "What the sources say",
            {
                "fields": (
                    "filed_under",
                    "upvotes",
                    "comments",
                    "code_url",
                    "project_url",
                    "organisation",
                    "submitter",
                    "marked_with",
                    "created_at",
                    "updated_at",
                )
            },
        ),
    )
    readonly_fields = ("listed", "at_arxiv", "names", "filed_under", "marked_with")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Paper]:
        rows: QuerySet[Paper] = super().get_queryset(request)
        return rows.defer(*_FOR_SEARCH)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Paper], search_term: str
    ) -> tuple[QuerySet[Paper], bool]:
        return super().get_search_results(request, queryset, _searched(search_term))

    @admin.display(description="category")
    def primary(self, paper: Paper) -> str:
        return paper.categories[0] if paper.categories else "-"

    @admin.display(description="listed by")
    def listed(self, paper: Paper) -> SafeString | str:
        listings = paper.listings.select_related("edition").defer("frozen")
        return lines(
            [
                format_html(
                    "{} on {}",
                    each.get_source_display(),
                    link(each, f"{each.listed_on}"),
                )
                for each in listings
            ]
        )

    @admin.display(description="at arXiv")
    def at_arxiv(self, paper: Paper) -> SafeString:
        return format_html(
            '<a class="pr-link" rel="noreferrer" href="{0}">{0}</a>', paper.abstract_url
        )

    @admin.display(description="authors")
    def names(self, paper: Paper) -> str:
        return ", ".join(paper.authors) or "-"

    @admin.display(description="categories")
    def filed_under(self, paper: Paper) -> str:
        return ", ".join(paper.categories) or "-"

    @admin.display(description="keywords")
    def marked_with(self, paper: Paper) -> str:
        return ", ".join(paper.keywords) or "-"


@admin.register(Edition)
class EditionAdmin(Shown):
    list_display = ("name", "shown_state", "papers", "partial", "published_at")
    list_filter = ("source", "state", "partial")
    search_fields = ("source", "day")
    search_help_text = "source, or a day like 2026-07-07"
    date_hierarchy = "day"
    fields = (
        "source",
        "day",
        "shown_state",
        "papers",
        "partial",
        "created_at",
        "published_at",
        "more",
    )
    readonly_fields = ("shown_state", "more")

    @admin.display(description="edition", ordering="day")
    def name(self, edition: Edition) -> str:
        return str(edition)

    @admin.display(description="state", ordering="state")
    def shown_state(self, edition: Edition) -> SafeString:
        return badge(edition.state)

    @admin.display(description="see also")
    def more(self, edition: Edition) -> SafeString | str:
        where = {"source__exact": edition.source, "day": edition.day}
        return lines(
            [
                list_link(Listing, "its papers", edition__id__exact=edition.pk),
                list_link(SourceRun, "the runs that filled it", **where),
            ]
        )


@admin.register(Listing)
class ListingAdmin(Shown):
    list_display = ("title", "source", "listed_on", "its_edition", "position")
    list_display_links = ("title",)
    list_filter = ("source", "listed_on")
    list_select_related = ("paper", "edition")
    search_fields = ("paper__arxiv_id", "paper__title")
    search_help_text = "arXiv id, a link to it, or words of the title"
    date_hierarchy = "listed_on"
    fields = (
        "its_paper",
        "source",
        "its_edition",
        "listed_on",
        "position",
        "as_published",
        "created_at",
    )
    readonly_fields = ("its_paper", "its_edition", "as_published")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        rows: QuerySet[Listing] = super().get_queryset(request)
        return rows.defer("frozen", *(f"paper__{name}" for name in _FOR_SEARCH))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Listing], search_term: str
    ) -> tuple[QuerySet[Listing], bool]:
        return super().get_search_results(request, queryset, _searched(search_term))

    @admin.display(description="paper", ordering="paper__title")
    def title(self, listing: Listing) -> str:
        return listing.paper.title

    @admin.display(description="paper")
    def its_paper(self, listing: Listing) -> SafeString | str:
        return link(listing.paper)

    @admin.display(description="edition", ordering="edition__day")
    def its_edition(self, listing: Listing) -> SafeString | str:
        return (
            link(listing.edition) if listing.edition else "none: too old to be mailed"
        )

    @admin.display(description="as published")
    def as_published(self, listing: Listing) -> str:
        if not listing.frozen:
            return "not published yet"
        card = listing.card
        return f"{card.title}, with {card.upvotes} upvotes and {card.comments} comments"


@admin.register(SourceRun)
class SourceRunAdmin(Shown):
    list_display = (
        "what",
        "shown_state",
        "told",
        "seen",
        "new",
        "updated",
        "listed",
        "rejected",
        "its_edition",
        "finished_at",
    )
    list_filter = ("source", "state")
    search_fields = ("source", "reason", "origin")
    search_help_text = "source, words of the reason, or where it was fetched from"
    date_hierarchy = "day"
    fields = (
        "source",
        "day",
        "attempt",
        "shown_state",
        "reason",
        "its_edition",
        "seen",
        "new",
        "updated",
        "listed",
        "rejected",
        "origin",
        "started_at",
        "finished_at",
    )
    readonly_fields = ("shown_state", "its_edition")

    @admin.display(description="run", ordering="day")
    def what(self, run: SourceRun) -> str:
        return f"{run.get_source_display()} {run.day}, attempt {run.attempt}"

    @admin.display(description="state", ordering="state")
    def shown_state(self, run: SourceRun) -> SafeString:
        return badge(run.state)

    @admin.display(description="reason")
    def told(self, run: SourceRun) -> str:
        """As much of the reason as a line of the list can hold."""
        return Truncator(run.reason).chars(140)

    @admin.display(description="edition")
    def its_edition(self, run: SourceRun) -> SafeString:
        # A link by what they share: looking the row up would be a query per line.
        return list_link(Edition, "edition", source__exact=run.source, day=run.day)
