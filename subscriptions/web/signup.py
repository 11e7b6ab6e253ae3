"""Sign-up and its confirmation."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from subscriptions import consent, links, tasks
from subscriptions.models import Subscriber

from . import preview
from .evenly import evenly
from .forms import SignUp
from .zones import zones


@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The whole form; the front page's box posts here too.

    Whatever the address is (new, waiting, active, suppressed), the answer is the same.
    `take` asks what the filters would bring, with one line changed if it says so.
    """
    previews: list[preview.Line] = []
    if request.method != "POST":
        filters = request.GET.get("filters", "")
        form = SignUp(initial={"filters": filters})
        previews = preview.lines(filters) if filters.strip() else []
    elif "take" in request.POST:
        filters = preview.taken(request.POST.get("filters", ""), request.POST["take"])
        form = SignUp.again(request.POST, filters)
        previews = preview.lines(filters)
    else:
        form = SignUp(request.POST)
        if form.is_by_a_script():
            return redirect("sent")
        if form.is_valid():
            with evenly():
                consent.subscribe(
                    form.cleaned_data["address"],
                    form.cleaned_data["filters"],
                    form.schedule(),
                )
                tasks.ring(tasks.send)
            return redirect("sent")
    context = {"form": form, "zones": zones(), "lines": previews}
    return render(request, "pages/subscribe.html", context)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/sent.html")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button; pressing it again shows the same success."""
    try:
        reader = links.read_row("confirm", token, Subscriber.objects.all())
    except links.Expired:
        return render(request, "pages/expired.html", {"purpose": "confirm"}, status=410)
    except links.BadLink as error:
        raise Http404 from error
    if request.method == "POST":
        reader = consent.confirm(reader.pk)
        tasks.ring(tasks.tick)
    active = reader.state == Subscriber.State.ACTIVE
    context = {
        "reader": reader,
        "preferences": links.preferences(reader) if active else "",
        "answered": request.method == "POST",
    }
    return render(request, "pages/confirm.html", context)
