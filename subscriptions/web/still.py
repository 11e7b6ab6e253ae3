"""The answer to "still useful?": a page with a button."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from subscriptions import consent, links
from subscriptions.models import Subscriber


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Pressing it again shows the same; it brings nobody back who left."""
    reader = links.read_row("still", token, Subscriber.objects.all())
    answered = request.method == "POST"
    if answered:
        reader = consent.still_reading(reader.pk)
    context = {"reader": reader, "answered": answered}
    return render(request, "pages/still_useful.html", context)
