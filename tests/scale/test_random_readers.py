"""Imported readers with random filters over three real days of both sources.

Each gets exactly the papers that the naive evaluator says, up to their cap and none
twice; each mail parses without a defect; a second round sends nothing. 100 readers by
default, 2,000 with `bin/test --full`.
"""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from subscriptions import pipeline
from subscriptions.matching import Document, Query
from subscriptions.models import Delivery, Edition, Listing, Subscriber
from tests.matching.oracle import satisfies
from tests.matching.random_filters import Filters
from tests.sending.oracle import Oracle
from tests.sending.rows import server

READERS = 2000 if os.environ.get("TEST_FULL") else 50
DAYS = [date(2026, 6, day) for day in (22, 23, 24)]
SEED = 20260622

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_gets_exactly_what_the_naive_evaluator_says(
    shared: Path, tmp_path: Path, settings: Any
) -> None:
    take_in(shared)
    wishes = import_readers(tmp_path / "readers.csv")
    settings.VAR_DIR = tmp_path
    had: dict[str, set[int]] = defaultdict(set)
    with Oracle(tmp_path / "taken.jsonl") as relay:
        settings.EMAIL_SERVER = server(relay.url)
        for day in DAYS:
            report = pipeline.run(day)
            assert report.due == READERS
            assert report.sent + report.skipped == READERS
            again = pipeline.run(day)
            assert (again.sent, again.skipped, again.due) == (0, 0, READERS)
            assert again.totals == report.totals
            check_picks(day, wishes, had)
        check_mails(relay.messages)
        assert len(relay.taken()) == Delivery.objects.filter(state="sent").count()


def take_in(shared: Path) -> None:
    for day in DAYS:
        for folder, ending in (("hf_daily", "json"), ("arxiv_daily", "jsonl")):
            path = shared / "data" / folder / f"{day}.{ending}"
            assert pipeline.ingest_file(path).rejected == 0


def import_readers(path: Path) -> dict[str, list[Query]]:
    """Import READERS with one to three random filters; the trees by address."""
    listings = Listing.objects.select_related("paper", "edition")
    filters = Filters(SEED, [Document.of_listing(each) for each in listings])
    random = Random(SEED)
    wishes = {}
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["address", "filters", "zone", "hour", "confirmed_at"])
        for number in range(READERS):
            address = f"reader{number}@example.org"
            some = [filters.next() for _ in range(random.choice((1, 2, 3)))]
            wishes[address] = [query for _, query in some]
            zone = random.choice(("UTC", "Asia/Tokyo", "America/New_York"))
            texts = "|".join(text for text, _ in some)
            rows.writerow([address, texts, zone, random.randrange(24), "2026-01-05"])
    with path.open(newline="") as lines:
        done = pipeline.import_subscribers(lines)
    assert (done.imported, done.rejected) == (READERS, [])
    return wishes


def check_picks(
    day: date, wishes: dict[str, list[Query]], had: dict[str, set[int]]
) -> None:
    listings = Listing.objects.filter(edition__day=day).select_related("paper")
    assert Edition.objects.published().filter(day=day).count() == 2
    documents = [Document.of_listing(each) for each in listings]
    caps = dict(Subscriber.objects.values_list("email", "max_papers"))
    for delivery in Delivery.objects.filter(due_date=day).select_related("subscriber"):
        address = delivery.subscriber.email
        wanted = {
            each.paper
            for each in documents
            if any(satisfies(each, query) for query in wishes[address])
        }
        wanted -= had[address]
        got = [pick["paper"] for pick in delivery.picks]
        cap = caps[address] or 12
        assert len(got) == len(set(got)) == min(cap, len(wanted)), address
        assert set(got) <= wanted, address
        assert delivery.matched == len(wanted)
        assert bool(got) == (delivery.state == "sent")
        had[address] |= set(got)


def check_mails(messages: list[bytes]) -> None:
    papers = dict(Listing.objects.values_list("pk", "paper_id"))
    picked, again = {}, {}
    for each in Delivery.objects.filter(state="sent"):
        picked[each.message_id] = {pick["paper"] for pick in each.picks}
        again[each.message_id] = {papers[line["listing"]] for line in each.also}
    ids = dict(Listing.objects.values_list("paper__arxiv_id", "paper_id"))
    for raw in messages:
        mail = message_from_bytes(raw, policy=policy.default)
        parts = list(mail.walk())
        assert [part.defects for part in parts] == [[] for _ in parts]
        for part in parts:
            if not part.is_multipart():
                found = re.findall(r"arxiv\.org/abs/([\w./-]+)", part.get_content())
                shown = {ids[arxiv_id] for arxiv_id in found}
                key = str(mail["Message-ID"])
                assert picked[key] <= shown <= picked[key] | again[key]
