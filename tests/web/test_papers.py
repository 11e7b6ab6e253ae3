"""A paper's page and search."""

import re
from datetime import date
from html import unescape

import pytest
from django.test import Client

from tests.factories import a_listing, a_paper, an_edition

pytestmark = pytest.mark.django_db


def shown(client: Client, at: str, **query: str) -> str:
    response = client.get(at, query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_paper_shows_its_fields_links_and_lists(client: Client) -> None:
    paper = a_paper(
        arxiv_id="2607.12345",
        title="Curvature for Nobody",
        code_url="https://example.org/code",
        summary="Nothing is claimed.",
        note="9 pages",
    )
    a_listing(paper, an_edition(source="hf"))
    html = shown(client, "/papers/2607.12345")
    for text in (
        "Curvature for Nobody",
        "A. Sample",
        "https://arxiv.org/abs/2607.12345",
        "https://arxiv.org/pdf/2607.12345",
        "https://example.org/code",
        "Nothing is claimed.",
        "(written by a machine)",
        "9 pages",
        "/papers/date/2026-07-07?source=hf",
    ):
        assert text in html, text


def test_an_old_style_id_has_a_slash(client: Client) -> None:
    a_paper(arxiv_id="hep-th/9901001", title="From Before")
    assert "From Before" in shown(client, "/papers/hep-th/9901001")


@pytest.mark.parametrize("odd", ["math/v1", "mathv1/v2", "v1", "v1v2", "1/.v1"])
def test_an_address_that_is_like_a_version_leads_to_no_fault(
    client: Client, odd: str
) -> None:
    assert client.get(f"/papers/{odd}").status_code in {301, 404}


@pytest.mark.parametrize("version", ["v1", "v12", "V2"])
def test_a_version_leads_to_the_paper(client: Client, version: str) -> None:
    response = client.get(f"/papers/2607.12345{version}")
    assert response.status_code == 301
    assert response["Location"] == "/papers/2607.12345"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://arxiv.org@evil.example/",
        "ftp://example.org/",
        "https://",
        "https://[",
    ],
)
def test_a_link_that_is_not_plainly_web_is_dropped(
    client: Client, address: str
) -> None:
    a_paper(arxiv_id="2607.12345", code_url=address, project_url=address)
    html = shown(client, "/papers/2607.12345")
    assert f'href="{address}"' not in html
    assert ">Code<" not in html


def test_664_authors_are_there_and_folded_away(client: Client) -> None:
    a_paper(arxiv_id="2607.12345", authors=[f"Sample {n}" for n in range(664)])
    html = shown(client, "/papers/2607.12345")
    assert "664 authors" in html
    assert "and 652 more" in html
    assert "Sample 663" in html


def test_a_sample_says_that_it_is_one(client: Client) -> None:
    a_listing(a_paper(arxiv_id="2607.12345"), an_edition(source="sample"))
    html = shown(client, "/papers/2607.12345")
    assert "the paper is invented" in html
    assert "arxiv.org" not in html


def test_rule_7_samples_are_gone_once_a_source_has_an_edition(client: Client) -> None:
    sample = a_paper(arxiv_id="0000.10016", title="Invented Gradients")
    a_listing(sample, an_edition(source="sample"))
    assert "Invented <mark>Gradients" in shown(client, "/papers", q="gradients")
    assert "Invented Gradients" in shown(client, "/")
    a_listing(a_paper(title="Real Gradients"), an_edition(source="hf"))
    found = shown(client, "/papers", q="gradients")
    assert "Real <mark>Gradients" in found
    assert "Invented" not in found
    for gone in ("/papers/0000.10016", "/?source=sample"):
        assert client.get(gone).status_code == 404, gone
    assert "Invented" not in shown(client, "/")


def test_rule_7_a_paper_that_a_source_lists_is_no_sample_any_more(
    client: Client,
) -> None:
    paper = a_paper(arxiv_id="2607.12345")
    for source in ("sample", "hf"):
        a_listing(paper, an_edition(source=source))
    html = shown(client, "/papers/2607.12345")
    assert "the paper is invented" not in html
    assert "Listed by Sample" not in html


def test_search_finds_in_the_filter_language_and_marks_the_words(
    client: Client,
) -> None:
    a_paper(title="Policy Gradients for Nobody")
    a_paper(title="Gradient of a Policy")
    html = shown(client, "/papers", q='"policy gradient"')
    assert "<mark>Policy Gradients</mark> for Nobody" in html
    assert "Gradient of a Policy" not in html
    assert "1 paper," in html


