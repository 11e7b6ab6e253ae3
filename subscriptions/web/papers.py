"""A paper's page, and search over all stored papers in the filter language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from subscriptions import ingestion, matching
from subscriptions.models import Paper, Source

from .filters import Fault

RESULTS = 25
# Further than anybody reads; deeper ones cost the more the deeper they are.
LAST_PAGE = 400


@dataclass(frozen=True, slots=True)
class Result:
    """A paper that the search found, and the words in it that the query found."""

    paper: Paper
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Of `total` papers those from the `first` to the `last` (counted from 1), and the
    addresses of the pages beside this one, "" where there is none."""

    results: list[Result]
    total: int
    first: int
    last: int
    before: str
    after: str


@require_safe
def paper(request: HttpRequest, arxiv_id: str) -> HttpResponse:
    """The newest that is known of a paper, and the lists it stood on."""
    versioned = re.fullmatch(r"(.*?[^/])v\d+", arxiv_id, re.IGNORECASE)
    if versioned and not Paper.objects.filter(arxiv_id=arxiv_id).exists():
        return redirect("paper", versioned[1], permanent=True)
    found = get_object_or_404(Paper.objects.shown(), arxiv_id=arxiv_id)
    listings = found.listings.shown().order_by("listed_on", "source")
    context = {
        "paper": found,
        "listings": listings,
        "is_sample": any(each.source == Source.SAMPLE for each in listings),
        "author_search": _author_search,
    }
    return render(request, "pages/paper.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`/papers?q=`: what the filter would find, or where it is wrong; for the id of a
    paper or a link to it, its page."""
    typed = request.GET.get("q", "").strip()
    context: dict[str, object] = dict.fromkeys(("fault", "missing", "page"))
    context["typed"] = typed
    if wanted := ingestion.pasted_id(typed):
        if Paper.objects.shown().filter(arxiv_id=wanted).exists():
            return redirect("paper", wanted)
        context["missing"] = Paper(arxiv_id=wanted)
    elif typed:
        try:
            query = matching.parse(typed)
        except matching.FilterError as error:
            context["fault"] = Fault.of(typed, error)
        else:
            newest = request.GET.get("sort") == "newest"
            context["newest"] = newest
            context["page"] = _page(query, typed, newest, _number(request))
            context["other_order"] = _address(typed, not newest)
            context["warnings"] = matching.warnings(query)
    return render(request, "pages/search.html", context)


def _number(request: HttpRequest) -> int:
    """Which page is asked for; the first if that makes no sense."""
    asked = request.GET.get("page", "")
    return min(int(asked), LAST_PAGE) if re.fullmatch("[1-9][0-9]{0,5}", asked) else 1


def _page(query: matching.Query, typed: str, newest: bool, number: int) -> Page:
    start = (number - 1) * RESULTS
    order: matching.Order = "newest" if newest else "best"
    found = matching.search(query, start=start, limit=RESULTS, order=order)
    papers = Paper.objects.in_bulk([each.paper for each in found.found])
    last = start + len(found.found)
    more = last < found.total and number < LAST_PAGE
    return Page(
        results=[Result(papers[each.paper], each.words) for each in found.found],
        total=found.total,
        first=start + 1,
        last=last,
        before=_address(typed, newest, number - 1) if number > 1 else "",
        after=_address(typed, newest, number + 1) if more else "",
    )


def _address(typed: str, newest: bool, number: int = 1) -> str:
    """Of a page of what is searched for."""
    asked = {"q": typed}
    if newest:
        asked["sort"] = "newest"
    if number > 1:
        asked["page"] = str(number)
    return f"{reverse('search')}?{urlencode(asked)}"


def _author_search(name: str) -> str:
    return _address('author:"{}"'.format(name.replace('"', "")), newest=False)
