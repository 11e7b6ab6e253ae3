"""The saved papers and the muted words among a reader's preferences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest

from subscriptions import consent
from subscriptions.models import Subscriber

from .muting import TOO_MANY, read_mute

A_PAGE = 20
DONE = {
    "unsave": "The paper is no longer saved.",
    "mute": "Muted. Papers that have it are left out from your next digest on.",
    "unmute": "No longer muted, from your next digest on.",
}


class MuteTerm(forms.Form):
    """A word, a phrase or an author to mute."""

    text = forms.CharField(required=False, max_length=1000)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wanted = read_mute(cleaned.get("text", ""))
        if isinstance(wanted, str):
            raise ValidationError({"text": wanted})
        return cleaned | {"wanted": wanted}


def shown(
    request: HttpRequest, reader: Subscriber, problem: forms.Form | None
) -> dict[str, Any]:
    """What the parts of the page need; `?saved=2` is the second page of papers."""
    asked = request.GET.get("saved", "")
    number = int(asked) if re.fullmatch("[1-9][0-9]{0,5}", asked) else 1
    saved = reader.saved_papers.select_related("paper")
    return {
        "saved": Paginator(saved, A_PAGE).get_page(number),
        "mutes": reader.mutes.all(),
        "most_mutes": settings.MUTES_PER_READER,
        "mute": problem or MuteTerm(auto_id="mute-%s"),
    }


def _unsave(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    consent.unsave_paper(reader.pk, _key(request, "paper"))
    return None


def _mute(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    form = MuteTerm(request.POST, auto_id="mute-%s")
    if not form.is_valid():
        return form
    try:
        consent.mute(reader.pk, form.cleaned_data["wanted"], source="preferences")
    except consent.TooManyMutes:
        form.add_error("text", TOO_MANY.format(settings.MUTES_PER_READER))
        return form
    return None


def _unmute(reader: Subscriber, request: HttpRequest) -> forms.Form | None:
    consent.unmute(reader.pk, _key(request, "mute"))
    return None


def _key(request: HttpRequest, name: str) -> int:
    """The row that a button names; 0, which is none, for anything else."""
    given = request.POST.get(name, "")
    return int(given) if re.fullmatch("[0-9]{1,18}", given) else 0


ACTIONS: dict[str, Callable[[Subscriber, HttpRequest], forms.Form | None]] = {
    "unsave": _unsave,
    "mute": _mute,
    "unmute": _unmute,
}
