"""The front page and the day archive: what one source listed on one day.

Pages go by the day a source gave a paper (`listed_on`), not by the edition that mailed
it, so a late listing stands where a reader of that day looks for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from subscriptions.models import Edition, Listing, Source

from .forms import SignUp
from .zones import SOME_ZONES

PAPERS_PER_PAGE = 25  # with short abstracts this keeps a page below 60 KB
CATEGORIES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Day:
    """One source's day, as a tab, an arrow or a line of the archive shows it."""

    source: str
    day: date
    papers: int

    @property
    def name(self) -> str:
        return Source(self.source).label

    @property
    def address(self) -> str:
        return f"{reverse('day', args=[self.day])}?{urlencode({'source': self.source})}"


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    newest = newest_days()
    if not newest:
        return render(request, "pages/nothing_yet.html", _box())
    source = _chosen_source(request, list(newest))
    context = _day(request, source, newest[source])
    context["tabs"] = [_counted(each, day) for each, day in newest.items()]
    return render(request, "pages/front.html", context | _box())


@require_safe
def of_day(request: HttpRequest, day: date) -> HttpResponse:
    tabs = [_counted(each, day) for each in newest_days()]
    tabs.sort(key=lambda tab: not tab.papers)  # a tab with papers is shown first
    source = _chosen_source(request, [tab.source for tab in tabs])
    context = _day(request, source, day)
    context["tabs"] = tabs
    return render(request, "pages/day.html", context)


def _box() -> dict[str, object]:
    return {"form": SignUp(), "zones": SOME_ZONES}


def newest_days() -> dict[str, date]:
    """Per source the newest day it listed a paper, Hugging Face first.

    Samples only while no other source has an edition (rounds.md 7).
    """
    newest = {}
    for source in Source.values:
        days = _listings(source).order_by("-listed_on").values_list("listed_on")
        if first := days.first():
            newest[source] = first[0]
    return newest


def _chosen_source(request: HttpRequest, sources: list[str]) -> str:
    """The one asked for, else the first. Raises Http404 for any other."""
    chosen = request.GET.get("source") or next(iter(sources), "")
    if chosen not in sources:
        raise Http404
    return chosen


def _day(request: HttpRequest, source: str, day: date) -> dict[str, object]:
    """What the page of one day shows; 25 papers at a time."""
    listings = _listings(source).filter(listed_on=day)
    paginator = Paginator(
        listings.select_related("paper").order_by("position", "id"), PAPERS_PER_PAGE
    )
    page = paginator.get_page(request.GET.get("page"))
    edition = Edition.objects.filter(source=source, day=day).first()
    return {
        "here": Day(source, day, paginator.count),
        "listings": page.object_list,
        "page": page,
        "is_open": edition is not None and edition.state == Edition.State.OPEN,
        "is_sample": source == Source.SAMPLE,
        "before": _neighbour(source, day, later=False),
        "after": _neighbour(source, day, later=True),
        "categories": _categories(listings),
        "earlier": _earlier(source, day),
    }


def _listings(source: str) -> QuerySet[Listing]:
    return Listing.objects.shown().filter(source=source)


def _counted(source: str, day: date) -> Day:
    return Day(source, day, _listings(source).filter(listed_on=day).count())


def _neighbour(source: str, day: date, later: bool) -> Day | None:
    others = _listings(source).filter(
        **{"listed_on__gt" if later else "listed_on__lt": day}
    )
    found = others.order_by("listed_on" if later else "-listed_on").first()
    return Day(source, found.listed_on, 0) if found else None


def _categories(listings: QuerySet[Listing]) -> list[tuple[str, int]]:
    """The day's most frequent primary categories and how many papers have each."""
    lists = listings.order_by().values_list("paper__categories", flat=True)
    primary = Counter(categories[0] for categories in lists if categories)
    return primary.most_common(CATEGORIES_SHOWN)


def _earlier(source: str, day: date) -> list[Day]:
    """The days before, at most two weeks back."""
    rows = (
        _listings(source)
        .filter(listed_on__lt=day, listed_on__gte=day - timedelta(days=14))
        .values("listed_on")
        .annotate(papers=Count("id"))
        .order_by("-listed_on")[:7]
    )
    return [Day(source, row["listed_on"], row["papers"]) for row in rows]
