"""The ledger's deliveries as mails: what a digest says, and what is kept of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions import consent, pipeline
from subscriptions.models import Delivery, Subscriber
from subscriptions.pipeline import digests
from subscriptions.pipeline.digests import Digests
from subscriptions.pipeline.mails import outgoing_digests
from subscriptions.rendering import cards
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)

from .digests import a_reader_of
from .mails import listed, parsed, text

pytestmark = pytest.mark.django_db
LONG = "\u3053\u308c\u306f\u898b\u672c\u3067\u3059\u3002" * 300  # "this is a sample."
WEDNESDAY = TUESDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """It is Tuesday noon: links carry the second at which they were made."""
    with time_machine.travel(datetime(2026, 7, 7, 12, tzinfo=UTC), tick=False):
        yield


def the_digest(reader: Subscriber, day: Any = TUESDAY) -> EmailMessage:
    delivery = reader.deliveries.get(due_date=day)
    (mail,) = outgoing_digests([delivery.pk]).values()
    assert mail.recipient == reader.email
    return parsed(mail.message())


def test_a_digest_has_its_papers_and_the_words_that_found_them() -> None:
    listed(an_edition(), "Gradients and flows", "Protein folding", abstract="")
    reader = a_reader()
    a_subscription(reader, "gradient*", name="Optimisers")
    pipeline.compose_day(TUESDAY)
    mail = the_digest(reader)
    assert mail["To"] == reader.email
    assert mail["Message-ID"] == reader.deliveries.get().message_id
    assert "Gradients and flows" in text(mail)
    assert "Optimisers: *Gradients* in the title" in text(mail)
    assert "Protein" not in text(mail)


def test_a_mail_is_the_same_bytes_however_often_it_is_made() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    ids = [reader.deliveries.get().pk]
    (mail,), (again,) = (outgoing_digests(ids).values() for _ in range(2))
    assert mail.message() == mail.message() == again.message()


def test_each_of_a_batch_gets_their_own() -> None:
    listed(an_edition(), "Gradient flows", "Protein folding", abstract="")
    one, two = a_reader_of("gradient"), a_reader_of("protein")
    pipeline.compose_day(TUESDAY)
    ids = list(Delivery.objects.values_list("pk", flat=True))
    to = {mail.recipient: mail.message() for mail in outgoing_digests(ids).values()}
    assert set(to) == {one.email, two.email}
    assert "Protein" not in text(parsed(to[one.email]))
    assert "Gradient" not in text(parsed(to[two.email]))


def test_a_mail_is_made_without_asking_the_database() -> None:
    """Right before it is sent, among other mails that wait for their replies."""
    listed(an_edition(), "Gradient flows")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    (mail,) = outgoing_digests([reader.deliveries.get().pk]).values()
    with CaptureQueriesContext(connection) as asked:
        message = mail.message()
    assert len(asked) == 0
    assert "Gradient flows" in text(parsed(message))


def test_one_batch_reads_no_paper_that_another_has_read() -> None:
    listed(an_edition(), "Gradient flows", "Gradient descent")
    one, two = a_reader_of("gradient"), a_reader_of("flows", "gradient")
    pipeline.compose_day(TUESDAY)
    first, second = (each.deliveries.get().pk for each in (one, two))
    (alone,) = outgoing_digests([second]).values()
    kept = Digests()
    outgoing_digests([first], kept)
    with CaptureQueriesContext(connection) as asked:
        (mail,) = outgoing_digests([second], kept).values()
    assert len(asked) == 1  # the delivery itself
    assert mail.message() == alone.message()


def test_a_filter_deleted_after_compose_still_names_its_papers() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader()
    a_subscription(reader, "gradient", name="Optimisers")
    pipeline.compose_day(TUESDAY)
    before = the_digest(reader)
    consent.drop_filter(reader.pk, reader.subscriptions.get().pk)
    assert "Optimisers: *Gradient* in the title" in text(before)
    assert text(the_digest(reader)) == text(before)


def test_a_paper_changed_after_publication_stands_as_it_was_published() -> None:
    listing = a_listing(a_paper(title="Gradient flows"))
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    listing.paper.title = "Withdrawn"
    listing.paper.save()
    assert "Gradient flows" in text(the_digest(reader))


def test_what_the_mail_had_no_room_for_was_not_had() -> None:
    edition = an_edition(source="hf")
    told = {"abstract": LONG * 4, "summary": LONG * 4}
    listed(edition, *[f"Gradient {number} {LONG}" for number in range(40)], **told)
    reader = a_reader_of("gradient", max_papers=40)
    pipeline.compose_day(TUESDAY)
    mail = the_digest(reader)
    delivery = reader.deliveries.get()
    assert 0 < delivery.left_out < 40
    assert f"and {delivery.left_out} more on the web" in text(mail)
    # On the next day the other source lists all of them again.
    again = an_edition(day=WEDNESDAY)
    for listing in list(edition.listings.all()):
        a_listing(listing.paper, again)
    reader.deliveries.update(state="sent")
    pipeline.compose_day(WEDNESDAY)
    left_out = {pick["paper"] for pick in delivery.picks[-delivery.left_out :]}
    next_ = reader.deliveries.get(due_date=WEDNESDAY)
    assert {pick["paper"] for pick in next_.picks} == left_out


def test_a_worker_keeps_nothing_of_the_digests_of_earlier_calls() -> None:
    """Each call reads its papers anew: what was coded of them by their objects never
    comes again, and a worker runs for months."""
    listed(an_edition(), "Gradient one", "Gradient two")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    before = standing()
    for _ in range(3):
        mails = outgoing_digests([reader.deliveries.get().pk])
        assert b"Gradient two" in next(iter(mails.values())).message()
        assert standing() == before + 2
        del mails
        assert standing() == before


@pytest.mark.parametrize(
    ("limit", "kept_in"),
    [
        ("_LISTINGS", "_listed"),
        ("_FILTERS", "_numbers"),
        ("_REASONS", "_reasons"),
        ("_ENTRIES", "_entries"),
    ],
)
def test_a_round_that_outgrows_its_room_forgets_and_mixes_nothing_up(
    limit: str, kept_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed(an_edition(), "Gradient of a protein")
    readers = [a_reader_of("gradient"), a_reader_of("protein")]
    pipeline.compose_day(TUESDAY)
    monkeypatch.setattr(digests, limit, 0)
    kept = Digests()
    for reader, other in (readers, readers[::-1]):
        (mail,) = outgoing_digests([reader.deliveries.get().pk], kept).values()
        said = text(parsed(mail.message()))
        own, their = (each.subscriptions.get().label for each in (reader, other))
        assert f"Why: {own}" in said
        assert f"Why: {their}" not in said
        assert len(getattr(kept, kept_in)) == 1


def standing() -> int:
    """How many entries are kept as mails show them, by anybody."""
    return sum(type(each) is cards.Standing for each in gc.get_objects())
