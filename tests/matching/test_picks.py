"""The cap by turns, groups, and papers that a reader had (rounds 10, 11, 20, 21)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from subscriptions.matching import Document, Matcher, Picked, Ranking, pick

from .documents import a_document

DAY = date(2026, 7, 7)


def listed(paper: int, upvotes: int = 0, **fields: Any) -> Document:
    """A listing numbered ten times its paper. Upvotes decide what comes first."""
    known: dict[str, Any] = {"listing": paper * 10, "day": DAY} | fields
    return a_document("paper", paper=paper, upvotes=upvotes, **known)


def in_order(*papers: int) -> list[Document]:
    """Of these papers, the first one best."""
    return [listed(paper, 1000 - at) for at, paper in enumerate(papers)]


def pick_from(
    wanted: Mapping[int, Iterable[Document]],
    had: Iterable[int] = (),
    cap: int = 12,
    day: date = DAY,
    editions: Sequence[Iterable[Document]] = (),
) -> Picked:
    """Out of `editions` (else one of all that is wanted), for a reader whose filters
    each want exactly these documents."""
    matcher = Matcher()
    named: dict[Document, list[str]] = {}
    for key, documents in wanted.items():
        matcher.add(100 + key, f'author:"Key{key}"')
        for document in documents:
            named.setdefault(document, []).append(f"Key{key}")
    editions = editions or [named]
    ranking = Ranking(
        [
            matcher.match(
                _written_by(document, named.get(document, ())) for document in e
            )
            for e in editions
        ]
    )
    return pick(ranking, {key: 100 + key for key in wanted}, set(had), cap, day)


def _written_by(document: Document, authors: Sequence[str]) -> Document:
    fields = {name: getattr(document, name) for name in Document.__slots__}
    return Document(**fields | {"authors": tuple(authors)})


def pick_without(
    muted: Iterable[Document], wanted: Iterable[Document], had: Iterable[int] = ()
) -> Picked:
    """Out of an edition of all of these, for a reader of `wanted` who muted `muted`."""
    matcher = Matcher()
    matcher.add(1, "author:Wanted")
    matcher.add(2, "author:Muted")
    named = {each: ["Wanted"] for each in wanted}
    for each in muted:
        named[each] = [*named.get(each, ()), "Muted"]
    ranking = Ranking([matcher.match(_written_by(*each) for each in named.items())])
    return pick(ranking, {1: 1}, set(had), 2, DAY, ranking.muted([2]))


def papers(picked: Picked) -> list[int]:
    return [one.paper for one in picked.picks]


def test_20_21_the_cap_is_filled_by_turns() -> None:
    picked = pick_from({1: in_order(1, 2, 3, 4), 2: in_order(11, 12, 13, 14)}, cap=4)
    assert papers(picked) == [1, 2, 11, 12]
    assert picked.matched == 8


def test_21_a_broad_filter_never_starves_a_narrow_one() -> None:
    broad, narrow = in_order(*range(100, 200)), in_order(1, 2, 3)
    picked = pick_from({1: broad, 2: narrow}, cap=6)
    assert papers(picked) == [100, 101, 102, 1, 2, 3]


def test_21_the_filter_with_the_fewest_matches_takes_the_odd_place() -> None:
    picked = pick_from({1: in_order(1, 2, 3), 2: in_order(11, 12)}, cap=3)
    assert papers(picked) == [1, 11, 12]


def test_21_a_filter_that_runs_out_leaves_its_places_to_the_others() -> None:
    picked = pick_from({1: in_order(1), 2: in_order(11, 12, 13)}, cap=4)
    assert papers(picked) == [1, 11, 12, 13]


def test_21_with_more_filters_than_places_the_first_turn_moves_every_day() -> None:
    many = {key: in_order(key * 10, key * 10 + 1) for key in range(1, 6)}
    firsts = [pick_from(many, cap=1, day=DAY + timedelta(days)) for days in range(5)]
    assert {papers(one)[0] for one in firsts} == {10, 20, 30, 40, 50}


def test_21_with_as_many_places_as_filters_the_day_makes_no_difference() -> None:
    many = {key: in_order(*range(key * 10, key * 11)) for key in range(1, 4)}
    days = [pick_from(many, cap=3, day=DAY + timedelta(days)) for days in range(5)]
    assert len(set(map(tuple, map(papers, days)))) == 1


def test_21_a_paper_stands_in_its_narrowest_group_and_names_the_others() -> None:
    one, two, three, nine = in_order(1, 2, 3, 9)
    picked = pick_from({5: [one, two, three], 6: [two], 7: [two, nine]})
    assert [(one.paper, one.filters) for one in picked.picks] == [
        (1, (5,)),
        (3, (5,)),
        (2, (6, 5, 7)),
        (9, (7,)),
    ]
    assert picked.matched == 4


def test_21_within_a_group_the_best_comes_first() -> None:
    picked = pick_from({1: [listed(1, 1), listed(2, 30), listed(3, 9)]})
    assert papers(picked) == [2, 3, 1]


def test_21_within_a_group_the_best_comes_first_whoever_took_it() -> None:
    """The broad filter's turn takes the narrow one's second paper before its first."""
    second, first, *others = in_order(2, 1, 11, 12, 13)
    picked = pick_from({1: [first, second], 2: [second, *others]}, cap=9)
    assert papers(picked) == [2, 1, 11, 12, 13]


def test_21_had_papers_are_dropped_before_the_cap() -> None:
    picked = pick_from({1: in_order(1, 2, 3, 4)}, had={1, 2}, cap=2)
    assert papers(picked) == [3, 4]
    assert picked.matched == 2


def test_21_a_reader_who_had_the_best_hundreds_is_given_what_follows() -> None:
    many = in_order(*range(1, 401))
    assert papers(pick_from({1: many}, had=range(1, 390), cap=4)) == [
        390,
        391,
        392,
        393,
    ]
    picked = pick_from({1: many, 2: in_order(900)}, had=range(1, 390), cap=3)
    assert papers(picked) == [390, 391, 900]


def test_21_how_narrow_a_filter_is_is_counted_without_what_was_had() -> None:
    picked = pick_from(
        {1: in_order(1, 2, 3, 4), 2: in_order(11, 12)}, had={1, 2, 3}, cap=1
    )
    assert papers(picked) == [4]


def test_10_a_had_paper_that_matches_again_is_named_by_its_newest_listing() -> None:
    older = listed(1, listing=10)
    newer = listed(1, listing=11, source="hf", day=DAY + timedelta(1))
    picked = pick_from({1: [older], 2: [newer, listed(2)]}, had={1, 99})
    assert picked.again == (11,)
    assert papers(picked) == [2]


def test_11_the_card_is_the_newest_listing_that_matches() -> None:
    monday = listed(1, listing=10, source="hf", day=DAY)
    tuesday = listed(1, listing=11, source="arxiv", day=DAY + timedelta(1))
    for order in ([monday, tuesday], [tuesday, monday]):
        (one,) = pick_from({1: order}, editions=[[each] for each in order]).picks
        assert one.listing == 11


def test_11_of_one_day_the_card_is_hugging_faces() -> None:
    arxiv, hf = listed(1, listing=10), listed(1, listing=11, source="hf")
    for order in ([arxiv, hf], [hf, arxiv]):
        (one,) = pick_from({1: order}).picks
        assert one.listing == 11


def test_11_a_newer_listing_that_does_not_match_is_not_the_card() -> None:
    monday, tuesday = (
        listed(1, listing=10),
        listed(1, listing=11, day=DAY + timedelta(1)),
    )
    (one,) = pick_from({1: [monday]}, editions=[[monday], [tuesday]]).picks
    assert one.listing == 10
    (one,) = pick_from({1: [tuesday]}, editions=[[monday], [tuesday]]).picks
    assert one.listing == 11


def test_11_a_paper_on_two_lists_takes_one_place() -> None:
    twice = [listed(1, 9, listing=10), listed(1, 8, listing=11, source="hf")]
    picked = pick_from({1: [*twice, listed(2, 1)]}, cap=2)
    assert papers(picked) == [1, 2]
    assert picked.matched == 2


def test_11_filters_that_find_different_listings_of_a_paper_share_it() -> None:
    arxiv, hf = listed(1, listing=10), listed(1, listing=11, source="hf")
    (one,) = pick_from({1: [arxiv], 2: [hf]}).picks
    assert (one.listing, one.filters) == (11, (1, 2))


def test_the_oldest_edition_with_a_fresh_paper_is_named() -> None:
    days = [[listed(n, day=DAY + timedelta(n))] for n in range(1, 5)]
    wanted = [document for day in days for document in day][1:]
    picked = pick_from({1: wanted}, had={2}, editions=days)
    assert picked.oldest == DAY + timedelta(3)


def test_nothing_matched() -> None:
    assert pick_from({1: []}, had={1}) == Picked()
    assert pick_from({}) == Picked()


# --- what a reader muted -----------------------------------------------------------
def test_muted_papers_are_left_out_before_the_cap_and_not_counted() -> None:
    wanted = in_order(1, 2, 3, 4)
    picked = pick_without(wanted[:2], wanted)
    assert papers(picked) == [3, 4]
    assert picked.matched == 2


def test_a_paper_muted_on_one_list_is_muted_on_all() -> None:
    arxiv, hf = listed(1), listed(1, listing=11, source="hf")
    assert papers(pick_without([hf], [arxiv, listed(2)])) == [2]
    assert papers(pick_without([arxiv], [hf, listed(2)])) == [2]


def test_muted_papers_that_were_had_are_not_named_again() -> None:
    one, two = in_order(1, 2)
    picked = pick_without([one], [one, two], had=[1, 2])
    assert picked.again == (20,)


def test_all_muted_is_nothing() -> None:
    wanted = in_order(1, 2)
    assert pick_without(wanted, wanted) == Picked()
