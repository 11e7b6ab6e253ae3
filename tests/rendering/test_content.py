"""What a digest says, in both parts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from pytest_django import Settings

from subscriptions.rendering import (
    Again,
    Covered,
    Digest,
    Group,
    Rendered,
    digest,
)

from .mails import DUE, card, digest_of, entry, reason, recipient, seven_papers

SENTENCES = "First sentence. Second one, e.g. this. Third and last."


def words(html_or_text: str) -> str:
    """What is read, without tags, marks of the text part, and line ends."""
    text = re.sub(r"(?s)<style>.*?</style>|<!--.*?-->|<[^>]*>", "", html_or_text)
    return re.sub(r"\s+", " ", unescape(text).replace("*", ""))


def both(mail: Rendered) -> list[str]:
    return [words(mail.html), words(mail.text)]


def says(made: Digest, phrase: str) -> bool:
    """Whether both parts say it; they never differ."""
    said = [phrase in part for part in both(digest(made))]
    assert said[0] == said[1], f"only one part says {phrase!r}"
    return said[0]


def test_every_paper_and_every_link_is_in_both_parts() -> None:
    made = seven_papers()
    mail = digest(made)
    links = set(map(unescape, re.findall(r'href="([^"]*)"', mail.html)))
    assert links == set(re.findall(r"https?://\S+", mail.text))
    for number in range(1, 8):
        assert f"https://arxiv.org/abs/2607.0000{number}" in links
    titles = re.findall(r"(?s)<h3.*?</h3>", mail.html)
    assert len(titles) == 7
    for title in titles:
        assert words(title).strip() in words(mail.text)


def test_it_says_which_editions_it_covers_and_how_many_papers() -> None:
    made = seven_papers()
    assert says(made, "7 papers for you, of 755 listed")
    assert says(made, "arXiv, Tue 7 Jul: 712 papers")
    assert says(made, "Hugging Face, Mon 6 Jul: 43 papers")
    assert says(made, "3 filters")
    assert says(made, "Your filters matched 9")


def test_only_the_web_copy_marks_the_words_where_they_stand() -> None:
    found = reason("RL", ("Step", "title"), ("vector product", "abstract"))
    short = {"title": "A step size, stepwise", "abstract": "One vector product."}
    made = digest_of(entry(found, **short))
    copy = digest(made, whole=True).html
    in_place = re.findall(r'<span class="mark"[^>]*>([^<]*)</span>', copy)
    assert in_place == ["step", "vector product", "Step", "vector product"]
    assert "A step size, stepwise" in words(copy)
    assert "step</span>" not in digest(made).html
    odd = digest_of(entry(reason("x", ("<b>", "title"), ("(", "abstract"))))
    assert "<b>" not in re.sub(r"(?s)Why:.*?</p>", "", digest(odd, whole=True).html)


def test_many_days_of_a_source_are_said_as_one_stretch() -> None:
    days = [date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 7)]
    covered = tuple(Covered("arXiv", day, 700) for day in days)
    made = digest_of(editions=(*covered, Covered("Hugging Face", DUE, 43)))
    assert says(made, "arXiv, 29 Jun to 7 Jul: 2,100 papers")
    assert says(made, "Hugging Face, Tue 7 Jul: 43 papers")
    two = digest_of(editions=covered[:2])
    assert says(two, "arXiv, Mon 29 Jun: 700 papers")
    assert says(two, "arXiv, Tue 30 Jun: 700 papers")


def test_the_why_line_names_the_filter_and_the_words_and_where() -> None:
    made = digest_of(
        entry(
            reason(
                "RL theory",
                ("policy gradient", "title"),
                ("representation", "abstract"),
            ),
            reason("Long context"),
        )
    )
    assert says(
        made,
        "Why: RL theory: policy gradient in the title, representation; "
        "also in Long context",
    )
    assert ">RL theory</b>" in digest(made).html


@pytest.mark.parametrize("words", ["code link", "github.com/sample/code"])
def test_a_filter_for_code_says_so_once(words: str) -> None:
    made = digest_of(entry(reason("With code", (words, "code"))))
    assert says(made, f"Why: With code: {words}")


def test_a_filter_that_takes_everything_says_only_its_name() -> None:
    made = digest_of(entry(reason("Everything")._replace(found=())))
    assert says(made, "Why: Everything PDF")


def test_many_authors_are_counted() -> None:
    made = digest_of(entry(authors=tuple(f"A{n} Sample" for n in range(16))))
    assert says(made, "A2 Sample, A3 Sample and 12 more · 16 authors")
    assert says(digest_of(entry(authors=("E. Muster",))), "E. Muster · 1 author ")


def test_no_count_of_papers_or_authors_breaks_before_its_word() -> None:
    html = digest(seven_papers()).html
    assert "16\N{NO-BREAK SPACE}authors" in html
    assert "2\N{NO-BREAK SPACE}papers</span>" in html


def test_the_summary_is_said_to_be_written_by_a_machine() -> None:
    made = digest_of(entry(summary="a trick saves time."))
    assert says(made, "In short: a trick saves time. (written by a machine)")


def test_the_first_eight_abstracts_are_whole_and_the_rest_two_sentences() -> None:
    mail = digest(digest_of(*[entry(abstract=SENTENCES) for _ in range(10)]))
    for part in both(mail):
        assert part.count("Third and last.") == 8
        assert part.count("Second one, e.g. this.") == 10


@pytest.mark.parametrize(
    "short", [{"weekly": True}, {"recipient": recipient(full_abstracts=False)}]
)
def test_weekly_and_on_request_all_abstracts_are_short(
    short: dict[str, object],
) -> None:
    made = digest_of(entry(abstract=SENTENCES), **short)
    assert not says(made, "Third and last.")
    assert says(made, "Second one, e.g. this.")


def test_a_weekly_readers_first_digest_is_not_said_to_be_of_a_week() -> None:
    """It holds the newest list of each source, whatever the day they confirmed."""
    made = replace(seven_papers(), weekly=True)
    assert says(made, "The week to Tuesday 7 July 2026")
    first = replace(made, first=True)
    assert says(first, "Tuesday 7 July 2026")
    assert "The week to" not in digest(first).html + digest(first).text


def test_a_week_has_its_days_as_sections_the_oldest_first() -> None:
    days = [date(2026, 7, 3), date(2026, 7, 1), date(2026, 7, 3)]
    entries = [
        entry(reason(f"F{at}"), arxiv_id=f"2607.0000{at}", title=f"Paper {at}")
        for at in range(3)
    ]
    made = digest_of(
        groups=tuple(
            Group(f"F{at}", (replace(each, listed_on=day),))
            for at, (each, day) in enumerate(zip(entries, days, strict=True))
        ),
        weekly=True,
    )
    mail = digest(made)
    headings = [words(h).strip() for h in re.findall(r"(?s)<h2.*?</h2>", mail.html)]
    assert headings == ["Wednesday 1 July · 1 paper", "Friday 3 July · 2 papers"]
    titles = [words(h).strip() for h in re.findall(r"(?s)<h3.*?</h3>", mail.html)]
    assert titles == ["Paper 1", "Paper 0", "Paper 2"]
    assert says(made, "Why: F2: curvature in the title")
    assert says(made, "Wednesday 1 July · 1 paper")


def test_a_paper_links_to_arxiv_pdf_code_and_the_page_to_tune_it_and_no_more() -> None:
    made = digest_of(
        entry(code_url="https://code.example/x", project_url="https://page.example/")
    )
    html = digest(made).html
    actions = html[html.index("<h3") : html.index('<div class="foot')]
    assert re.findall(r'href="([^"]*)"', actions) == [
        "https://arxiv.org/abs/2607.00001",
        "https://arxiv.org/pdf/2607.00001",
        "https://code.example/x",
        "https://papers.example.org/tune/2bZ~1uQ9xT~Jm4nq7rWw0oYk3eVb8sLzA/2607.00001",
    ]


def test_samples_are_marked_and_do_not_link_to_arxiv() -> None:
    made = digest_of(entry(source="Sample"), editions=(Covered("Sample", DUE, 40),))
    assert says(made, "Sample, invented")
    assert says(made, "These papers are invented")
    assert "arxiv.org" not in digest(made).message.decode()


def test_real_papers_are_not_marked_as_samples() -> None:
    assert not says(seven_papers(), "invented, to show")
    assert "Sample, invented" not in digest(seven_papers()).html


def test_papers_had_before_stand_in_a_list_at_the_end() -> None:
    again = Again(
        card(title="Folded Gradients", upvotes=62, code_url="https://code.example/c"),
        "Hugging Face",
        date(2026, 6, 30),
        "https://papers.example.org/papers/2606.1",
    )
    near = replace(again, sent_on=date(2026, 7, 4))
    made = digest_of(again=(near,))
    assert says(made, "Also on Hugging Face’s list, sent to you on Saturday")
    assert says(made, "Folded Gradients (62 upvotes, code)")
    assert says(digest_of(again=(again,)), "sent to you on Tue 30 Jun")
    told = replace(again, card=card(title="Folded Gradients", summary="In short."))
    assert says(digest_of(again=(told,)), "Folded Gradients (a summary)")


def test_notes_and_the_welcome_are_said_when_there_is_reason() -> None:
    late = "cs.CL was late today; its papers come tomorrow."
    assert says(digest_of(notes=(late,)), late)
    assert says(digest_of(first=True), "This is your first round")
    assert not says(digest_of(), "This is your first round")


def test_the_footer_says_why_and_who(settings: Settings) -> None:
    settings.CONTROLLER = "Example Lab"
    settings.POSTAL_ADDRESS = "1 Example Street\n10115 Berlin"
    settings.CONTACT = "papers@example.org"
    assert says(
        digest_of(),
        "You get this because you confirmed on 2 June 2026 that you want papers for "
        "these filters at 07:00, Europe/Berlin.",
    )
    assert says(digest_of(), "Example Lab, 1 Example Street, 10115 Berlin")
    assert says(digest_of(), "Questions: papers@example.org")
    imported = digest_of(recipient=recipient(confirmed_on=None))
    assert says(imported, "You get this because you asked for papers")


@pytest.mark.parametrize("name", ["preferences", "unsubscribe"])
def test_the_ways_out_stand_within_the_first_4_kb_and_in_the_footer(name: str) -> None:
    made = seven_papers()
    mail, link = digest(made), getattr(made.links, name)
    html_part = mail.message[mail.message.index(b"text/html") :].replace(b"=\r\n", b"")
    for part in (html_part, mail.text.encode()):
        assert 0 < part.find(link.encode()) < 4096
        assert part.rfind(link.encode()) > 4096


def test_a_filter_without_a_name_is_cut_to_a_line() -> None:
    long = "title:" + "very " * 200
    html = digest(digest_of(groups=(Group(long, (entry(reason(long)),)),))).html
    assert "very…" in html
    assert long not in html
