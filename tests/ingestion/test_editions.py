"""Which papers an edition lists (rounds.md, rules 1, 2, 5 and 6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from subscriptions import ingestion
from subscriptions.models import Edition, Listing, Paper, SourceRun

from .conftest import NOON, TUESDAY, Take
from .invented import (
    a_line,
    an_atom_entry,
    an_atom_feed,
    an_hf_item,
    an_rss_feed,
    an_rss_item,
    hf_json,
    json_lines,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
P, Q, R = "2607.00001", "2607.00002", "2607.00003"


def editions(source: str = "hf") -> dict[date, int]:
    """Day -> how many papers, of all editions of a source."""
    rows = Edition.objects.filter(source=source)
    for edition in rows:
        assert edition.papers == edition.listings.count()
    return dict(rows.values_list("day", "papers"))


def listed(*ids: str) -> bytes:
    return hf_json(*map(an_hf_item, ids))


def publish(day: date) -> None:
    ingestion.publish_until(day, NOON)


def test_rule_1_an_edition_is_a_source_and_a_day(take: Take) -> None:
    take(listed(P))
    take(json_lines(a_line(P)), day=TUESDAY)
    assert (editions("hf"), editions("arxiv")) == ({TUESDAY: 1}, {TUESDAY: 1})
    assert Paper.objects.count() == 1


def test_rule_1_hugging_faces_day_is_when_it_was_submitted_there(take: Take) -> None:
    body = hf_json(an_hf_item(P, TUESDAY), an_hf_item(Q, TUESDAY - DAY))
    taken = take(body, day=None)
    assert editions() == {TUESDAY - DAY: 1, TUESDAY: 1}
    assert taken.days == (TUESDAY - DAY, TUESDAY)


def test_rule_1_arxivs_day_is_its_feeds_date(take: Take) -> None:
    take(an_rss_feed(TUESDAY, [an_rss_item(P)]), day=None)
    assert editions("arxiv") == {TUESDAY: 1}


def test_a_files_day_is_the_given_one_before_any_other(take: Take) -> None:
    name = "2026-07-03.json"
    take(hf_json(an_hf_item(P, TUESDAY)), day=TUESDAY - DAY, name=name)
    assert editions() == {TUESDAY - DAY: 1}


def test_a_files_day_is_else_in_its_name(take: Take) -> None:
    take(listed(P), day=None, name="day-2026-07-03.json")
    assert editions() == {date(2026, 7, 3): 1}


def test_papers_of_no_day_are_stored_without_an_edition_and_it_is_said(
    take: Take,
) -> None:
    taken = take(listed(P), day=None)
    assert (taken.state, taken.new, taken.listed, taken.days) == ("fresh", 1, 0, ())
    assert taken.reasons == (
        "No day is given or found: papers stored without an edition.",
    )
    assert not Listing.objects.exists()


def test_rule_2_a_source_lists_a_paper_once(take: Take) -> None:
    take(listed(P))
    taken = take(listed(P, Q), day=TUESDAY + DAY)
    assert (taken.new, taken.listed) == (1, 1)
    assert editions() == {TUESDAY: 1, TUESDAY + DAY: 1}


def test_rule_2_new_and_cross_are_listed_replacements_only_update(take: Take) -> None:
    take(json_lines(a_line(R)), day=TUESDAY - DAY)
    items = [
        an_rss_item(P, "new"),
        an_rss_item(Q, "cross"),
        an_rss_item(R, "replace", title="A better title"),
        an_rss_item("2607.00004", "replace-cross"),
    ]
    taken = take(an_rss_feed(TUESDAY, items))
    assert (taken.seen, taken.new, taken.updated, taken.listed) == (4, 3, 1, 2)
    assert Paper.objects.get(arxiv_id=R).title == "A better title"
    assert editions("arxiv")[TUESDAY] == 2


def test_rule_2_of_the_api_only_a_first_version_of_seven_days_is_new(
    take: Take,
) -> None:
    entries = [
        an_atom_entry(P, "2026-06-30T00:00:00Z"),
        an_atom_entry(Q, "2026-06-29T23:59:59Z"),
    ]
    taken = take(an_atom_feed(*entries))
    assert (taken.new, taken.listed) == (2, 1)
    assert Listing.objects.get().paper.arxiv_id == P


def test_rule_2_an_old_paper_that_is_cross_listed_is_listed(take: Take) -> None:
    take(an_rss_feed(TUESDAY, [an_rss_item("2205.00001", "cross")]))
    assert editions("arxiv") == {TUESDAY: 1}


def test_positions_are_the_lists_order(take: Take) -> None:
    take(listed(R, P, Q))
    rows = Listing.objects.order_by("position").values_list(
        "paper__arxiv_id", "position"
    )
    assert list(rows) == [(R, 0), (P, 1), (Q, 2)]


def test_rule_5_a_late_listing_goes_into_the_next_open_day(take: Take) -> None:
    before = TUESDAY - 2 * DAY
    take(listed(P), day=before)
    take(listed(R), day=TUESDAY)
    publish(before)
    take(listed(Q), day=before)
    late = Listing.objects.get(paper__arxiv_id=Q)
    assert late.edition is not None
    assert late.edition.day == TUESDAY
    assert (late.listed_on, late.position) == (before, 1)
    assert editions() == {before: 1, TUESDAY: 2}


def test_rule_5_without_an_open_day_it_is_the_day_after_the_newest(take: Take) -> None:
    take(listed(P))
    publish(TUESDAY)
    take(listed(Q), day=TUESDAY)
    assert editions() == {TUESDAY: 1, TUESDAY + DAY: 1}


def test_rule_5_a_skipped_day_after_the_first_edition_goes_into_the_next(
    take: Take,
) -> None:
    take(listed(P), day=TUESDAY - 5 * DAY)
    take(listed(Q), day=TUESDAY)
    publish(TUESDAY)
    take(listed(R), day=TUESDAY - 2 * DAY)
    late = Listing.objects.get(paper__arxiv_id=R)
    assert late.edition is not None
    assert (late.edition.day, late.listed_on) == (TUESDAY + DAY, TUESDAY - 2 * DAY)


def test_rule_5_fourteen_days_are_late_and_fifteen_too_late(take: Take) -> None:
    take(listed(P), day=TUESDAY - 30 * DAY)
    take(listed("2607.00009"), day=TUESDAY)
    publish(TUESDAY)
    take(listed(Q), day=TUESDAY - 13 * DAY)
    take(listed(R), day=TUESDAY - 14 * DAY)
    assert Listing.objects.get(paper__arxiv_id=Q).edition is not None
    backfilled = Listing.objects.get(paper__arxiv_id=R)
    assert (backfilled.edition, backfilled.listed_on) == (None, TUESDAY - 14 * DAY)


def test_rule_5_a_day_before_the_first_edition_is_backfilled(take: Take) -> None:
    take(listed(P))
    publish(TUESDAY)
    taken = take(listed(Q), day=TUESDAY - DAY)
    assert taken.listed == 1
    assert Listing.objects.get(paper__arxiv_id=Q).edition is None
    assert editions() == {TUESDAY: 1}


def test_rule_5_an_earlier_day_is_its_own_edition_while_nothing_is_out(
    take: Take,
) -> None:
    take(listed(P))
    take(listed(Q), day=TUESDAY - 40 * DAY)
    assert editions() == {TUESDAY - 40 * DAY: 1, TUESDAY: 1}


def test_rule_5_a_day_later_than_today_at_utc_plus_14_is_refused(take: Take) -> None:
    before_ten = datetime(2026, 7, 7, 9, 59, tzinfo=UTC)
    taken = take(listed(P), day=TUESDAY + DAY, now=before_ten)
    assert (taken.state, taken.rejected) == ("down", 1)
    assert "later than today anywhere" in taken.reasons[0]
    assert not Paper.objects.exists()
    after_ten = datetime(2026, 7, 7, 10, 0, tzinfo=UTC)
    assert take(listed(P), day=TUESDAY + DAY, now=after_ten).state == "fresh"


def test_rule_6_a_day_without_listings_is_a_quiet_run_and_no_edition(
    take: Take,
) -> None:
    assert take(an_rss_feed(TUESDAY, [])).state == "quiet"
    assert take(an_rss_feed(TUESDAY, [an_rss_item(P, "replace")])).state == "quiet"
    assert editions("arxiv") == {}
    runs = SourceRun.objects.order_by("attempt").values_list("attempt", "state")
    assert list(runs) == [(1, "quiet"), (2, "quiet")]


def test_rule_6_yesterdays_list_again_is_stale_and_no_edition(take: Take) -> None:
    take(listed(P, Q))
    taken = take(listed(Q, P), day=TUESDAY + DAY)
    assert (taken.state, taken.new, taken.listed) == ("stale", 0, 0)
    assert editions() == {TUESDAY: 2}


def test_rule_6_a_second_look_at_the_same_day_is_not_stale(take: Take) -> None:
    take(listed(P))
    again = take(listed(P))
    assert (again.state, again.seen, again.new, again.updated) == ("fresh", 1, 0, 0)
