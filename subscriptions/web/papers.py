"""A paper's page, and search over all stored papers in the filter language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from subscriptions import matching
from subscriptions.models import Paper, Source

from .filters import Fault

RESULTS = 50


@dataclass(frozen=True, slots=True)
class Result:
    """A paper that the search found, and the words in it that the query found."""

    paper: Paper
    words: tuple[str, ...]


@require_safe
def paper(request: HttpRequest, arxiv_id: str) -> HttpResponse:
    """The newest that is known of a paper, and the lists it stood on."""
    versioned = re.fullmatch(r"(.+?)v\d+", arxiv_id, re.IGNORECASE)
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
    """`/papers?q=`: what the filter would find, or where it is wrong."""
    typed = request.GET.get("q", "").strip()
    context: dict[str, object] = {"typed": typed, "fault": None, "results": None}
    if typed:
        try:
            query = matching.parse(typed)
        except matching.FilterError as error:
            context["fault"] = Fault.of(typed, error)
        else:
            results = _results(query)
            context["results"] = results[:RESULTS]
            context["more"] = len(results) > RESULTS
            context["warnings"] = matching.warnings(query)
    return render(request, "pages/search.html", context)


def _results(query: matching.Query) -> list[Result]:
    """Best first; one more than are shown, to know whether there are more."""
    found = matching.search(query, limit=RESULTS + 1)
    papers = Paper.objects.in_bulk([each.paper for each in found])
    return [Result(papers[each.paper], tuple(each.words)) for each in found]


def _author_search(name: str) -> str:
    query = 'author:"{}"'.format(name.replace('"', ""))
    return f"{reverse('search')}?{urlencode({'q': query})}"
