"""How many papers a filter would have brought on which day."""

from __future__ import annotations

import pytest

from subscriptions.matching import Document, canonical, preview, volumes
from subscriptions.matching import parse as query
from subscriptions.matching.preview import counting
from subscriptions.models import Listing
from tests.factories import a_listing, a_paper, an_edition

from .documents import invented
from .listed import counts, day, listed
from .oracle import satisfies
from .random_filters import Filters

pytestmark = pytest.mark.django_db


def test_the_counts_are_those_of_a_look_at_each_paper() -> None:
    for ago in range(4):
        for source in ("hf", "arxiv"):
            edition = an_edition(source=source, day=day(ago))
            for made in invented()[ago : ago + 3]:
                paper = a_paper(
                    title=made.title,
                    abstract=made.abstract,
                    authors=list(made.authors),
                    categories=list(made.categories),
                    upvotes=made.upvotes,
                )
                a_listing(paper, edition)
    listings = Listing.objects.select_related("edition")
    documents = [Document.of_listing(listing) for listing in listings]
    random = Filters(5, documents)
    days = sorted({document.day for document in documents if document.day})
    for _ in range(60):
        text, tree = random.next()
        hits = [each for each in documents if satisfies(each, tree)]
        seen = preview(text)
        by_day = {
            each: len({hit.paper for hit in hits if hit.day == each}) for each in days
        }
        held = dict(seen.volume.days)
        assert held == {each: by_day[each] for each in held}, text
        assert not any(by_day[each] for each in days if each not in held), text
        assert seen.papers == len({hit.paper for hit in hits if hit.day in held}), text


def test_low_median_and_high_are_of_the_days() -> None:
    for ago, papers in enumerate((0, 7, 3, 2)):
        listed(["Hessian"] * papers + ["Other"], ago)
    volume = preview("hessian").volume
    assert (volume.low, volume.median, volume.high) == (0, 2.5, 7)
    assert [each for each, _ in volume.days] == [day(3), day(2), day(1), day(0)]


def test_a_paper_of_two_sources_on_one_day_counts_once() -> None:
    paper = a_paper(title="Hessian")
    for source in ("hf", "arxiv"):
        a_listing(paper, an_edition(source=source))
    seen = preview("hessian")
    assert (counts(seen), seen.papers, seen.of_newest) == ([1], 1, 1)
    assert len(seen.samples) == 1


def test_a_paper_of_two_days_counts_on_each_and_once_in_all() -> None:
    paper = a_paper(title="Hessian")
    a_listing(paper, an_edition(source="arxiv", day=day(1)))
    a_listing(paper, an_edition(source="hf", day=day(0)))
    seen = preview("hessian")
    assert (counts(seen), seen.papers) == ([1, 1], 1)


def test_only_the_newest_edition_days_count() -> None:
    for ago in range(12):
        listed(["Hessian"], 2 * ago)
    assert counts(preview("hessian")) == [1] * 10
    three = preview("hessian", days=3)
    assert [each for each, _ in three.volume.days] == [day(4), day(2), day(0)]


def test_days_of_several_sources_are_no_more_than_asked_for() -> None:
    for ago in range(4):
        listed(["Hessian"], ago, "hf" if ago % 2 else "arxiv")
    seen = preview("hessian", days=2)
    assert [each for each, _ in seen.volume.days] == [day(1), day(0)]
    seen = preview("hessian in:hf", days=2)
    assert [each for each, _ in seen.volume.days] == [day(3), day(1)]


def test_what_is_not_published_does_not_count() -> None:
    listed(["Hessian"], 1)
    a_listing(a_paper(title="Hessian"), an_edition(state="open"))
    assert counts(preview("hessian")) == [1]


def test_samples_count_only_while_nothing_else_is_there() -> None:
    listed(["Hessian"], source="sample")
    assert counts(preview("hessian")) == [1]
    listed(["Other"], 1, "hf")
    assert counts(preview("hessian")) == [0]


def test_a_day_that_a_source_has_not_listed_yet_is_none_without_papers() -> None:
    listed(["Hessian"], 1, "hf")
    listed(["Hessian"], 1)
    listed(["Hessian"], 0)
    assert counts(preview("in:hf")) == [1]
    assert counts(preview("hessian")) == [2, 1]


def test_before_the_first_edition_there_is_nothing_to_say() -> None:
    seen = preview("hessian")
    assert (seen.volume.days, seen.papers, seen.newest) == ((), 0, None)
    assert (seen.volume.low, seen.volume.median, seen.volume.high) == (0, 0, 0)
    assert seen.warnings == ()


def test_volumes_are_those_of_the_previews() -> None:
    listed(["Hessian", "Gradient", "Hessian Gradient"], 1)
    listed(["Gradient"], 0)
    texts = ["hessian", "gradient", "in:hf"]
    stored = [canonical(query(text)) for text in texts]
    assert volumes(stored) == [preview(text).volume for text in texts]


def test_volumes_are_those_up_to_a_day() -> None:
    for ago in range(12):
        listed(["Hessian"] * (ago + 1), ago)
    (volume,) = volumes(["hessian"], until=day(1))
    assert [papers for _, papers in volume.days] == list(range(11, 1, -1))


def test_volumes_follow_the_editions() -> None:
    listed(["Hessian"], 1)
    assert [each.high for each in volumes(["hessian"])] == [1]
    listed(["Hessian"] * 2)
    assert [each.high for each in volumes(["hessian"])] == [2]


def test_no_more_volumes_are_kept_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_KEPT", 3)
    listed(["Hessian", "Gradient"])
    texts = ["hessian", "gradient", "*", "newton", "in:arxiv", "hessian"]
    assert [each.high for each in volumes(texts)] == [1, 1, 2, 0, 2, 1]
    assert len(counting._counted[1]) <= 3


def test_a_stored_filter_that_cannot_be_read_has_no_volume() -> None:
    listed(["Hessian"])
    broken, sound = volumes(["(", "hessian"])
    assert (broken.days, sound.high) == ((), 1)


def test_who_may_not_wait_gets_no_volumes_until_the_papers_are_read() -> None:
    listed(["Hessian"] * 3)
    assert [each.days for each in volumes(["hessian"], at_most=2)] == [()]
    assert [each.high for each in volumes(["hessian"], at_most=3)] == [3]
    assert [each.high for each in volumes(["hessian"], at_most=0)] == [3]
