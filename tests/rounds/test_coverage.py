"""Which editions a digest covers (rounds.md 8, 9)."""

from datetime import date

from subscriptions.models import Edition
from subscriptions.rounds import advance, editions_for


def edition(source: str, day: int) -> Edition:
    return Edition(source=source, day=date(2026, 7, day), state="published")


def days(covered: dict[str, str], published: list[Edition], due: int) -> list[str]:
    covering = editions_for(covered, published, date(2026, 7, due))
    return [f"{each.source} {each.day.day}" for each in covering.editions]


def test_rule_8_covers_what_came_since_and_is_not_from_the_future() -> None:
    published = [edition("hf", day) for day in (5, 6, 7, 8)]
    assert days({"hf": "2026-07-05"}, published, due=7) == ["hf 6", "hf 7"]


def test_rule_8_each_source_has_its_own_coverage() -> None:
    published = [edition("hf", 6), edition("arxiv", 6), edition("arxiv", 7)]
    covered = {"hf": "2026-07-06", "arxiv": "2026-07-06"}
    assert days(covered, published, due=7) == ["arxiv 7"]


def test_rule_8_no_entry_means_from_the_first_edition_on() -> None:
    published = [edition("hf", 3), edition("hf", 6)]
    assert days({}, published, due=7) == ["hf 3", "hf 6"]


def test_rule_8_reaches_back_14_days_and_says_when_it_cut() -> None:
    published = [edition("hf", 1), edition("hf", 2), edition("hf", 16)]
    covering = editions_for({"hf": "2026-06-30"}, published, date(2026, 7, 16))
    assert [each.day.day for each in covering.editions] == [2, 16]
    assert covering.cut


def test_a_cut_is_said_once_by_the_digest_that_goes_on_past_it() -> None:
    published = [edition("hf", 1), edition("arxiv", 16)]
    covered = {"hf": "2026-06-30", "arxiv": "2026-07-15"}
    assert not editions_for(covered, published, date(2026, 7, 16)).cut


def test_a_source_never_covered_is_not_said_to_be_cut() -> None:
    covering = editions_for({}, [edition("hf", 1)], date(2026, 7, 16))
    assert covering.editions == ()
    assert not covering.cut


def test_rule_9_advances_per_source_to_the_newest_edition_never_to_the_due_date() -> (
    None
):
    after = advance({"hf": "2026-07-01"}, [edition("hf", 3), edition("arxiv", 2)])
    assert after == {"hf": "2026-07-03", "arxiv": "2026-07-02"}


def test_advancing_never_moves_back() -> None:
    assert advance({"hf": "2026-07-05"}, [edition("hf", 3)]) == {"hf": "2026-07-05"}
