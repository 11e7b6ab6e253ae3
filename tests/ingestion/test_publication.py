"""When an edition is out, and what publication freezes (rounds.md, rules 3 to 5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from subscriptions import ingestion
from subscriptions.models import Edition, Listing, Paper

from .conftest import TUESDAY, Take
from .invented import a_line, an_hf_item, hf_json, json_lines

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SETTLED = datetime(2026, 7, 7, 19, 30, tzinfo=UTC)
P, Q = "2607.00001", "2607.00002"


def days(editions: list[Edition]) -> list[date]:
    return [edition.day for edition in editions]


def a_good_run(take: Take, when: datetime = SETTLED, day: date = TUESDAY) -> None:
    take(hf_json(an_hf_item(P)), day=day, now=when)


def a_cut_run(take: Take, when: datetime = SETTLED) -> None:
    """A list of which the first paper came, and then something that is no letter."""
    body = hf_json(an_hf_item(P, title="Title")).replace(b"Title", b"T\xfftle")
    assert take(body, now=when).state == "partial"


def test_rule_3_an_edition_is_out_when_its_source_has_settled(take: Take) -> None:
    a_good_run(take)
    assert ingestion.publish_settled(SETTLED - timedelta(seconds=1)) == []
    (edition,) = ingestion.publish_settled(SETTLED)
    assert (edition.state, edition.published_at) == ("published", SETTLED)
    assert not edition.partial
    assert Edition.objects.get().state == "published"


def test_rule_3_arxiv_settles_after_midnight_in_new_york(take: Take) -> None:
    settled = datetime(2026, 7, 7, 4, 30, tzinfo=UTC)  # summer time
    take(json_lines(a_line(P)), now=settled)
    assert ingestion.publish_settled(settled - timedelta(seconds=1)) == []
    assert days(ingestion.publish_settled(settled)) == [TUESDAY]


def test_rule_3_what_was_last_heard_before_it_settled_waits_to_be_heard_again(
    take: Take,
) -> None:
    a_good_run(take, SETTLED - 3 * HOUR)
    assert ingestion.publish_settled(SETTLED + HOUR) == []
    a_good_run(take, SETTLED + HOUR)
    assert days(ingestion.publish_settled(SETTLED + HOUR)) == [TUESDAY]


def test_rule_3_six_hours_later_it_is_out_with_what_is_there(take: Take) -> None:
    a_cut_run(take)
    late = SETTLED + 6 * HOUR
    assert ingestion.publish_settled(late - timedelta(seconds=1)) == []
    (edition,) = ingestion.publish_settled(late)
    assert (edition.papers, edition.partial) == (1, True)


def test_rule_3_an_outage_after_a_good_run_is_partial_too(take: Take) -> None:
    a_good_run(take, SETTLED - 3 * HOUR)
    assert take(b"[", source="hf", now=SETTLED).state == "down"
    (edition,) = ingestion.publish_settled(SETTLED + 6 * HOUR)
    assert edition.partial


def test_rule_3_a_list_that_is_suddenly_empty_does_not_close_the_day(
    take: Take,
) -> None:
    a_good_run(take, SETTLED - 3 * HOUR)
    emptied = take(b"[]", now=SETTLED)
    assert emptied.state == "down"
    assert emptied.reasons == (
        "No list came: it is empty, and papers of that day were on it.",
    )
    assert ingestion.publish_settled(SETTLED) == []
    a_good_run(take, SETTLED + HOUR)
    assert days(ingestion.publish_settled(SETTLED + HOUR)) == [TUESDAY]


def test_rule_3_what_nobody_asked_for_since_it_settled_is_partial(take: Take) -> None:
    a_good_run(take, SETTLED - 3 * HOUR)
    (edition,) = ingestion.publish_settled(SETTLED + 6 * HOUR)
    assert edition.partial


def test_rule_17_what_is_run_before_it_settled_is_what_was_wanted(take: Take) -> None:
    a_good_run(take, SETTLED - 3 * HOUR)
    (edition,) = ingestion.publish_until(TUESDAY, SETTLED - HOUR)
    assert not edition.partial


def test_rule_3_an_unusable_item_does_not_hold_the_day(take: Take) -> None:
    body = hf_json(an_hf_item(P), an_hf_item("wrong"))
    assert take(body, now=SETTLED).state == "partial"
    (edition,) = ingestion.publish_settled(SETTLED)
    assert not edition.partial


def test_rule_3_a_file_of_no_day_does_not_settle_today(take: Take) -> None:
    a_good_run(take, SETTLED - 3 * HOUR)
    take(hf_json(an_hf_item(Q)), day=None, now=SETTLED)
    assert ingestion.publish_settled(SETTLED) == []


def test_rule_3_an_edition_is_published_once(take: Take) -> None:
    a_good_run(take)
    assert len(ingestion.publish_settled(SETTLED)) == 1
    assert ingestion.publish_settled(SETTLED + HOUR) == []
    assert ingestion.publish_until(TUESDAY, SETTLED + HOUR) == []
    assert Edition.objects.get().published_at == SETTLED


def test_rule_4_publication_freezes_what_the_merged_card_shows(take: Take) -> None:
    take(hf_json(an_hf_item(P, title="At Hugging Face")))
    take(json_lines(a_line(P, title="At arXiv")), day=TUESDAY)
    ingestion.publish_until(TUESDAY, SETTLED)
    take(json_lines(a_line(P, title="A newer title")), day=TUESDAY + DAY)
    take(hf_json(an_hf_item(P, upvotes=99)), day=TUESDAY + DAY)
    paper = Paper.objects.get()
    assert (paper.title, paper.upvotes) == ("A newer title", 99)
    for listing in Listing.objects.all():
        assert (listing.card.title, listing.card.upvotes) == ("At arXiv", 5)
        assert listing.card.categories == ("cs.LG", "cs.CL")
        assert listing.card.day == date(2026, 7, 3)


def test_rule_4_until_then_a_card_shows_the_newest(take: Take) -> None:
    a_good_run(take)
    take(hf_json(an_hf_item(P, upvotes=99)))
    assert Listing.objects.get().card.upvotes == 99


def test_rule_5_publishing_a_day_publishes_every_earlier_open_one_first(
    take: Take,
) -> None:
    for back, arxiv_id in enumerate([P, Q, "2607.00003"]):
        take(hf_json(an_hf_item(arxiv_id)), day=TUESDAY - back * DAY)
    published = ingestion.publish_until(TUESDAY - DAY, SETTLED)
    assert days(published) == [TUESDAY - 2 * DAY, TUESDAY - DAY]
    assert days(list(Edition.objects.open())) == [TUESDAY]


def test_rule_5_a_settled_day_takes_an_earlier_one_that_was_not_heard_whole(
    take: Take,
) -> None:
    take(hf_json(an_hf_item(Q)), day=TUESDAY - DAY, now=SETTLED - 40 * HOUR)
    a_good_run(take)
    assert days(ingestion.publish_settled(SETTLED)) == [TUESDAY - DAY, TUESDAY]


def test_rule_5_one_source_does_not_wait_for_the_other(take: Take) -> None:
    a_good_run(take)
    take(json_lines(a_line(Q)), day=TUESDAY + DAY, now=SETTLED)
    assert [each.source for each in ingestion.publish_settled(SETTLED)] == ["hf"]


def test_rule_17_publishing_until_a_day_asks_for_no_settling(take: Take) -> None:
    take(hf_json(an_hf_item(P)))
    take(json_lines(a_line(Q)), day=TUESDAY)
    early = datetime(2026, 7, 7, 0, 1, tzinfo=UTC)
    assert len(ingestion.publish_until(TUESDAY, early)) == 2
    assert not Edition.objects.open().exists()
    assert all(listing.frozen for listing in Listing.objects.all())
