"""From any row one gets to what it is about."""

from typing import Any

import pytest
from django.test import Client

from subscriptions.models import (
    ConsentRecord,
    Delivery,
    DeliveryEvent,
    Edition,
    Letter,
    Listing,
    Paper,
    Round,
    SourceRun,
    Subscriber,
    Subscription,
    TopicFilter,
)

from .making import TODAY, a_listing, a_run, an_edition, one_of_everything
from .test_every_list import page


@pytest.mark.parametrize(
    "model", [Delivery, Letter, Subscription, ConsentRecord, DeliveryEvent]
)
def test_a_reader_leads_to_what_is_theirs_alone(desk: Client, model: Any) -> None:
    rows = one_of_everything()
    one_of_everything(TODAY.replace(day=1))
    reader = rows[Subscriber]
    theirs = f"{page(model, 'changelist')}?subscriber__id__exact={reader.pk}"
    assert theirs in desk.get(page(Subscriber, "change", reader.pk)).content.decode()
    assert list(desk.get(theirs).context["cl"].queryset) == [rows[model]]


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        (Delivery, [Subscriber, Round, Listing, DeliveryEvent]),
        (Listing, [Paper, Edition]),
        (Paper, [Listing]),
        (Subscription, [Subscriber, TopicFilter]),
        (DeliveryEvent, [Subscriber, Delivery]),
        (Letter, [Subscriber]),
        (ConsentRecord, [Subscriber]),
    ],
)
def test_a_row_leads_to_its_neighbours(
    desk: Client, start: Any, ends: list[Any]
) -> None:
    rows = one_of_everything()
    shown = desk.get(page(start, "change", rows[start].pk)).content.decode()
    for end in ends:
        assert f'href="{page(end, "change", rows[end].pk)}"' in shown


def test_a_run_leads_to_the_edition_it_filled(desk: Client) -> None:
    rows = one_of_everything()
    an_edition("hf", TODAY)
    where = f"{page(Edition, 'changelist')}?source__exact=arxiv&amp;day={TODAY}"
    shown = desk.get(page(SourceRun, "change", rows[SourceRun].pk)).content.decode()
    assert where in shown
    found = desk.get(where.replace("&amp;", "&")).context["cl"].queryset
    assert list(found) == [rows[Edition]]


def test_the_list_of_runs_says_why_one_went_wrong(desk: Client) -> None:
    a_run("hf", TODAY, "down", reason="No list came: it is an HTML page.")
    shown = desk.get(page(SourceRun, "changelist")).content.decode()
    assert "No list came: it is an HTML page." in shown


def test_an_edition_leads_to_its_papers(desk: Client) -> None:
    rows = one_of_everything()
    a_listing(an_edition("hf", TODAY))
    where = f"{page(Listing, 'changelist')}?edition__id__exact={rows[Edition].pk}"
    shown = desk.get(page(Edition, "change", rows[Edition].pk)).content.decode()
    assert where in shown
    assert list(desk.get(where).context["cl"].queryset) == [rows[Listing]]
