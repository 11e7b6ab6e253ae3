"""Titles, abstracts, authors, links and filter names come from strangers."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from subscriptions.rendering import Again, Group, digest
from subscriptions.rendering.papers import web_link

from . import raw
from .mails import DUE, card, digest_of, entry, parsed, part, reason

MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title><svg/onload=alert(1)>",
    "<!--[if mso]><b>x</b><![endif]-->",
    "{{ 7*7 }}{% raw %}${x}",
    '" onmouseover="alert(1)',
    "</table></body></html>",
    "jinja0end <!--jinja0-->",
]
LINKS = [
    "javascript:alert(1)",
    "data:text/html,<script>",
    "//evil.example",
    "https://arxiv.org@evil.example/",
    "https://a b.example",
    "https://e.example/\r\nBcc: x@y.example",
    "https://e.example/" + "a" * 4096,
    "https://[broken",
    "https://e.example:99999/",
    "https://e.example\\@evil.example/",
    "ftp://e.example/",
    "https://",
    "https://\ud800.example/",
    "https://e.example/\ud800",
]


class Tags(HTMLParser):
    """The element and attribute names of a document, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


CLEAN = Tags(digest(digest_of(entry(summary="x"), first=True)).html)


def hostile(text: str) -> Any:
    """A digest with `text` wherever a stranger's text can stand."""
    paper = entry(
        reason(text, (text, "title"), (text, text)),
        reason(text),
        title=text,
        abstract=text,
        authors=(text, text),
        categories=(text,),
        summary=text,
        code_url=text,
        project_url=text,
    )
    again = Again(card(title=text), text, DUE, "https://papers.example.org/papers/1")
    return digest_of(groups=(Group(text, (paper,)),), again=(again,), notes=(text,))


@pytest.mark.parametrize("text", MARKUP)
def test_35_markup_stays_text(text: str) -> None:
    mail = digest(hostile(text))
    tags = Tags(part(mail, "html"))
    assert tags.names <= CLEAN.names | {"h2"}
    assert tags.attributes <= CLEAN.attributes
    assert re.sub(r"\s+", "", text) in re.sub(r"\s+", "", tags.text)
    raw.check(mail.message)


def test_literal_think_and_eos_stay_in_both_parts() -> None:
    mail = digest(digest_of(entry(abstract="The <think> tag and <EOS> end.")))
    assert "&lt;think&gt;" in mail.html and "&lt;EOS&gt;" in mail.html
    assert "The <think> tag and <EOS> end." in mail.text


@pytest.mark.parametrize("url", LINKS)
def test_39_a_link_that_is_no_plain_web_address_is_dropped(url: str) -> None:
    assert web_link(url) == ""
    made = digest_of(entry(code_url=url, project_url=url))
    assert digest(made).html == digest(digest_of(entry())).html


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://github.com/a/b_c?x=1&y=%20#z",
            "https://github.com/a/b_c?x=1&y=%20#z",
        ),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("http://e.example:8080/", "http://e.example:8080/"),
        ('https://e.example/">x', "https://e.example/%22%3Ex"),
    ],
)
def test_39_a_web_address_comes_out_in_ascii(url: str, shown: str) -> None:
    assert web_link(url) == shown


@pytest.mark.parametrize("title", ["", " \n\t", "\u202e\u2066"])
def test_a_paper_without_a_title_still_has_a_name(title: str) -> None:
    mail = digest(digest_of(entry(title=title)))
    assert "Untitled (2607.00001)" in mail.html
    assert "Untitled (2607.00001)" in mail.text


def test_overrides_of_direction_never_reach_the_reader() -> None:
    mail = digest(hostile("abc\u202edef\u2066ghi"))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", mail.html + mail.text)


def test_three_thousand_authors_are_a_line() -> None:
    mail = digest(
        digest_of(entry(authors=tuple(f"A. Sample {n}" for n in range(3000))))
    )
    assert "and 2,996 more" in mail.html
    assert len(mail.message) < 30_000


text = st.one_of(
    st.text(max_size=300),
    st.text(
        alphabet="\r\n\0\u2028\u2029\x85.=?_ \tFrom:Bc@é研🌊\u202e\ud800$\\{}",
        max_size=200,
    ),
    st.sampled_from([*MARKUP, *LINKS, ".", "From x", "a" * 5000, "\n.\n", "🌊" * 900]),
)


@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(text)
def test_any_text_anywhere_gives_a_sound_mail(text: str) -> None:
    mail = digest(hostile(text))
    raw.check(mail.message)
    message = parsed(mail)
    assert message.defects == []
    assert str(message["Subject"]) == mail.subject
    assert "You get this because" in part(mail, "plain")
    assert Tags(part(mail, "html")).attributes <= CLEAN.attributes
    assert len(mail.subject) <= 70


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.lists(text, min_size=1, max_size=6))
def test_every_paper_stands_in_both_parts(titles: list[str]) -> None:
    papers = [
        entry(arxiv_id=f"2607.1{at:04}", title=title) for at, title in enumerate(titles)
    ]
    made = digest_of(*papers)
    mail = digest(replace(made, matched=len(papers)))
    for paper in papers:
        link = f"https://arxiv.org/abs/{paper.card.arxiv_id}"
        assert link in part(mail, "html")
        assert link in part(mail, "plain")
