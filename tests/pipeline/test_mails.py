"""The ledger's rows as mails: what a digest says, and each kind of letter."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions import consent, links, pipeline
from subscriptions.models import Delivery, Edition, Letter, Subscriber
from subscriptions.pipeline import digests
from subscriptions.pipeline.digests import Digests
from subscriptions.pipeline.letters import outgoing_letters
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

pytestmark = pytest.mark.django_db
LONG = "\u3053\u308c\u306f\u898b\u672c\u3067\u3059\u3002" * 300  # "this is a sample."
WEDNESDAY = TUESDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """It is Tuesday noon: links carry the second at which they were made."""
    with time_machine.travel(datetime(2026, 7, 7, 12, tzinfo=UTC), tick=False):
        yield


def listed(edition: Edition, *titles: str, **fields: Any) -> None:
    for title in titles:
        a_listing(a_paper(title=title, **fields), edition)


def the_digest(reader: Subscriber, day: Any = TUESDAY) -> EmailMessage:
    delivery = reader.deliveries.get(due_date=day)
    (mail,) = outgoing_digests([delivery.pk]).values()
    assert mail.recipient == reader.email
    return parsed(mail.message())


def the_letter(reader: Subscriber) -> EmailMessage:
    (mail,) = outgoing_letters([reader.letters.get().pk]).values()
    assert mail.recipient == reader.email
    return parsed(mail.message())


def parsed(message: bytes) -> EmailMessage:
    mail = message_from_bytes(message, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


# --- digests --------------------------------------------------------------------


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


# --- letters --------------------------------------------------------------------


def test_a_confirm_letter_has_the_link_and_nothing_that_was_typed() -> None:
    wanted = consent.Wanted("visit evil.example now", "visit evil.example now", "Prize")
    consent.subscribe("one@example.org", [wanted], consent.Schedule())
    reader = Subscriber.objects.get()
    mail = the_letter(reader)
    assert links.confirm(reader) in text(mail)
    assert "evil" not in mail.as_string()
    assert "Prize" not in mail.as_string()


def test_a_letter_to_another_address_than_the_readers_unsubscribes_nobody(
    settings: Any,
) -> None:
    """Whoever reads it there is not the reader, and has no mailbox of theirs."""
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"
    reader = a_reader_of("gradient")
    kinds = {"goodbye": "", "new_address": "new@example.net"}
    for kind, recipient in kinds.items():
        reader.letters.create(kind=kind, recipient=recipient, message_id="<1@x.org>")
    ids = [each.pk for each in reader.letters.order_by("pk")]
    own, other = (parsed(outgoing_letters([pk])[pk].message()) for pk in ids)
    assert "mailto:" in own["List-Unsubscribe"]
    assert "mailto:" not in other["List-Unsubscribe"]


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


@time_machine.travel("2026-07-07T04:00Z", tick=False)
def test_a_welcome_says_when_the_next_digest_is_due_and_what_filters_bring() -> None:
    listed(an_edition(day=TUESDAY - timedelta(days=1)), "Protein one", "Protein two")
    listed(an_edition(), "Protein folding")
    reader = a_reader_of("protein", hour=7, zone="Europe/Berlin")
    # Had it all, and confirms again: nothing new, so a letter instead of a digest.
    reader.covered, reader.awaits_first_digest = {"arxiv": "2026-07-07"}, True
    reader.save()
    pipeline.compose_day(TUESDAY)
    said = text(the_letter(reader))
    assert "due Tuesday 7 July at 07:00 (Europe/Berlin)" in said
    assert "protein: 1 to 2 papers a day, median 1.5, over 2 editions" in said


def test_a_first_digest_in_which_nothing_matches_is_a_welcome_letter() -> None:
    listed(an_edition(), "Protein folding", abstract="")
    reader = a_reader_of("gradient", awaits_first_digest=True)
    pipeline.compose_day(TUESDAY)
    assert reader.letters.get().kind == "welcome"
    assert "Wednesday 8 July at 08:00 (UTC)" in text(the_letter(reader))


def test_a_preferences_letter_has_the_link() -> None:
    reader = a_reader()
    consent.send_preferences_link(reader.email)
    assert "works for one day" in text(the_letter(reader))
    assert links.account(reader) in text(the_letter(reader))


def test_a_goodbye_leads_to_the_page_that_takes_it_back() -> None:
    reader = a_reader()
    consent.unsubscribe(reader.pk, "digest")
    assert reader.letters.get().kind == "goodbye"
    assert links.unsubscribe(reader) in text(the_letter(reader))


def test_changing_the_address_is_told_at_both_with_links_that_work_there() -> None:
    reader = a_reader(email="old@example.org")
    consent.ask_for_address(reader.pk, "new@example.com")
    asked, told = (
        reader.letters.get(kind=kind) for kind in ("new_address", "address_asked")
    )
    mails = outgoing_letters([asked.pk, told.pk])
    new, old = parsed(mails[asked.pk].message()), parsed(mails[told.pk].message())
    assert (new["To"], old["To"]) == ("new@example.com", "old@example.org")
    assert mails[asked.pk].recipient == "new@example.com"
    assert links.new_address(asked) in text(new)
    assert links.withdraw_address(told) in text(old)
    assert links.withdraw_address(asked) in new["List-Unsubscribe"]
    assert links.unsubscribe(reader) in old["List-Unsubscribe"]


def test_the_question_to_a_new_address_has_nothing_of_reader_or_visitor() -> None:
    reader = a_reader(email="old@example.org", zone="Asia/Tokyo", hour=5)
    a_subscription(reader, "gradient", name="Prize")
    consent.ask_for_address(reader.pk, "free.pills@evil.example")
    asked = reader.letters.get(kind="new_address")
    (mail,) = outgoing_letters([asked.pk]).values()
    html = parsed(mail.message()).get_body(("html",))
    assert html is not None
    for said in (text(parsed(mail.message())), str(html.get_content())):
        for typed in ("pills", "evil", "old@", "Prize", "gradient", "Tokyo", "05:00"):
            assert typed not in said
        assert links.unsubscribe(reader) not in said
        assert links.preferences(reader) not in said


def test_the_letter_that_it_is_done_goes_to_the_address_left() -> None:
    reader = a_reader(email="old@example.org")
    consent.ask_for_address(reader.pk, "new@example.com")
    consent.change_address(reader.letters.get(kind="new_address").pk)
    done = reader.letters.get(kind="address_changed")
    (mail,) = outgoing_letters([done.pk]).values()
    assert mail.recipient == "old@example.org"
    assert "n•••@example.com" in text(parsed(mail.message()))
    assert "new@example.com" not in mail.message().decode()


def test_after_a_year_a_letter_asks_with_a_link_that_is_the_answer() -> None:
    reader = a_reader(weekdays=0b0000100, cadence="chosen")
    Subscriber.objects.update(last_action_at=datetime(2025, 7, 1, tzinfo=UTC))
    assert pipeline.remind(timezone.now())["asked"] == 1
    said = text(the_letter(reader))
    assert links.still_useful(reader) in said
    assert links.preferences(reader) in said
    assert "once a week from 6 August 2026 on, on Wednesdays" in said
    assert "from 5 November 2026 on not at all" in said


# What compose tells of these; the other letters can do without.
NEEDED: dict[str, dict[str, Any]] = {
    "welcome": {"next_due": "2026-07-08", "volumes": []},
    "nothing_today": {
        "day": "2026-07-07",
        "weekly": False,
        "editions": [{"source": "arxiv", "day": "2026-07-07", "papers": 712}],
        "filters": 1,
        "notes": [],
        "next_due": "2026-07-08",
    },
}


@pytest.mark.parametrize("kind", Letter.Kind.values)
def test_every_letter_says_who_it_is_from_and_which_it_is(kind: str) -> None:
    reader = a_reader()
    letter = Letter.objects.create(
        subscriber=reader,
        kind=kind,
        context=NEEDED.get(kind, {}),
        message_id="<1@example.org>",
    )
    (mail,) = outgoing_letters([letter.pk]).values()
    made = parsed(mail.message())
    assert (made["Message-ID"], made["To"]) == ("<1@example.org>", reader.email)
    said, list_id, sender_id = made["Feedback-ID"].split(":")
    assert (said, list_id) == (kind, settings.LIST_ID)
    assert 5 <= len(sender_id) <= 15
    assert made["Subject"]
    assert made.get_body(("html",)) is not None
