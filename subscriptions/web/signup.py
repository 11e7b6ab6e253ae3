"""Sign-up and its confirmation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from subscriptions import consent, links, tasks
from subscriptions.models import Subscriber

from . import preview, work
from .evenly import evenly
from .forms import SignUp
from .networks import network_of
from .text import duration
from .zones import zones

_MANY = {
    whose: f"There were many sign-ups {which} lately. So that nobody is flooded with "
    "letters, none was sent now. Please try again in {}."
    for whose, which in (
        ("network", "from your network"),
        ("domain", "for addresses at that domain"),
    )
}


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
            return _ask(request, form)
    context = {"form": form, "zones": zones(), "lines": previews}
    return render(request, "pages/subscribe.html", context)


def _ask(request: HttpRequest, form: SignUp) -> HttpResponse:
    """Have a letter ask the address; where there were many, show the form as it was
    filled in, and when or after which work it may be sent again."""
    address, filters = form.cleaned_data["address"], form.cleaned_data["filters"]
    task, answer = (request.POST.get(name, "") for name in ("task", "answer"))
    worked = bool(task) and work.is_done(task, answer, address)
    network, schedule = network_of(request), form.schedule()
    try:
        with evenly():
            consent.subscribe(
                address, filters, schedule, network=network, worked=worked
            )
            tasks.ring(tasks.send)
    except consent.TooManySignUps as many:
        form.add_error(None, _MANY[many.whose].format(duration(many.seconds)))
        form.task = None if worked else work.task_for(address)
        context = {"form": form, "zones": zones(), "lines": []}
        refused = render(request, "pages/subscribe.html", context, status=429)
        refused["Retry-After"] = str(many.seconds)
        return refused
    return redirect("sent")


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/sent.html")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button; pressing it again shows the same success."""
    reader = links.read_row("confirm", token, Subscriber.objects.all())
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
