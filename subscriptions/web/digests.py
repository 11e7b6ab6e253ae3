"""A digest on the web, for the reader who got it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from subscriptions import links, pipeline
from subscriptions.models import Delivery

from .headers import mail_document


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The frame; the digest itself comes from its own address, where it is inert."""
    context = {"delivery": _delivery(token), "token": token}
    return render(request, "pages/digest.html", context)


@require_safe
def document(request: HttpRequest, token: str) -> HttpResponse:
    try:
        delivery = _delivery(token)
    except links.Expired as error:
        raise Http404 from error
    return mail_document(pipeline.web_copy(delivery.pk).html)


def _delivery(token: str) -> Delivery:
    """Raises as `links.read_row` does, and Expired too where the digest itself is no
    longer kept: one of an old date that was made late is emptied before its link
    expires."""
    delivery = links.read_row("digest", token, Delivery.objects.all())
    if not delivery.picks:
        raise links.Expired("digest")
    return delivery
