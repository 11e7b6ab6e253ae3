"""Addresses of the site, one line each. Mail and API clients rely on the names."""

from __future__ import annotations

from datetime import date

from django.urls import path, register_converter

from . import (
    about,
    account,
    address,
    digests,
    editions,
    inbox,
    papers,
    preferences,
    preview,
    signup,
    still,
    tune,
    unsubscribe,
    webhooks,
)


class Day:
    """2026-07-06; arXiv began in 1991."""

    regex = r"(?:19|20)\d{2}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


class ArxivId:
    """2607.01234 or hep-th/9901001; a version at the end is led to the paper."""

    regex = r"[A-Za-z0-9][A-Za-z0-9.-]*(?:/[A-Za-z0-9.]+)?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Day, "day")
register_converter(ArxivId, "arxiv_id")

urlpatterns = [
    path("", editions.front, name="front"),
    path("papers", papers.search, name="search"),
    path("papers/date/<day:day>", editions.of_day, name="day"),
    path("papers/<arxiv_id:arxiv_id>", papers.paper, name="paper"),
    path("preview", preview.fragment, name="preview"),
    path("subscribe", signup.subscribe, name="subscribe"),
    path("subscribe/sent", signup.sent, name="sent"),
    path("confirm/<str:token>", signup.confirm, name="confirm"),
    path("me/", preferences.send_link, name="preferences_link"),
    path("me/<str:token>/", preferences.page, name="preferences"),
    path("me/<str:token>/export", account.export, name="export"),
    path("me/<str:token>/erase", account.erase, name="erase"),
    path("me/<str:token>/address", address.ask, name="change_address"),
    path("address/<str:token>", address.confirm, name="new_address"),
    path("address/<str:token>/stop", address.withdraw, name="withdraw_address"),
    path("still/<str:token>", still.page, name="still_useful"),
    path("tune/<str:token>/<arxiv_id:arxiv_id>", tune.page, name="tune"),
    path("unsubscribe/<str:token>", unsubscribe.page, name="unsubscribe"),
    path("digests/<str:token>", digests.page, name="digest"),
    path("digests/<str:token>/document", digests.document, name="digest_document"),
    path("inbox/", inbox.messages, name="inbox"),
    path("inbox/<str:key>", inbox.message, name="inbox_message"),
    path("inbox/<str:key>/document", inbox.document, name="inbox_document"),
    path("inbox/<str:key>/raw", inbox.raw, name="inbox_raw"),
    path("webhooks/<str:service>", webhooks.tracking_events, name="webhook"),
    path("privacy", about.privacy, name="privacy"),
    path("favicon.ico", about.favicon),
    path("<path:anything>", about.not_found),
]
