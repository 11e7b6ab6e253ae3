"""Filters held against an edition one by one find what all of them at once do."""

from __future__ import annotations

import pytest

from subscriptions.matching import Asked, Index, Matcher, Ranking, asked, canonical

from .documents import a_document, invented
from .random_filters import Filters


def a_matcher(filters: int) -> Matcher:
    random, matcher = Filters(11, invented()), Matcher()
    for number in range(filters):
        matcher.add(number, canonical(random.next()[1]))
    return matcher


@pytest.mark.parametrize("many", [0, 100, 1000])
def test_they_find_and_rank_the_same_papers(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "MANY", many)
    matcher, index = a_matcher(300), Index(invented())
    whole, one_by_one = matcher.match(index), Asked(matcher, index)
    ranking, other = Ranking([whole, whole]), Ranking([one_by_one, one_by_one])
    assert len(whole.filters()) > 100
    for number in range(300):
        assert other.hits(number) == ranking.hits(number)
        assert one_by_one.documents(number) == whole.documents(number)
    assert one_by_one.filters() == whole.filters()


def test_only_what_is_asked_for_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = a_matcher(300)
    monkeypatch.setattr(Matcher, "match", None)
    matches = Asked(matcher, Index(invented()))
    for number in range(0, 300, 3):
        matches.documents(number)
    with pytest.raises(TypeError):
        matches.filters()


def test_after_many_all_are_matched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MANY", 2)
    matcher = a_matcher(4)
    matches = Asked(matcher, Index(invented()))
    matches.documents(0), matches.documents(1)
    monkeypatch.setattr(Matcher, "match", None)
    with pytest.raises(TypeError):
        matches.documents(2)


def test_a_filter_that_is_not_known_finds_nothing() -> None:
    matcher = Matcher()
    matcher.add(1, "gradient")
    matches = Asked(matcher, Index([a_document("A gradient")]))
    assert (matches.documents(1), matches.documents(2)) == (1, 0)
    assert matches.terms(2) == []
