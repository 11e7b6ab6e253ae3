"""A digest on the web, for the reader who got it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from subscriptions import links, pipeline
from subscriptions.models import Delivery

from .headers import as_mail, mail_document


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The frame; the digest itself comes from its own address, where it is inert."""
    try:
        delivery = _delivery(token)
    except links.Expired:
        return render(request, "pages/expired.html", {"purpose": "digest"}, status=410)
    context = {"delivery": delivery, "token": token}
    return render(request, "pages/digest.html", context)


@require_safe
def document(request: HttpRequest, token: str) -> HttpResponse:
    try:
        delivery = _delivery(token)
    except links.Expired as error:
        raise Http404 from error
    copy = pipeline.web_copy(delivery.pk)
    if not copy.html:  # the reader asked for text only
        return as_mail(render(request, "pages/digest_text.html", {"copy": copy}))
    return mail_document(copy.html)


def _delivery(token: str) -> Delivery:
    try:
        return Delivery.objects.get(pk=links.read("digest", token))
    except links.Expired:
        raise
    except (links.BadLink, Delivery.DoesNotExist) as error:
        raise Http404 from error
