"""The ledger's letters as mails: what each kind says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from subscriptions import consent, links, pipeline
from subscriptions.models import Letter, Subscriber
from subscriptions.pipeline.letters import outgoing_letters
from tests.factories import (
    TUESDAY,
    a_reader,
    a_subscription,
    an_edition,
)

from .digests import a_reader_of
from .mails import listed, parsed, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    """It is Tuesday noon: links carry the second at which they were made."""
    with time_machine.travel(datetime(2026, 7, 7, 12, tzinfo=UTC), tick=False):
        yield


def the_letter(reader: Subscriber) -> EmailMessage:
    (mail,) = outgoing_letters([reader.letters.get().pk]).values()
    assert mail.recipient == reader.email
    return parsed(mail.message())


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
