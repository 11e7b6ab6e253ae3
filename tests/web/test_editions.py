"""The front page and the archive of days."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.factories import TUESDAY, a_listing, a_paper, an_edition

pytestmark = pytest.mark.django_db

MONDAY = TUESDAY - timedelta(days=1)


def titles(html: str) -> list[str]:
    return re.findall(r"<h2 dir=\"auto\"><a[^>]*>([^<]*)", html)


def shown(client: Client, at: str) -> str:
    response = client.get(at)
    assert response.status_code == 200
    return response.content.decode()


def test_the_front_page_shows_hugging_faces_newest_day_and_each_source_a_tab(
    client: Client,
) -> None:
    for day in (MONDAY, TUESDAY):
        a_listing(a_paper(title=f"Of {day}"), an_edition(source="hf", day=day))
    a_listing(a_paper(title="Announced"), an_edition(source="arxiv", day=MONDAY))
    html = shown(client, "/")
    assert titles(html) == ["Of 2026-07-07"]
    assert "arXiv, Mon 6 Jul" in html
    assert titles(shown(client, "/?source=arxiv")) == ["Announced"]


def test_the_sign_up_box_stands_above_the_papers(client: Client) -> None:
    a_listing(a_paper(title="Below"), an_edition(source="hf"))
    html = shown(client, "/")
    assert html.index('action="/subscribe"') < html.index("Below")


def test_an_item_shows_what_the_model_page_shows(client: Client) -> None:
    paper = a_paper(
        title="Curvature for Nobody",
        abstract="We claim nothing.",
        authors=["A. Sample", "B. Placeholder"],
        categories=["cs.LG", "stat.ML"],
        upvotes=41,
        comments=1,
        submitter="sample-submitter",
    )
    a_listing(paper, an_edition(source="hf"))
    html = shown(client, "/")
    for text in (
        "Curvature for Nobody",
        "We claim nothing.",
        "2 authors",
        "7 Jul 2026",
        "cs.LG, stat.ML",
        "41 upvotes",
        "1 comment<",
        "sample-submitter",
    ):
        assert text in html, text


def test_a_card_is_shown_as_it_was_published(client: Client) -> None:
    paper = a_paper(title="As Published", upvotes=5)
    a_listing(paper, an_edition(source="hf"))
    paper.title = "As It Is Now"
    paper.save()
    assert titles(shown(client, "/")) == ["As Published"]


def test_an_open_edition_is_shown_so_far(client: Client) -> None:
    a_listing(edition=an_edition(source="hf", state="open", published_at=None))
    assert "So far:" in shown(client, "/")
    a_listing(edition=an_edition(source="arxiv"))
    assert "So far:" not in shown(client, "/?source=arxiv")


def test_samples_are_marked_and_gone_once_a_source_has_an_edition(
    client: Client,
) -> None:
    a_listing(a_paper(title="Sample Paper"), an_edition(source="sample"))
    html = shown(client, "/")
    assert "These are samples." in html
    assert titles(html) == ["Sample Paper"]
    a_listing(a_paper(title="Real Paper"), an_edition(source="arxiv"))
    assert titles(shown(client, "/")) == ["Real Paper"]
    assert client.get("/?source=sample").status_code == 404


def test_days_lead_to_the_previous_and_the_next_with_papers(client: Client) -> None:
    for days in (0, 3, 4):
        day = TUESDAY - timedelta(days=days)
        a_listing(edition=an_edition(source="hf", day=day))
    html = shown(client, "/papers/date/2026-07-04?source=hf")
    previous, following = (
        re.findall(rf'rel="{rel}"\s+href="([^"]*)"', html) for rel in ("prev", "next")
    )
    assert previous == ["/papers/date/2026-07-03?source=hf"]
    assert following == ["/papers/date/2026-07-07?source=hf"]


def test_a_day_without_papers_says_so(client: Client) -> None:
    a_listing(edition=an_edition(source="hf"))
    html = shown(client, "/papers/date/2026-07-05?source=hf")
    assert "listed nothing on this day" in html


def test_a_late_listing_stands_under_the_day_its_source_gave(client: Client) -> None:
    edition = an_edition(source="hf")
    a_listing(a_paper(title="On Time"), edition)
    a_listing(a_paper(title="Late"), edition, listed_on=MONDAY)
    assert titles(shown(client, "/")) == ["On Time"]
    assert titles(shown(client, "/papers/date/2026-07-06?source=hf")) == ["Late"]


def test_a_long_day_is_turned_by_pages(client: Client) -> None:
    edition = an_edition(source="arxiv")
    for number in range(30):
        a_listing(a_paper(title=f"Number {number}"), edition)
    first = shown(client, "/papers/date/2026-07-07?source=arxiv")
    second = shown(client, "/papers/date/2026-07-07?source=arxiv&page=2")
    assert titles(first) + titles(second) == [f"Number {n}" for n in range(30)]
    assert "26 to 30 of 30" in second
    named = [re.findall(r"<title>(.*) · ", each) for each in (first, second)]
    assert named[1] == [f"{named[0][0]}, page 2"]


def test_without_any_paper_the_front_page_says_so(client: Client) -> None:
    assert "first edition is not in yet" in shown(client, "/")


def test_maths_in_a_title_is_readable(client: Client) -> None:
    a_listing(a_paper(title=r"On $\ell_2$ Balls \& Chains"), an_edition(source="hf"))
    assert titles(shown(client, "/")) == ["On ℓ₂ Balls &amp; Chains"]


def test_a_day_opens_on_the_source_that_listed_something(client: Client) -> None:
    a_listing(edition=an_edition(source="hf", day=TUESDAY - timedelta(days=1)))
    listing = a_listing(edition=an_edition(source="arxiv", day=TUESDAY))
    html = client.get(f"/papers/date/{TUESDAY}").content.decode()
    assert listing.paper.title in html
