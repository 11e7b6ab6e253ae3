"""All that is stored about a reader: a copy of it, and its end."""

from __future__ import annotations

from collections.abc import Callable

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscriptions import consent
from subscriptions.models import Subscriber

from .preferences import is_fresh, reader_of, send_fresh_link


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest, token: str) -> HttpResponse:
    """Everything in one file, which people can read too."""
    return _by_fresh_link(request, token, "pages/export.html", _file)


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """The second confirmation: a page of its own, and a button."""
    return _by_fresh_link(request, token, "pages/erase.html", _erased)


def _by_fresh_link(
    request: HttpRequest,
    token: str,
    template: str,
    pressed: Callable[[HttpRequest, Subscriber], HttpResponse],
) -> HttpResponse:
    """A page with a button. The link of a digest, which may have been forwarded, only
    gets a letter sent; with the link in that, the button does what it says."""
    reader = reader_of(token)
    fresh = is_fresh(token)
    if request.method == "POST":
        return (pressed if fresh else send_fresh_link)(request, reader)
    return render(request, template, {"reader": reader, "token": token, "fresh": fresh})


def _file(request: HttpRequest, reader: Subscriber) -> HttpResponse:
    name = f"paper-round-{timezone.now():%Y-%m-%d}.json"
    return JsonResponse(
        consent.stored_about(reader.pk),
        encoder=DjangoJSONEncoder,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _erased(request: HttpRequest, reader: Subscriber) -> HttpResponse:
    consent.erase(reader.pk)
    return render(request, "pages/erased.html")
