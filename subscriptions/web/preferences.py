"""What a reader changes through the link in every mail: `/me/<token>/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from subscriptions import consent, links, matching, tasks
from subscriptions.models import Subscriber, Subscription

from . import kept, preview
from .evenly import evenly
from .forms import (
    AddFilter,
    Address,
    Format,
    OwnSchedule,
    Pause,
    Rename,
    format_of,
    schedule_of,
)
from .zones import zones

# Papers that the page may have to read to say what the filters bring: about a third of
# a second. More are read where somebody tries a filter.
_READ = 1_000
DONE = {
    "add": "The filter is added. It takes part from your next digest on.",
    "filter": "The filter is changed.",
    "drop": "The filter is deleted.",
    "schedule": "The new schedule holds from your next digest on.",
    "pause": "Your digests are paused.",
    "resume": "Your digests go on.",
    "format": "Your next digest will look like this.",
    "still": "Good to hear. Your papers come as they always did.",
    **kept.DONE,
}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """All settings on one page, a form each; `action` says which one was sent."""
    reader = reader_of(token)
    problems: dict[str, forms.Form] = {}
    if "take" in request.POST:
        shown = _shown(request, reader, {}) | _tried(request)
        return render(request, "pages/preferences.html", shown | _key(token))
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action not in ACTIONS:
            return HttpResponseBadRequest("There is no such setting.\n")
        faulty = ACTIONS[action](reader, request)
        if faulty is None:
            return redirect(f"{request.path}?done={action}")
        problems[action] = faulty
    return render(
        request,
        "pages/preferences.html",
        _shown(request, reader, problems) | _key(token),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def send_link(request: HttpRequest) -> HttpResponse:
    """A fresh link by mail; the answer is the same for every address."""
    form = Address(request.POST or None)
    sent = request.method == "POST" and form.is_valid()
    if sent:
        with evenly():
            consent.send_preferences_link(form.cleaned_data["address"])
            tasks.ring(tasks.send)
    context = {"form": form, "sent": sent}
    return render(request, "pages/preferences_link.html", context)


def send_fresh_link(request: HttpRequest, reader: Subscriber) -> HttpResponse:
    """What a digest's link gets instead of what a forwarded one must not do."""
    consent.send_own_link(reader.pk)
    tasks.ring(tasks.send)
    return render(request, "pages/preferences_link.html", {"sent": True})


def is_fresh(token: str) -> bool:
    """Does it come from a letter of the last day, asked for by the reader?"""
    try:
        links.read("account", token)
    except links.BadLink:
        return False
    return True


def reader_of(token: str) -> Subscriber:
    """Whose link this is, from a letter or from a digest. Raises as `links.read_row`
    does."""
    readers = Subscriber.objects.all()
    try:
        return links.read_row("account", token, readers)
    except links.Expired:
        raise
    except links.BadLink:
        return links.read_row("preferences", token, readers)


def _shown(
    request: HttpRequest, reader: Subscriber, problems: dict[str, forms.Form]
) -> dict[str, Any]:
    today = timezone.now().astimezone(reader.tz).date()
    return kept.shown(request, reader, problems.get("mute")) | {
        "reader": reader,
        "address": Address(),
        "subscriptions": _with_volumes(reader),
        "limit": settings.FILTERS_PER_READER,
        "is_paused": reader.is_paused_on(today),
        "unsubscribe": links.unsubscribe(reader),
        "done": DONE.get(request.GET.get("done", ""), "") if not problems else "",
        "problems": problems,
        "schedule": problems.get("schedule")
        or OwnSchedule(initial=schedule_of(reader)),
        "add": problems.get("add") or AddFilter(),
        "pause": problems.get("pause") or Pause(today=today),
        "format": problems.get("format") or Format(initial=format_of(reader)),
        "today": today,
        "zones": zones(),
        "lines": [],
    }


def _key(token: str) -> dict[str, Any]:
    return {"token": token, "fresh": is_fresh(token), "alone": False}


def _with_volumes(reader: Subscriber) -> list[tuple[Subscription, matching.Volume]]:
    """The reader's filters, and how many papers a day each would have brought."""
    mine = list(reader.subscriptions.select_related("filter"))
    texts = [each.filter.text for each in mine]
    return list(zip(mine, matching.volumes(texts, at_most=_READ), strict=True))


def _tried(request: HttpRequest) -> dict[str, Any]:
    """The form that adds a filter, as typed, and what the filter would bring."""
    typed, wanted = request.POST.get("text", ""), request.POST["take"]
    text = " ".join(preview.taken(" ".join(typed.split()), wanted).split())
    form = AddFilter(initial={"text": text, "name": request.POST.get("name", "")})
    return {"add": form, "lines": preview.lines(text)}


# --- what each form does: None when it is done, else the form with its errors --------


def _add(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    form = AddFilter(request.POST)
    if not form.is_valid():
        return form
    try:
        consent.add_filter(reader.pk, form.cleaned_data["wanted"])
    except consent.TooManyFilters:
        most = settings.FILTERS_PER_READER
        form.add_error("text", f"{most} filters are the most. Delete one, or use OR.")
        return form
    return None


def _edit(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    form = Rename(request.POST)
    if not form.is_valid():
        return form
    cleaned = form.cleaned_data
    consent.edit_subscription(
        reader.pk, cleaned["subscription"], cleaned["name"], cleaned["enabled"]
    )
    return None


def _drop(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    form = Rename(request.POST)
    if not form.is_valid():
        return form
    consent.drop_filter(reader.pk, form.cleaned_data["subscription"])
    return None


def _schedule(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    form = OwnSchedule(request.POST)
    if not form.is_valid():
        return form
    consent.change_schedule(
        reader.pk,
        form.schedule(),
        nothing_today=form.cleaned_data["nothing_today"],
        hold_until=form.cleaned_data["hold_until"],
    )
    return None


def _pause(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    today = timezone.now().astimezone(reader.tz).date()
    form = Pause(request.POST, today=today)
    if not form.is_valid():
        return form
    consent.pause(reader.pk, form.cleaned_data["until"])
    return None


def _resume(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    consent.pause(reader.pk, None)
    return None


def _still(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    consent.still_reading(reader.pk)
    return None


def _format(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    form = Format(request.POST)
    if not form.is_valid():
        return form
    cleaned = form.cleaned_data
    consent.change_format(
        reader.pk,
        max_papers=cleaned["max_papers"],
        full_abstracts=cleaned["abstracts"] == "full",
        text_only=cleaned["text_only"],
    )
    return None


ACTIONS: dict[str, Callable[[Subscriber, HttpRequest], forms.Form | None]] = {
    "add": _add,
    "filter": _edit,
    "drop": _drop,
    "schedule": _schedule,
    "pause": _pause,
    "resume": _resume,
    "format": _format,
    "still": _still,
    **kept.ACTIONS,
}
