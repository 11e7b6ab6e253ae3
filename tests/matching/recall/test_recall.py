"""What a sensible filter finds of the papers that a reader would pick by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from . import tables
from .topics import KINDS, RealDays, Topic, topics

DOCS = Path(__file__).resolve().parents[3] / "docs" / "matching.md"
TOPICS = topics()


@pytest.fixture(scope="module")
def found(shared: Path) -> dict[str, frozenset[str]]:
    """By filter, what it finds in all recorded days."""
    filters = [topic.filter for topic in TOPICS]
    second = [topic.second for topic in TOPICS if topic.second]
    return RealDays(shared).find(filters + second)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_natural_filter_finds_what_it_should_but_the_listed_misses(
    topic: Topic, found: dict[str, frozenset[str]]
) -> None:
    assert topic.relevant - found[topic.filter] == topic.missed


def test_all_topics_together_miss_as_many_as_the_table_says(
    found: dict[str, frozenset[str]],
) -> None:
    relevant = sum(len(topic.relevant) for topic in TOPICS)
    right = sum(len(topic.relevant & found[topic.filter]) for topic in TOPICS)
    assert relevant - right == sum(len(topic.missed) for topic in TOPICS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_miss_has_one_reason_of_a_known_kind(topic: Topic) -> None:
    given = Counter(paper for miss in topic.misses for paper in miss.papers)
    assert set(given.values()) <= {1}
    assert given.keys() <= topic.relevant
    assert {miss.kind for miss in topic.misses} <= set(KINDS)
    assert all(miss.says and miss.papers for miss in topic.misses)


def test_there_are_thirty_topics_of_five_papers_and_more() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS) == 30
    assert min(len(topic.relevant) for topic in TOPICS) >= 5


def test_the_picked_papers_are_among_the_recorded_ones(shared: Path) -> None:
    everything = RealDays(shared).find(["*"])["*"]
    assert not {paper for topic in TOPICS for paper in topic.relevant} - everything


def test_the_documentation_shows_the_measured_figures(
    found: dict[str, frozenset[str]],
) -> None:
    written = DOCS.read_text()
    assert f"\n{tables.figures(TOPICS, found)}\n\n" in written
    assert f"\n{tables.second_filters(TOPICS, found)}\n\n" in written


def test_the_documentation_lists_every_miss_with_its_reason() -> None:
    written = DOCS.read_text()
    assert f"\n{tables.kinds(TOPICS)}\n\n" in written
    assert f"\n{tables.misses(TOPICS)}\n\n" in written + "\n"
