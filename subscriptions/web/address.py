"""Another address: asked for with a fresh link, confirmed or stopped by letter."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscriptions import consent, links, tasks

from . import preferences, unsubscribe
from .evenly import evenly
from .forms import Address

WITHDRAW = {"action": ["withdraw"]}


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """The form of the preferences page, for who came by a letter of the last day.

    A forwarded digest must not lead anybody's papers elsewhere: its link only gets a
    fresh letter sent. Whatever the new address is, the answer is the same.
    """
    reader = preferences.reader_of(token)
    fresh = preferences.is_fresh(token)
    if request.method == "POST" and not fresh:
        return preferences.send_fresh_link(request, reader)
    form = Address(request.POST or None)
    sent = request.method == "POST" and form.is_valid()
    if sent:
        with evenly():
            consent.ask_for_address(reader.pk, form.cleaned_data["address"])
            tasks.ring(tasks.send)
    context = {"reader": reader, "token": token, "fresh": fresh}
    context |= {"address": form, "sent": sent, "alone": True}
    return render(request, "pages/address.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A page with a button, from the letter to the new address; pressing it again
    shows the same success, and where it cannot be no word says why."""
    letter_id = links.read("address", token)
    asked = consent.asked_for(letter_id)
    if asked and links.is_before(token, asked):  # it got the number after a restore
        letter_id = 0
    answered = request.method == "POST"
    reader = consent.change_address(letter_id) if answered else None
    if answered:
        tasks.ring(tasks.send)
    asked = consent.asked_for(letter_id)
    if asked and asked.is_to_its_reader:
        reader = asked.subscriber
    context = {
        "asked": None if answered else asked,
        "reader": reader,
        "preferences": links.preferences(reader) if reader else "",
    }
    return render(request, "pages/new_address.html", context)


@csrf_exempt  # mail software has no cookie; the token in the address is the key
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, token: str) -> HttpResponse:
    """Stop what was asked for, from either letter; also the one-click address of the
    letter to the new one (RFC 8058), which unsubscribes once that is the reader's."""
    letter_id = links.read("withdraw", token)
    asked = consent.asked_for(letter_id)
    if asked and asked.is_to_its_reader:
        own = links.token("unsubscribe", asked.subscriber_id)
        return unsubscribe.page(request, own)
    if request.method == "POST":
        body = dict(request.POST.lists())
        if request.FILES or body not in (unsubscribe.ONE_CLICK, WITHDRAW):
            return unsubscribe.not_one_click()
        try:
            consent.withdraw_address(letter_id)
        except DatabaseError:
            return unsubscribe.try_later()
    context = {"answered": request.method == "POST"}
    return render(request, "pages/withdraw_address.html", context)
