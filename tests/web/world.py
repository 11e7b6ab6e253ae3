"""A small world with something to show on every page, and where the pages are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from django.apps import apps
from django.core import serializers
from django.utils import timezone

from subscriptions import consent, links
from subscriptions.models import Delivery, Letter, Paper, Round, Subscriber
from subscriptions.models.readers import SILENT_UNTIL
from tests import factories

TUESDAY = factories.TUESDAY
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} </title>"


@dataclass(frozen=True)
class World:
    active: Subscriber
    pending: Subscriber
    silent: Subscriber
    delivery: Delivery
    asked: Letter

    @property
    def paper(self) -> int:
        """The paper of the active reader's digest, by id."""
        return int(self.delivery.picks[0]["paper"])

    @property
    def arxiv_id(self) -> str:
        return Paper.objects.get(pk=self.paper).arxiv_id

    def pages(self) -> dict[str, str]:
        """Every page that a GET can reach, by name."""
        return {
            "front": "/",
            "front, other source": "/?source=arxiv",
            "day": f"/papers/date/{TUESDAY}?source=hf",
            "empty day": "/papers/date/2026-07-05?source=hf",
            "paper": "/papers/hep-th/9901001",
            "search": "/papers",
            "search with results": "/papers?q=invented",
            "search, a page that is not there": "/papers?q=invented&page=9",
            "search for a paper that is not stored": "/papers?q=arXiv:2001.00001",
            "search with a fault": "/papers?q=(invented",
            "subscribe": "/subscribe",
            "sent": "/subscribe/sent",
            "confirm": path_of(links.confirm(self.pending)),
            "confirmed": path_of(links.confirm(self.active)),
            "preferences": path_of(links.preferences(self.active)),
            "export": path_of(links.account(self.active)) + "export",
            "erase": path_of(links.preferences(self.active)) + "erase",
            "preferences, by letter": path_of(links.account(self.active)),
            "address": path_of(links.account(self.active)) + "address",
            "address, from a digest": path_of(links.preferences(self.active))
            + "address",
            "new address": path_of(links.new_address(self.asked)),
            "new address, gone": path_of(links.new_address(Letter(pk=0))),
            "withdraw address": path_of(links.withdraw_address(self.asked)),
            "preferences of the silent": path_of(links.preferences(self.silent)),
            "still useful": path_of(links.still_useful(self.silent)),
            "still useful, gone": path_of(links.still_useful(self.pending)),
            "preferences link": "/me/",
            "unsubscribe": path_of(links.unsubscribe(self.active)),
            "digest": path_of(links.web_copy(self.delivery)),
            "digest document": path_of(links.web_copy(self.delivery)) + "/document",
            "tune": path_of(links.tune(self.delivery, self.arxiv_id)),
            "inbox": "/inbox/",
            "privacy": "/privacy",
        }


def a_world() -> World:
    for source in ("hf", "arxiv"):
        for day in (TUESDAY - timedelta(days=1), TUESDAY):
            edition = factories.an_edition(source=source, day=day)
            for votes in range(3):
                paper = factories.a_paper(
                    upvotes=votes, comments=votes, submitter="sample"
                )
                listing = factories.a_listing(paper, edition)
    factories.a_paper(
        arxiv_id="hep-th/9901001",
        title=HOSTILE,
        abstract=HOSTILE + "W" * 500,
        authors=[f"Sample {number} {HOSTILE}" for number in range(40)],
        day=date(1999, 1, 1),
        code_url="javascript:alert(3)",
        project_url="https://example.org/project",
    )
    active = factories.a_reader(zone="Europe/Berlin")
    mine = factories.a_subscription(active, '"policy gradient" OR hessian', "Theory")
    factories.a_subscription(active, "in:hf", enabled=False)
    factories.a_subscription(active, "paper", "Invented ones")
    consent.save_paper(active.pk, listing.paper_id)
    consent.mute(active.pk, consent.Wanted('"a reader"', '"a reader"'))
    pending = factories.a_reader(state="pending", confirmed_at=None)
    delivery = Delivery.objects.create(
        subscriber=active,
        round=Round.objects.create(due_date=TUESDAY),
        due_date=TUESDAY,
        state="sent",
        message_id="<invented@example.org>",
        picks=[
            {"listing": listing.pk, "paper": listing.paper_id, "filters": [mine.pk]}
        ],
        filters=[
            {
                "id": mine.pk,
                "filter": mine.filter_id,
                "name": "Theory",
                "text": mine.text,
                "matched": 1,
            }
        ],
        editions=[{"source": "arxiv", "day": TUESDAY.isoformat(), "papers": 3}],
    )
    asked = Letter.objects.create(
        subscriber=active,
        kind="new_address",
        state="sent",
        recipient="moved@example.org",
    )
    silent = factories.a_reader(
        silence="paused", silence_at=timezone.now(), paused_until=SILENT_UNTIL
    )
    return World(active, pending, silent, delivery, asked)


def path_of(address: str) -> str:
    return urlsplit(address).path


def checksum() -> str:
    """Changes when any row of any table of ours or Django's does."""
    rows = [
        serializers.serialize("json", model._default_manager.order_by("pk"))
        for model in apps.get_models()
    ]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()
