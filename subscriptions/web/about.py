"""Pages about the service itself: privacy, not found, not understood."""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

# What is kept and for how long, in the words of the privacy page. Change it together
# with `consent.forget` and `consent.erase`, which do it.
RETENTION = (
    ("Your address, schedule and filters", "until you erase them"),
    (
        "When you last pressed a button here, to ask after a year whether to go on",
        "until you erase yourself",
    ),
    ("The papers you saved and the words you muted", "until you remove them"),
    ("A sign-up that is never confirmed", "7 days after its last letter"),
    (
        "A new address you asked for, and the one you left for it",
        "7 days after the letter",
    ),
    (
        "A keyed hash of an address that was asked to confirm, to count the letters",
        "7 days after the last one",
    ),
    (
        "The same of the network that a sign-up came from, and of the address's domain",
        "7 days after the last one",
    ),
    (
        "That a mail to you came back, or was reported as spam, and when",
        "until you erase yourself",
    ),
    ("What a mail server said with it, without addresses", "90 days"),
    ("When you agreed, to which words", "until you erase yourself"),
    (
        "Which papers a digest held or a letter named, and for which filters and mutes",
        "90 days from its date, or from when it was made or sent where that is later",
    ),
    (
        "When a digest was due and what became of it",
        "until you erase yourself",
    ),
    ("A filter that nobody uses any more", "deleted on the next clean-up"),
    (
        "A keyed hash of an address that bounced or complained",
        "until an operator lifts it; the address cannot be read from it",
    ),
)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/privacy.html", {"retention": RETENTION})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look for it unasked, as on the admin's pages."""
    return redirect(static("subscriptions/favicon.svg"))


@csrf_exempt
def not_found(request: HttpRequest, anything: str) -> HttpResponse:
    """Our 404; an address that only has a slash too many or too few is led on.

    GET and HEAD only: a redirect would lose what a POST says (RFC 8058).
    """
    path = request.path
    other = path.rstrip("/") if path.endswith("/") else f"{path}/"
    if request.method in {"GET", "HEAD"} and resolve(other).func is not not_found:
        return redirect(other)
    return render(request, "404.html", status=404)


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Our 400. A host that is not ours is mostly a proxy that does not pass it, and
    nothing of it is logged: anybody can send one."""
    is_host = isinstance(exception, DisallowedHost)
    return render(request, "400.html", {"wrong_host": is_host}, status=400)
