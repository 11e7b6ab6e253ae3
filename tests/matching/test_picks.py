"""The cap by turns, groups, and papers that a reader had (rounds 10, 11, 20, 21)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from subscriptions.matching import Hit, Picked, pick

DAY = date(2026, 7, 7)


def hit(paper: int, score: float = 1.0, **fields: object) -> Hit:
    """A hit whose listing is numbered ten times its paper."""
    known = {"listing": paper * 10, "source": "arxiv", "day": DAY} | fields
    return Hit(paper=paper, score=score, **known)  # type: ignore[arg-type]


def hits(*papers: int) -> Sequence[Hit]:
    """Of these papers, the first one best."""
    return [hit(paper, 100.0 - at) for at, paper in enumerate(papers)]


def papers(picked: Picked) -> list[int]:
    return [one.paper for one in picked.picks]


def test_20_21_the_cap_is_filled_by_turns() -> None:
    picked = pick({1: hits(1, 2, 3, 4), 2: hits(11, 12, 13, 14)}, set(), 4, DAY)
    assert papers(picked) == [1, 2, 11, 12]
    assert picked.matched == 8


def test_21_a_broad_filter_never_starves_a_narrow_one() -> None:
    broad, narrow = hits(*range(100, 200)), hits(1, 2, 3)
    picked = pick({1: broad, 2: narrow}, set(), 6, DAY)
    assert papers(picked) == [100, 101, 102, 1, 2, 3]


def test_21_the_filter_with_the_fewest_matches_takes_the_odd_place() -> None:
    picked = pick({1: hits(1, 2, 3), 2: hits(11, 12)}, set(), 3, DAY)
    assert papers(picked) == [1, 11, 12]


def test_21_a_filter_that_runs_out_leaves_its_places_to_the_others() -> None:
    picked = pick({1: hits(1), 2: hits(11, 12, 13)}, set(), 4, DAY)
    assert papers(picked) == [1, 11, 12, 13]


def test_21_with_more_filters_than_places_the_first_turn_moves_every_day() -> None:
    many = {key: hits(key * 10, key * 10 + 1) for key in range(1, 6)}
    firsts = [pick(many, set(), 1, DAY + timedelta(days)) for days in range(5)]
    assert {papers(one)[0] for one in firsts} == {10, 20, 30, 40, 50}


def test_21_with_as_many_places_as_filters_the_day_makes_no_difference() -> None:
    many = {key: hits(*range(key * 10, key * 11)) for key in range(1, 4)}
    days = [pick(many, set(), 3, DAY + timedelta(days)) for days in range(5)]
    assert len(set(map(tuple, map(papers, days)))) == 1


def test_21_a_paper_stands_in_its_narrowest_group_and_names_the_others() -> None:
    picked = pick({5: hits(1, 2, 3), 6: hits(2), 7: hits(2, 9)}, set(), 12, DAY)
    assert [(one.paper, one.filters) for one in picked.picks] == [
        (1, (5,)),
        (3, (5,)),
        (2, (6, 5, 7)),
        (9, (7,)),
    ]
    assert picked.matched == 4


def test_21_within_a_group_the_best_comes_first() -> None:
    assert papers(pick({1: [hit(1, 1), hit(2, 3), hit(3, 2)]}, set(), 9, DAY)) == [
        2,
        3,
        1,
    ]


def test_21_had_papers_are_dropped_before_the_cap() -> None:
    picked = pick({1: hits(1, 2, 3, 4)}, {1, 2}, 2, DAY)
    assert papers(picked) == [3, 4]
    assert picked.matched == 2


def test_10_a_had_paper_that_matches_again_is_named_by_its_newest_listing() -> None:
    older = hit(1, listing=10)
    newer = hit(1, listing=11, source="hf", day=DAY + timedelta(1))
    picked = pick({1: [older], 2: [newer, hit(2)]}, {1, 99}, 12, DAY)
    assert picked.again == (11,)
    assert papers(picked) == [2]


def test_11_the_card_is_the_newest_listing_that_matches() -> None:
    monday = hit(1, listing=10, source="hf", day=DAY)
    tuesday = hit(1, listing=11, source="arxiv", day=DAY + timedelta(1))
    for order in ([monday, tuesday], [tuesday, monday]):
        (one,) = pick({1: order}, set(), 12, DAY).picks
        assert one.listing == 11


def test_11_of_one_day_the_card_is_hugging_faces() -> None:
    arxiv, hf = hit(1, listing=10), hit(1, listing=11, source="hf")
    for order in ([arxiv, hf], [hf, arxiv]):
        (one,) = pick({1: order}, set(), 12, DAY).picks
        assert one.listing == 11


def test_11_a_newer_listing_that_does_not_match_is_not_the_card() -> None:
    (one,) = pick({1: [hit(1, listing=10)]}, set(), 12, DAY).picks
    assert one.listing == 10


def test_11_a_paper_on_two_lists_takes_one_place() -> None:
    twice = [hit(1, 9, listing=10), hit(1, 8, listing=11, source="hf"), hit(2, 1)]
    picked = pick({1: twice}, set(), 2, DAY)
    assert papers(picked) == [1, 2]
    assert picked.matched == 2


def test_nothing_matched() -> None:
    assert pick({1: []}, {1}, 12, DAY) == Picked((), 0, ())
    assert pick({}, set(), 12, DAY) == Picked((), 0, ())
