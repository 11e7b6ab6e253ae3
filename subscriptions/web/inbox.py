"""The embedded inbox: what the service mailed, on one's own machine, in a trial."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from subscriptions.sending import inbox as received

from .headers import as_mail, mail_document

NEWEST = 200  # messages listed


def _only_with_the_inbox(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """Anyone who asks may read it, so it exists only with DEBUG on loopback."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not settings.EMBEDDED_INBOX:
            raise Http404
        return view(request, *args, **kwargs)

    return require_safe(guarded)


@_only_with_the_inbox
def messages(request: HttpRequest) -> HttpResponse:
    mails = received.messages(settings.INBOX_DIR, limit=NEWEST)
    return render(request, "pages/inbox.html", {"mails": mails, "newest": NEWEST})


@_only_with_the_inbox
def message(request: HttpRequest, key: str) -> HttpResponse:
    return render(request, "pages/inbox_message.html", {"mail": _message(key)})


@_only_with_the_inbox
def document(request: HttpRequest, key: str) -> HttpResponse:
    """The HTML part alone, as its iframe loads it."""
    return mail_document(_message(key).html)


@_only_with_the_inbox
def raw(request: HttpRequest, key: str) -> HttpResponse:
    """The mail as it came over SMTP."""
    content_type = "text/plain; charset=utf-8"
    return as_mail(HttpResponse(_message(key).raw, content_type=content_type))


def _message(key: str) -> received.Received:
    try:
        return received.message(settings.INBOX_DIR, key)
    except KeyError as error:
        raise Http404 from error
