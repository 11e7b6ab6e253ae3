"""Leaving: a page with a button, and the one-click POST of mail software (RFC 8058)."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscriptions import consent, links, tasks
from subscriptions.models import Subscriber

State = Subscriber.State
ONE_CLICK = {"List-Unsubscribe": ["One-Click"]}  # RFC 8058 section 3.2
LEAVE, UNDO = {"action": ["unsubscribe"]}, {"action": ["undo"]}


@csrf_exempt  # mail software has no cookie; the token in the address is the key
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows, POST acts at once and answers 200 without a redirect.

    A body that is none of the three known changes nothing and gets 400; a database
    that cannot write gets 503, so that the sender of the POST tries again.
    """
    reader = get_object_or_404(Subscriber, pk=links.read("unsubscribe", token))
    if request.method == "POST":
        asked = dict(request.POST.lists())
        if request.FILES or asked not in (ONE_CLICK, LEAVE, UNDO):
            return not_one_click()
        try:
            reader = _act(reader.pk, asked)
        except DatabaseError:
            return try_later()
        tasks.ring(tasks.send)
    gone = reader.state in {State.UNSUBSCRIBED, State.SUPPRESSED}
    can_return = consent.can_resubscribe(reader)
    context = {"reader": reader, "gone": gone, "can_return": can_return}
    context["answered"] = request.method == "POST"
    return render(request, "pages/unsubscribe.html", context)


def _act(reader_id: int, asked: dict[str, list[str]]) -> Subscriber:
    if asked == UNDO:
        return consent.resubscribe(reader_id)
    return consent.unsubscribe(
        reader_id, source="one-click" if asked == ONE_CLICK else "letter"
    )


def not_one_click() -> HttpResponse:
    return HttpResponseBadRequest(
        "The body is not List-Unsubscribe=One-Click; nothing was changed.\n",
        content_type="text/plain; charset=utf-8",
    )


def try_later() -> HttpResponse:
    return HttpResponse(
        "This could not be written down just now; please try again in a minute.\n",
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": "60"},
    )
