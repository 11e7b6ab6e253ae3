"""A stored filter that this version cannot read, as after a step back to an older one,
finds nothing and keeps nothing from anybody."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client

from subscriptions import consent, links, pipeline
from subscriptions.models import Subscriber, Subscription, TopicFilter
from tests.factories import (
    TUESDAY,
    a_delivery,
    a_paper,
    a_reader,
    a_subscription,
    an_edition,
)
from tests.web.world import path_of

from .digests import a_reader_of, at, listed, titles

pytestmark = pytest.mark.django_db


def unreadable(reader: Subscriber) -> Subscriber:
    """The reader, with such a filter besides those they have."""
    text = "(gradient"
    row, _ = TopicFilter.objects.get_or_create(
        text=text, fingerprint=TopicFilter.fingerprint_of(text)
    )
    Subscription.objects.create(subscriber=reader, filter=row, text=text)
    return reader


def test_the_digests_of_all_others_are_composed() -> None:
    listed(an_edition(source="arxiv", day=TUESDAY), "Gradient flows")
    odd, other = unreadable(a_reader()), a_reader_of("in:arxiv gradient")
    pipeline.compose(at("2026-07-07T08:00"))
    assert titles(other) == ["Gradient flows"]
    assert odd.deliveries.get().reason == "nothing matched"


def test_the_page_of_a_paper_is_there_with_the_readers_other_filters() -> None:
    reader = unreadable(a_reader_of("hessian"))
    paper = a_paper(title="A hessian")
    consent.mute(reader.pk, consent.Wanted("(gradient", "(gradient"))
    page = Client().get(path_of(links.tune(a_delivery(reader, paper), paper.arxiv_id)))
    assert page.status_code == 200
    assert "found it by “hessian”" in page.content.decode()


def test_a_digest_that_it_brought_can_be_made_all_the_same() -> None:
    listed(an_edition(source="arxiv", day=TUESDAY), "Gradient flows")
    reader = a_reader_of("in:arxiv gradient")
    pipeline.compose(at("2026-07-07T08:00"))
    digest = reader.deliveries.get()
    digest.filters[0]["text"] = "(gradient"
    digest.save()
    assert "Gradient flows" in pipeline.web_copy(digest.pk).text


@time_machine.travel(at("2026-07-07T12:00"), tick=False)
def test_what_became_of_a_paper_is_explained_all_the_same() -> None:
    (paper,) = listed(an_edition(source="arxiv", day=TUESDAY), "Gradient flows")
    reader = unreadable(a_reader_of("in:arxiv gradient"))
    consent.mute(reader.pk, consent.Wanted("(hessian", "(hessian"))
    explained = pipeline.explain(reader.email, paper.arxiv_id)
    assert explained.verdict == "upcoming"
    assert [each.matches for each in explained.filters] == [True, False]
    assert explained.filters[1].why_not == "This version cannot read the filter."


@time_machine.travel(at("2026-07-07T12:00"), tick=False)
def test_nor_does_one_in_an_earlier_digest_keep_a_paper_from_being_explained() -> None:
    (paper,) = listed(an_edition(source="arxiv", day=TUESDAY), "Gradient flows")
    reader = unreadable(a_reader_of("hessian"))
    pipeline.compose_day(TUESDAY)
    reader.subscriptions.filter(text="hessian").delete()
    a_subscription(reader, "gradient")
    explained = pipeline.explain(reader.email, paper.arxiv_id)
    assert explained.reason == "The digest of 2026-07-07 was skipped: nothing matched."
