"""A listing, or a paper by itself, as a filter sees it."""

from __future__ import annotations

from datetime import date

import pytest

from subscriptions.matching import Document
from subscriptions.matching.documents import code_link
from subscriptions.models import Paper
from tests.factories import TUESDAY, a_listing, a_paper, an_edition

pytestmark = pytest.mark.django_db


def test_a_listing_is_read_from_its_frozen_card() -> None:
    paper = a_paper(title="Old name", upvotes=3)
    listing = a_listing(paper, an_edition(source="hf"))
    Paper.objects.filter(pk=paper.pk).update(title="New name", upvotes=9)
    listing.refresh_from_db()
    document = Document.of_listing(listing)
    assert (document.title, document.upvotes) == ("Old name", 3)
    assert (document.listing, document.paper) == (listing.pk, paper.pk)
    assert (document.source, document.day) == ("hf", TUESDAY)


def test_a_listing_without_an_edition_has_the_day_it_was_listed_on() -> None:
    day = date(2025, 1, 1)
    listing = a_listing(a_paper(), source="hf", listed_on=day)
    assert Document.of_listing(listing).day == day


def test_a_listing_in_a_later_edition_has_the_editions_day() -> None:
    listing = a_listing(edition=an_edition(), listed_on=date(2026, 7, 6))
    assert Document.of_listing(listing).day == TUESDAY


def test_a_paper_by_itself_is_on_no_list() -> None:
    document = Document.of_paper(a_paper())
    assert (document.listing, document.source) == (0, "")


@pytest.mark.parametrize(
    ("fields", "has_code"),
    [
        ({"code_url": "https://example.org/code"}, True),
        ({"abstract": "At \\url{https://github.com/sample/code}."}, True),
        ({"note": "Code: GitLab.com/sample/code"}, True),
        ({"note": "huggingface.co/sample/model"}, True),
        ({"abstract": "We study github.com itself."}, False),
        ({"abstract": "See notgithub.com.example/x"}, False),
        ({"project_url": "https://example.org"}, False),
    ],
)
def test_code_is_what_the_source_gives_or_a_link_in_abstract_or_comment(
    fields: dict[str, str], has_code: bool
) -> None:
    assert Document.of_paper(a_paper(**fields)).has_code is has_code


def test_a_code_link_ends_where_markup_or_a_sentence_does() -> None:
    text = "Code at \\url{https://github.com/sample/code}. More."
    assert code_link(text) == "github.com/sample/code"
    assert code_link("See github.com/sample/code.") == "github.com/sample/code"