def test_search_is_paged_and_counted(client: Client) -> None:
    for number in range(30):
        a_paper(title=f"Gradient number{number}")
    first = shown(client, "/papers", q="gradient")
    assert "30 papers," in first
    assert "1 to 25 of 30" in first
    assert first.count('<article class="paper"') == 25
    assert 'rel="prev"' not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = shown(client, unescape(following[1]))
    assert "26 to 30 of 30" in second
    assert 'rel="next"' not in second
    assert ", from 26 · Search" in second
    assert ", from" not in first
    titles = re.findall("number[0-9]+", first + second)
    assert len(set(titles)) == 30


def test_search_can_be_ordered_by_day(client: Client) -> None:
    a_paper(title="Gradient, gradient, gradient", day=date(2026, 7, 1))
    a_paper(title="Another thing", abstract="A gradient", day=date(2026, 7, 6))
    best = shown(client, "/papers", q="gradient")
    assert best.index("gradient</mark>, <mark>gradient") < best.index("Another thing")
    newest = shown(client, "/papers", q="gradient", sort="newest")
    assert newest.index("Another thing") < newest.index("gradient</mark>, <mark>")


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40, "1e3", "٣"])
def test_a_page_number_that_makes_no_sense_is_the_first(
    client: Client, page: str
) -> None:
    a_paper(title="Gradient")
    assert "1 paper," in shown(client, "/papers", q="gradient", page=page)
    assert "<article" in shown(client, "/papers", q="gradient", page=page)


def test_search_offers_the_query_as_a_filter(client: Client) -> None:
    a_paper(title="Policy Gradients for Nobody")
    html = shown(client, "/papers", q='"policy gradient"')
    assert "/subscribe?filters=%22policy+gradient%22" in html


def test_a_wrong_query_is_shown_with_its_place(client: Client) -> None:
    html = shown(client, "/papers", q="gradient (policy")
    assert 'class="fault"' in html
    assert "gradient <mark>(</mark>policy" in html
    assert 'value="gradient (policy"' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 10_000,
        " OR ".join(["word"] * 5_000),
        "'; DROP TABLE subscriptions_paper; --",
        "%",
        "_",
        "\\",
        ":*",
        "<->",
        "a\0b",
        "\u202e\u0301\u200d",
        "x" * 10_000,
        "(a+)+$",
        '"',
        "NOT survey",
    ],
)
def test_no_query_breaks_the_page(client: Client, hostile: str) -> None:
    a_paper()
    assert "<script>" not in shown(client, "/papers", q=hostile)


def test_a_query_is_shown_as_text(client: Client) -> None:
    html = shown(client, "/papers", q='"><script>alert(1)</script>')
    assert "<script>alert" not in html


def test_nothing_found_says_so(client: Client) -> None:
    assert "No stored paper matches" in shown(client, "/papers", q="zyzzyva")


@pytest.mark.parametrize(
    "pasted",
    ["2607.01234", "arXiv:2607.01234v2", "https://arxiv.org/abs/2607.01234v2"],
)
def test_the_id_of_a_paper_leads_to_its_page(client: Client, pasted: str) -> None:
    a_paper(arxiv_id="2607.01234")
    answer = client.get("/papers", {"q": pasted})
    assert answer.status_code == 302
    assert answer["Location"] == "/papers/2607.01234"


def test_an_old_id_leads_to_its_page_too(client: Client) -> None:
    a_paper(arxiv_id="hep-th/9901001")
    answer = client.get("/papers", {"q": "https://arxiv.org/pdf/hep-th/9901001"})
    assert answer["Location"] == "/papers/hep-th/9901001"


def test_the_id_of_a_paper_that_is_not_stored_is_no_fault(client: Client) -> None:
    html = shown(client, "/papers", q="arXiv:2607.01234v2")
    assert "The paper 2607.01234 is not stored here." in html
    assert 'href="https://arxiv.org/abs/2607.01234"' in html
    assert 'class="fault"' not in html


def test_a_sample_that_is_not_shown_is_not_stored_either(client: Client) -> None:
    a_listing(a_paper(arxiv_id="2607.01234"), an_edition(source="sample"))
    assert client.get("/papers", {"q": "2607.01234"}).status_code == 302
    an_edition(source="hf")
    assert "not stored here" in shown(client, "/papers", q="2607.01234")
