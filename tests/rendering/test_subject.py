"""The subject: short names first, then how many more, then the day."""

from __future__ import annotations

import pytest

from subscriptions.rendering import digest
from subscriptions.rendering.phrases import short_name

from .mails import digest_of, entry, parsed, seven_papers


def subject_of(*titles: str) -> str:
    return digest(digest_of(*(entry(title=title) for title in titles))).subject


def test_it_names_the_first_papers_and_counts_the_rest() -> None:
    assert subject_of(
        "Mamba-9: A Sequel", "Flow Matters: Yes", *["Some Other Title"] * 5
    ) == ("Mamba-9, Flow Matters + 5 more, Tue 7 Jul")


def test_one_paper_stands_alone() -> None:
    assert subject_of("Slow Tokens: Steps") == "Slow Tokens, Tue 7 Jul"


def test_two_papers_need_no_count() -> None:
    assert subject_of("One: A", "Two 2: B") == "One, Two 2, Tue 7 Jul"


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("TideNet: Learning Corrections from Buoys", "TideNet"),
        ("Which Hessian? A Field Guide to Claims", "Which Hessian?"),
        ("Patchwork Attention", "Patchwork Attention"),
        ("A Survey of Very Long Titles and of It", "A Survey of Very Long Titles…"),
        ("Learning to Rank Papers with the Help of None", "Learning to Rank Papers…"),
    ],
)  # fmt: skip
def test_the_short_name_of_a_title(title: str, short: str) -> None:
    assert short_name(title) == short


@pytest.mark.parametrize(
    "titles",
    [
        ["W" * 4000],
        ["word " * 900] * 40,
        [f"{'Name' * 9}: x"] * 3,
        ["研究" * 60] * 12,
        [""],
    ],
)
def test_it_has_at_most_seventy_characters_and_ends_with_the_day(
    titles: list[str],
) -> None:
    subject = subject_of(*titles)
    assert len(subject) <= 70
    assert subject.endswith(", Tue 7 Jul")


def test_its_maths_is_readable() -> None:
    assert subject_of(r"$\ell_2$-Tuning: A Trick") == "ℓ₂-Tuning, Tue 7 Jul"


def test_the_title_element_equals_the_subject_header() -> None:
    mail = digest(digest_of(entry(title="R&D <b>at</b> $O(n^2)$: a Case")))
    assert (
        str(parsed(mail)["Subject"]) == mail.subject == "R&D <b>at</b> O(n²), Tue 7 Jul"
    )
    assert "<title>R&amp;D &lt;b&gt;at&lt;/b&gt; O(n²), Tue 7 Jul</title>" in mail.html


def test_the_first_visible_line_names_the_next_papers() -> None:
    html = digest(seven_papers()).html
    assert "Also inside: TideNet · " in html
    assert html.index("Also inside: TideNet") < html.index("Preferences")
    assert "display:none" not in html.replace(" ", "")


def test_a_paper_that_the_subject_has_no_room_for_is_the_first_of_the_next() -> None:
    titles = (
        "Patient Sampling for Tide Tables and More",
        "Folded Attention over Ledgers of the Sea",
        "Quiet Gradients on a Budget of Time",
    )
    mail = digest(digest_of(*(entry(title=title) for title in titles)))
    assert mail.subject == "Patient Sampling for Tide Tables… + 2 more, Tue 7 Jul"
    assert "Also inside: Folded Attention over Ledgers… · Quiet" in mail.html
