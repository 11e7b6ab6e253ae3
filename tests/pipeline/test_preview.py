"""A digest before it goes, and on the web as it went."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from subscriptions import consent, pipeline
from subscriptions.models import Delivery, Letter, Round, Subscriber
from tests.factories import (
    TUESDAY,
    a_listing,
    a_paper,
    a_subscription,
    an_edition,
)

from .digests import a_reader_of

pytestmark = pytest.mark.django_db
WEDNESDAY = TUESDAY + timedelta(days=1)


def a_day_with(*titles: str) -> None:
    edition = an_edition()
    for title in titles:
        a_listing(a_paper(title=title), edition)


def test_a_preview_is_the_digest_that_compose_would_write() -> None:
    a_day_with("Gradient flows", "Protein folding")
    reader = a_reader_of("gradient")
    mail = pipeline.preview(reader.email.upper(), TUESDAY)
    assert mail is not None
    assert "Gradient flows" in mail.text and "Protein" not in mail.text
    pipeline.compose_day(TUESDAY)
    composed = pipeline.preview(reader.email, TUESDAY)
    assert composed is not None
    assert composed.subject == mail.subject
    assert reader.deliveries.get().message_id.encode() in mail.message


def test_a_preview_writes_and_owes_nothing() -> None:
    a_day_with("Gradient flows")
    reader = a_reader_of("gradient", awaits_first_digest=True, recheck_had=True)
    assert pipeline.preview(reader.email, TUESDAY) is not None
    after = Subscriber.objects.get()
    assert (after.covered, after.awaits_first_digest, after.recheck_had) == (
        {},
        True,
        True,
    )
    for rows in (Delivery, Letter, Round):
        assert not rows.objects.exists()


def test_three_files_are_written_for_a_look_from_outside(tmp_path: Path) -> None:
    a_day_with("Schrödinger bridges")
    reader = a_reader_of("bridge")
    out = tmp_path / "new" / "folder"
    mail = pipeline.preview(reader.email, TUESDAY, out)
    assert mail is not None
    names = ["2026-07-07.eml", "2026-07-07.html", "2026-07-07.txt"]
    assert sorted(path.name for path in out.iterdir()) == names
    message = message_from_bytes((out / names[0]).read_bytes(), policy=policy.default)
    assert message.defects == []
    assert message["To"] == reader.email
    assert (out / names[1]).read_text(encoding="utf-8") == mail.html
    assert "Schrödinger" in (out / names[2]).read_text(encoding="utf-8")


def test_a_reader_of_text_has_no_html_and_no_empty_file(tmp_path: Path) -> None:
    a_day_with("Gradient flows")
    reader = a_reader_of("gradient", text_only=True)
    mail = pipeline.preview(reader.email, TUESDAY, tmp_path)
    assert mail is not None
    assert mail.html == ""
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["2026-07-07.eml", "2026-07-07.txt"]


def test_what_is_written_already_is_shown_as_it_is() -> None:
    a_day_with("Gradient flows", "Protein folding")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    consent.drop_filter(reader.pk, reader.subscriptions.get().pk)
    a_subscription(reader, "protein")
    mail = pipeline.preview(reader.email, TUESDAY)
    assert mail is not None
    assert "Gradient flows" in mail.text and "Protein" not in mail.text


@pytest.mark.parametrize("composed", [False, True])
def test_where_nothing_matches_there_is_no_preview(
    composed: bool, tmp_path: Path
) -> None:
    a_day_with("Protein folding")
    reader = a_reader_of("gradient")
    if composed:
        pipeline.compose_day(TUESDAY)
    assert pipeline.preview(reader.email, TUESDAY, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_without_a_new_edition_there_is_no_preview() -> None:
    reader = a_reader_of("*")
    assert pipeline.preview(reader.email, TUESDAY) is None


def test_a_preview_leaves_out_what_the_reader_had() -> None:
    listing = a_listing(a_paper(title="Gradient flows"))
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    reader.deliveries.update(state="sent")
    again = an_edition(source="hf", day=WEDNESDAY)
    a_listing(listing.paper, again)
    assert pipeline.preview(reader.email, WEDNESDAY) is None
    a_listing(a_paper(title="Gradient noise"), again)
    mail = pipeline.preview(reader.email, WEDNESDAY)
    assert mail is not None
    assert "Gradient noise" in mail.subject


def test_an_address_nobody_has_raises() -> None:
    with pytest.raises(Subscriber.DoesNotExist):
        pipeline.preview("nobody@example.org", TUESDAY)


# --- on the web -----------------------------------------------------------------


def unmarked(html: str) -> str:
    """As in the mail, whose why-line alone carries the marks."""
    card, why, rest = html.partition('<p class="why"')
    return re.sub(r'<span class="mark"[^>]*>(.*?)</span>', r"\1", card) + why + rest


def test_the_web_copy_is_the_mail_that_went_with_its_words_marked() -> None:
    a_day_with("Gradient flows", "Protein folding")
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    copy = pipeline.web_copy(reader.deliveries.get().pk)
    sent = pipeline.preview(reader.email, TUESDAY)
    assert sent is not None
    assert (copy.subject, copy.left_out) == (sent.subject, sent.left_out)
    assert ">Gradient</span> flows" in copy.html and "Protein" not in copy.html
    # Links, and how long they work, included.
    assert unmarked(copy.html) == unmarked(sent.html) == sent.html


def test_a_reader_of_text_has_html_on_the_web() -> None:
    a_day_with("Gradient flows")
    reader = a_reader_of("gradient", text_only=True)
    pipeline.compose_day(TUESDAY)
    html = pipeline.web_copy(reader.deliveries.get().pk).html
    assert "Gradient flows" in unmarked(html)


def test_the_web_copy_survives_that_filters_and_papers_change() -> None:
    listing = a_listing(a_paper(title="Gradient flows"))
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY)
    consent.drop_filter(reader.pk, reader.subscriptions.get().pk)
    listing.paper.title = "Withdrawn"
    listing.paper.save()
    html = pipeline.web_copy(reader.deliveries.get().pk).html
    assert "Gradient flows" in unmarked(html) and "Withdrawn" not in html


def test_a_digest_that_is_not_there_raises() -> None:
    with pytest.raises(Delivery.DoesNotExist):
        pipeline.web_copy(1)
