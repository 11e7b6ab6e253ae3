"""Many filters at once: added, discarded and matched without touching the others."""

from __future__ import annotations

from threading import Thread

import pytest

from subscriptions.matching import FilterError, Index, Matcher

from .documents import a_document, hits


def test_only_filters_with_a_hit_are_named() -> None:
    matcher = Matcher()
    matcher.add(7, "gradient")
    matcher.add(8, "hessian")
    matches = matcher.match([a_document("A gradient")])
    assert set(matches.filters()) == {7}
    assert hits(matches, 8) == []
    assert hits(matches, 99) == []


def test_a_hit_names_its_listing_paper_and_source() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    document = a_document("A gradient", source="hf")
    (hit,) = hits(matcher.match([document]), 1)
    assert (hit.listing, hit.paper, hit.source) == (
        document.listing,
        document.paper,
        "hf",
    )
    assert hit.score > 0


def test_an_index_is_made_once_for_several_matchers() -> None:
    index = Index([a_document("A gradient"), a_document("A policy gradient")])
    one, other = Matcher(), Matcher()
    one.add(1, '"policy gradient"')
    other.add(1, "gradient -policy")
    assert one.match(index).documents(1) == 0b10
    assert other.match(index).documents(1) == 0b01
    assert one.match(index).documents(1) == 0b10


def test_phrases_are_found_however_many_there_are() -> None:
    """Few and many are looked for in two ways."""
    documents = [
        a_document(f"the word{n} other{n}", f"a b{n} c{n}") for n in range(300)
    ]
    for number in (3, 300):
        matcher = Matcher()
        for n in range(number):
            matcher.add(n, f'"word{n} other{n}"')
            matcher.add(1000 + n, f'abstract:"a b{n} c{n}"')
            matcher.add(2000 + n, f'title:"a b{n} c{n}"')
        found = matcher.match(documents).filters()
        assert found == {*range(number), *range(1000, 1000 + number)}


def test_a_filter_is_added_between_two_matches() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    document = a_document("A gradient of a hessian")
    assert set(matcher.match([document]).filters()) == {1}
    matcher.add(2, "gradient hessian")
    assert set(matcher.match([document]).filters()) == {1, 2}


def test_a_discarded_filter_matches_no_more() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    matcher.add(2, "gradient")
    matcher.discard(1)
    matcher.discard(1)
    assert set(matcher.match([a_document("A gradient")]).filters()) == {2}
    assert len(matcher) == 1


def test_adding_an_id_again_replaces_its_filter() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    matcher.add(1, "hessian")
    assert (len(matcher), matcher.discarded) == (1, 1)
    assert not matcher.match([a_document("A gradient")]).filters()
    assert matcher.match([a_document("A hessian")]).filters()


def test_matches_stay_as_they_were_when_filters_change() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    matches = matcher.match([a_document("A gradient")])
    matcher.discard(1)
    matcher.add(1, "hessian")
    assert len(hits(matches, 1)) == 1


def test_a_text_that_cannot_be_read_leaves_the_matcher_as_it_was() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    with pytest.raises(FilterError):
        matcher.add(1, "(gradient")
    assert matcher.match([a_document("A gradient")]).filters()


def test_no_documents_and_no_filters() -> None:
    matcher = Matcher()
    assert not matcher.match([a_document("A gradient")]).filters()
    matcher.add(1, "*")
    assert not matcher.match([]).filters()


@pytest.mark.parametrize("number", [1, 63, 64, 65, 3000])
def test_any_number_of_documents(number: int) -> None:
    matcher = Matcher()
    matcher.add(1, "last -first")
    titles = ["last first", *["other"] * (number - 1), "last"]
    documents = [a_document(title) for title in titles]
    (hit,) = hits(matcher.match(documents), 1)
    assert hit.paper == documents[-1].paper


def test_upvote_thresholds_share_one_walk() -> None:
    matcher = Matcher()
    for least in (0, 5, 20, 21):
        matcher.add(least, f"upvotes:{least}")
    documents = [a_document(upvotes=upvotes) for upvotes in (20, 0, 5)]
    matches = matcher.match(documents)
    counts = {least: len(hits(matches, least)) for least in (0, 5, 20, 21)}
    assert counts == {0: 3, 5: 2, 20: 1, 21: 0}


def test_filters_may_be_added_while_another_thread_matches() -> None:
    matcher = Matcher()
    documents = [a_document(f"word{number}") for number in range(200)]

    def add() -> None:
        for number in range(3000):
            matcher.add(number, f"word{number % 200} OR other{number}")

    adding = Thread(target=add)
    adding.start()
    while adding.is_alive():
        matcher.match(documents)
    adding.join()
    assert len(matcher.match(documents).filters()) == 3000
