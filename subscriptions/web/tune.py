"""The "save or tune" page: one paper of a digest, for the reader who got it.

Its link works for 90 days and may have been forwarded, so it does what the paper is
about and no more: a filter added, an exclusion or a mute must be of this very paper.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscriptions import consent, links, matching
from subscriptions.consent import Wanted
from subscriptions.models import Delivery, Paper, Source

from .muting import TOO_MANY, read_mute
from .pace import Pace, TooOften, too_often
from .tuned import Tuned

# Of one digest, whatever the paper: several scanners open all its links twice.
PACE = Pace(most=120, seconds=60)
DONE = {
    "save": "Saved. Your saved papers are listed among your preferences.",
    "unsave": "No longer saved.",
    "add": "The filter is added. It takes part from your next digest on.",
    "less": "The filter is changed. That holds from your next digest on.",
    "mute": "Muted. Papers that have it are left out from your next digest on.",
    "unmute": "No longer muted.",
}
# Of a digest and its reader.
_SHOWN = ("picks", "created_at", "subscriber__email", "subscriber__state")
GONE = "This has changed meanwhile: look at what the page says now, and choose again."


@csrf_exempt  # the token in the address is the key: who has it needs no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str, arxiv_id: str) -> HttpResponse:
    """GET shows and writes nothing; `action` of a POST says which button it was."""
    try:
        tuned = _named(token, arxiv_id)
    except TooOften as often:
        return too_often(request, often)
    problem = action = ""
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action not in ACTIONS:
            return HttpResponseBadRequest("There is no such button.\n")
        problem = ACTIONS[action](tuned, request)
        if not problem:
            return redirect(f"{request.path}?done={action}")
    context = {
        "tuned": tuned,
        "reader": tuned.reader,
        "paper": tuned.paper,
        "is_sample": any(each.source == Source.SAMPLE for each in tuned.listings),
        "has_room": len(tuned.subscriptions) < settings.FILTERS_PER_READER,
        "limit": settings.FILTERS_PER_READER,
        "problem": problem,
        # What could not be muted stands in its field again, and why beside it.
        "typed": request.POST.get("text", "") if action == "mute" else None,
        "done": DONE.get(request.GET.get("done", ""), "") if not problem else "",
    }
    return render(request, "pages/tune.html", context)


def _named(token: str, arxiv_id: str) -> Tuned:
    """A paper of the delivery that the token names, for its reader: of others the page
    would tell whoever the digest was forwarded to which filters find them.

    Raises Http404, TooOften, and as `links.read_row` does.
    """
    PACE.count(links.read("tune", token))
    rows = Delivery.objects.select_related("subscriber").only(*_SHOWN)
    delivery = links.read_row("tune", token, rows)
    try:
        tuned = Tuned(delivery.subscriber, arxiv_id)
    except Paper.DoesNotExist as error:
        raise Http404 from error
    if not any(pick["paper"] == tuned.paper.pk for pick in delivery.picks):
        raise Http404
    return tuned


# --- what each button does: "" when it is done, else what is in the way ---------------


def _save(tuned: Tuned, request: HttpRequest) -> str:
    consent.save_paper(tuned.reader.pk, tuned.paper.pk)
    return ""


def _unsave(tuned: Tuned, request: HttpRequest) -> str:
    consent.unsave_paper(tuned.reader.pk, tuned.paper.pk)
    return ""


def _add(tuned: Tuned, request: HttpRequest) -> str:
    text = request.POST.get("text", "")
    offered = {each.text: each for each in tuned.tuning.more}
    if text not in offered:
        return GONE
    try:
        consent.add_filter(
            tuned.reader.pk, Wanted(text=text, canonical=offered[text].canonical)
        )
    except consent.TooManyFilters:
        most = settings.FILTERS_PER_READER
        return (
            f"You have {most} filters, and that is the most. Delete one among your "
            "preferences, or join two with OR; then come back."
        )
    return ""


def _less(tuned: Tuned, request: HttpRequest) -> str:
    key, text = request.POST.get("subscription", ""), request.POST.get("text", "")
    for each in tuned.brought:
        offered = {exclusion.text for exclusion in each.less}
        if str(each.subscription.pk) == key and text in offered:
            wanted = Wanted(text, matching.canonical(matching.parse(text)))
            changed = consent.change_filter(tuned.reader.pk, int(key), wanted)
            return "" if changed else GONE
    return GONE


def _mute(tuned: Tuned, request: HttpRequest) -> str:
    wanted = read_mute(request.POST.get("text", ""))
    if isinstance(wanted, str):
        return wanted
    if tuned.found_by(wanted.canonical) is None:
        term = wanted.text if '"' in wanted.text else f"“{wanted.text}”"
        return (
            f"This paper does not have {term}. Among your preferences you can mute "
            "anything."
        )
    try:
        consent.mute(tuned.reader.pk, wanted)
    except consent.TooManyMutes:
        return TOO_MANY.format(settings.MUTES_PER_READER)
    return ""


def _unmute(tuned: Tuned, request: HttpRequest) -> str:
    key = request.POST.get("mute", "")
    if key not in {str(each.pk) for each in tuned.mutes}:
        return GONE
    consent.unmute(tuned.reader.pk, int(key))
    return ""


ACTIONS: dict[str, Callable[[Tuned, HttpRequest], str]] = {
    "save": _save,
    "unsave": _unsave,
    "add": _add,
    "less": _less,
    "mute": _mute,
    "unmute": _unmute,
}
