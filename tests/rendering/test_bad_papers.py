"""Papers as bad as sources can make them: each is readable, and the mail is sound.

The numbers are those of a list of bad inputs. Markup (35), links (39) and text of any
kind are in test_hostile_input.py; what a formula may be (37) in test_maths.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser

from subscriptions.rendering import Rendered, digest

from . import raw
from .mails import LONG, TITLE, digest_of, entry, parsed, part

WORD = "Wort" * 1024  # 4 KB without a place to break


def mail_with(**changes: Any) -> Rendered:
    """The mail of one such paper and a plain one after it, which must not suffer."""
    after = entry(arxiv_id="2607.00002", title="An ordinary neighbour")
    mail = digest(digest_of(entry(**changes), after))
    raw.check(mail.message)
    assert parsed(mail).defects == []
    for subtype in ("plain", "html"):
        assert "An ordinary neighbour" in part(mail, subtype)
        assert "https://arxiv.org/abs/2607.00002" in part(mail, subtype)
        assert "You get this because" in part(mail, subtype)
    return mail


def dense(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(
    "title",
    [
        "Many words of a title that does not end " * 125,  # 5 KB
        WORD,
        ".hidden: a Leading Dot",
        "One\n.\nTwo",
        "From the Beginning of a Line",
        "A title\nFrom a second line",
    ],
)
def test_36_a_title_of_any_length_and_beginning_is_shown(title: str) -> None:
    mail = mail_with(title=title)
    for subtype in ("plain", "html"):
        assert dense(title)[:200] in dense(part(mail, subtype))
    assert len(mail.subject) <= 70


@pytest.mark.parametrize("field", ["title", "abstract", "summary"])
def test_36_a_word_without_a_break_fits_a_phone(field: str, browser: Browser) -> None:
    html = mail_with(**{field: WORD}).html
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()


@pytest.mark.parametrize(
    "formula",
    [
        r"$\newcommand{\x}{\x\x}\x$",
        "an unbalanced $ sign",
        r"\input{/etc/passwd}",
        "$" + "{" * 200 + "x" + "}" * 200 + "$",
    ],
)
def test_37_what_is_no_formula_stays_as_it_was_written(formula: str) -> None:
    mail = mail_with(title=f"On {formula}", abstract=f"We write {formula} here.")
    assert dense(formula)[:200] in dense(part(mail, "plain"))
    assert "root:" not in mail.text


@pytest.mark.parametrize(
    ("authors", "shown"),
    [
        (
            tuple(f"A. Sample {n}" for n in range(3000)),
            "and 2,996 more · 3,000 authors",
        ),
        ((), "Training on long contexts"),
        (("A. Sample", "et al."), "A. Sample, et al. · 2 authors"),
        (
            ("山田 見本", "Ж. Пример", "أ. مثال"),
            "山田 見本, Ж. Пример, أ. مثال · 3 authors",
        ),
        (("Sample, A., Jr.", "B. Sample"), "Sample, A., Jr., B. Sample · 2 authors"),
        (("", "  ", "A. Sample"), "A. Sample · 1 author"),
    ],
)
def test_38_authors_as_sources_give_them(authors: tuple[str, ...], shown: str) -> None:
    assert dense(shown) in dense(part(mail_with(authors=authors), "plain"))


def test_38_without_authors_there_is_no_line_of_them() -> None:
    assert "0 authors" not in mail_with(authors=()).text


@pytest.mark.parametrize(
    ("abstract", "shown"),
    [
        ("word " * 200_000, "wordword"),  # 1 MB
        (" \n\t\u00a0\u3000 ", TITLE),
        ("", TITLE),
        ("هذا نص عربي with English and 42 inside وكلمة", "with English and 42 inside"),
        ("zero\u200bwidth\u200c\u200djoiners\ufeff here", "here"),
        ("🌊" * 400, "🌊" * 20),
    ],
)
def test_40_an_abstract_of_anything_or_nothing(abstract: str, shown: str) -> None:
    mail = mail_with(abstract=abstract)
    for subtype in ("plain", "html"):
        assert dense(shown) in dense(part(mail, subtype))
    assert len(mail.message) < 90_000


@pytest.mark.parametrize(
    ("arxiv_id", "link"),
    [
        ("hep-th/9901001", "https://arxiv.org/abs/hep-th/9901001"),
        ("0704.0001", "https://arxiv.org/abs/0704.0001"),
    ],
)
def test_41_a_paper_of_any_age_has_its_link(arxiv_id: str, link: str) -> None:
    mail = mail_with(arxiv_id=arxiv_id)
    assert link in part(mail, "plain") and f'href="{link}"' in part(mail, "html")


def test_41_a_withdrawn_paper_and_an_unknown_category_are_shown_as_they_are() -> None:
    withdrawn = "This paper has been withdrawn by its invented author."
    mail = mail_with(abstract=withdrawn, categories=("new-field.XX",), note="Withdrawn")
    assert withdrawn in mail.html and "new-field.XX" in mail.html


def test_42_no_paper_and_one_paper_are_sound_mails() -> None:
    none = digest(replace(digest_of(), groups=(), matched=0))
    raw.check(none.message)
    assert "0 papers for you" in none.html
    one = digest(digest_of(entry(abstract=LONG)))
    assert "1 paper for you" in one.html and one.subject.startswith("Slow Tokens, ")
