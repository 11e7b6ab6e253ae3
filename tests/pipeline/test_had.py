"""What readers had is found in all their digests, few of which are looked into."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from subscriptions import pipeline
from subscriptions.models import Delivery, Subscriber
from subscriptions.pipeline.desk import Desk
from subscriptions.pipeline.had import Had, _picks, had_by
from tests.factories import TUESDAY, a_delivery, a_listing, a_paper, an_edition

from .digests import WEDNESDAY, a_reader_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_who_had_what_is_listed_again_is_told_from_who_had_another_paper() -> None:
    edition = an_edition()
    again, another = a_paper(title="Gradient"), a_paper(title="Flow")
    for paper in (again, another):
        a_listing(paper, edition)
    had_it, had_another = a_reader_of("gradient"), a_reader_of("title:flow")
    pipeline.compose_day(TUESDAY)
    Delivery.objects.update(state="sent")
    a_listing(again, an_edition(source="hf", day=WEDNESDAY))
    desk = Desk(WEDNESDAY)
    readers = list(Subscriber.objects.filter(pk__in=[had_it.pk, had_another.pk]))
    covering = {each.pk: desk.covering(each.covered) for each in readers}
    had = had_by(readers, covering, desk, WEDNESDAY)
    assert had[had_it.pk].keys() == {again.pk}
    assert had[had_another.pk] == {}
    assert had[had_it.pk][again.pk].due == WEDNESDAY - timedelta(days=1)


def had_of(reader: Subscriber, day: date) -> Had:
    desk = Desk(day)
    reader.refresh_from_db()
    covering = {reader.pk: desk.covering(reader.covered)}
    return had_by([reader], covering, desk, day)[reader.pk]


@pytest.mark.parametrize("recheck", [False, True])
@pytest.mark.parametrize("after", [0, 1, 14])
def test_a_paper_that_comes_again_after_a_month_was_had_however_late(
    after: int, recheck: bool
) -> None:
    """The last digest that could hold it is one that reaches back two weeks."""
    paper = a_paper(title="Gradient")
    a_listing(paper, an_edition())
    reader = a_reader_of("gradient")
    pipeline.compose_day(TUESDAY + after * DAY)
    Delivery.objects.update(state="sent")
    Subscriber.objects.update(recheck_had=recheck)
    a_listing(paper, an_edition(source="hf", day=TUESDAY + 30 * DAY))
    assert had_of(reader, TUESDAY + 30 * DAY).keys() == {paper.pk}


@pytest.mark.parametrize("recheck", [False, True])
def test_no_digest_is_read_that_is_due_when_its_papers_were_in_no_digest(
    recheck: bool,
) -> None:
    """A month of everybody's digests was, for one paper that came again."""
    paper = a_paper()
    a_listing(paper, an_edition())
    a_listing(paper, an_edition(source="hf", day=TUESDAY + 30 * DAY))
    reader = a_reader_of("*", covered={"arxiv": str(TUESDAY)}, recheck_had=recheck)
    for after in (-1, 15, 29):  # as it could not be written
        a_delivery(reader, paper, due_date=TUESDAY + after * DAY)
    assert had_of(reader, TUESDAY + 30 * DAY) == {}


@pytest.mark.parametrize(
    "held",
    [
        '[{"listing": 1, "paper": 7, "filters": [7]}]',
        '[{"paper": 7, "filters": [1], "listing": 7}]',  # as PostgreSQL orders it
        '[{"paper":7,"listing":1,"filters":[1]}]',
    ],
)
def test_a_digest_is_looked_into_for_its_papers_and_nothing_else(held: str) -> None:
    assert len(_picks(held, {7})) == 1
    assert _picks(held, {1, 77}) == []
