"""What a browser is told about every answer: what it may load, frame, send and keep.

Three policies cover the site, so this is forty lines of our own instead of a
dependency: pages, the admin, and mail shown as HTML, which sets its own header.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from subscriptions import links

PAGES = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# django-unfold is built on Alpine, which evaluates expressions found in attributes.
ADMIN = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-eval'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
# No script, no image, no request, an origin of its own. Links open beside the page.
MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
POLICY, FRAMES = "Content-Security-Policy", "X-Frame-Options"
# Pages whose address is a key, or which show somebody's mail.
PRIVATE = (
    *("/me/", "/confirm/", "/address/", "/unsubscribe/"),
    *("/still/", "/tune/", "/digests/", "/inbox/"),
)
# Not `no-referrer`: under it browsers send forms with `Origin: null`, which the CSRF
# check refuses. This one never sends a path, so no token leaves with it either.
REFERRER = "strict-origin"


class PolicyMiddleware:
    """Sets the headers of pages and admin; an answer that brought its own keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "HEAD" and not response.streaming:
            # gunicorn drops the body of such an answer, but warns of each.
            response.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        if settings.DEBUG and response.status_code >= 500:
            return response  # Django's page for developers brings inline styles
        if POLICY not in response:
            admin = request.path.startswith("/admin/")
            response[POLICY] = ADMIN if admin else PAGES
            response[FRAMES] = "DENY"
        response["Referrer-Policy"] = REFERRER
        response["Permissions-Policy"] = (
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        response["X-Content-Type-Options"] = "nosniff"
        if request.path.startswith(PRIVATE):
            response["Cache-Control"] = "no-store"
            response["X-Robots-Tag"] = "noindex"
        return response

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        """Our pages for a link that has expired and for what is not there, a link that
        is none of ours included; with DEBUG too: readers see them in a trial."""
        if isinstance(exception, links.Expired):
            context = {"purpose": str(exception)}
            return render(request, "pages/expired.html", context, status=410)
        is_missing = isinstance(exception, Http404 | links.BadLink)
        if is_missing and not request.path.startswith("/admin/"):
            return render(request, "404.html", status=404)
        return None


def mail_document(html: str) -> HttpResponse:
    """HTML of a mail for an iframe of ours: inert, its links opening in a new tab."""
    head = re.search(r"<head\b[^>]*>", html, re.IGNORECASE)
    at = head.end() if head else 0
    return as_mail(HttpResponse(f'{html[:at]}<base target="_blank">{html[at:]}'))


def as_mail(response: HttpResponse) -> HttpResponse:
    """Under the policy for what came by mail."""
    response[POLICY] = MAIL
    response[FRAMES] = "SAMEORIGIN"
    return response
