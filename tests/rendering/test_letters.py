"""The letters: what each says, and what the confirm letter must not."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from subscriptions.rendering import Rendered, letter
from subscriptions.rendering.letters import KINDS

from . import raw
from .mails import letter_of, parsed, part, recipient
from .test_hostile_input import MARKUP, Tags

TYPED = "visit http://evil.example now"


@pytest.mark.parametrize("kind", ["confirm", "new_address"])
def test_a_letter_that_asks_has_nothing_that_somebody_typed(kind: str) -> None:
    made = letter_of(
        kind,
        recipient=recipient(
            address="free.pills@evil.example", zone="Evil/Zone", hour=23
        ),
        facts=dict.fromkeys(
            ["name", "filters", "wanted", "next_due", "to", "nearest"], TYPED
        ),
    )
    mail = letter(made)
    for text in (mail.subject, mail.html, mail.text):
        assert not re.search("evil|free.pills|23:00", text, re.IGNORECASE)
    assert made.action_url in part(mail, "plain")
    assert f'href="{made.action_url}"' in part(mail, "html")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_letter_says_why_and_how_to_stop(kind: str) -> None:
    made = letter_of(kind)
    mail = letter(made)
    for text in (mail.html, mail.text):
        assert text.count("You get this") == 1
        assert made.links.unsubscribe in text
    assert f"<title>{mail.subject}</title>" in mail.html
    assert str(parsed(mail)["Subject"]) == mail.subject


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_both_parts_of_a_letter_have_the_same_links(kind: str) -> None:
    mail = letter(letter_of(kind))
    in_html = set(map(unescape, re.findall(r'href="([^"]*)"', mail.html)))
    assert in_html == set(re.findall(r"https?://\S+", mail.text))


@pytest.mark.parametrize(
    "kind",
    [
        *("confirm", "preferences", "goodbye"),
        *("new_address", "address_asked", "still_useful"),
    ],
)
def test_the_letter_is_about_its_link(kind: str) -> None:
    made = letter_of(kind)
    assert f'class="button" href="{made.action_url}"' in letter(made).html


def test_the_welcome_says_when_and_how_much() -> None:
    mail = letter(letter_of("welcome"))
    for subtype in ("html", "plain"):
        text = re.sub(r"<[^>]*>|\s+", " ", part(mail, subtype))
        text = re.sub(" +", " ", text).replace(" .", ".").replace(" :", ":")
        assert "The next digest is due Wednesday 8 July at 07:00." in text
        assert "Curvature: 0 to 7 papers a day, median 3, over 10 editions" in text


def test_the_welcome_does_without_volumes() -> None:
    facts = letter_of("welcome").facts
    made = letter_of("welcome", facts={**facts, "volumes": []})
    assert "would have brought lately" not in letter(made).html


def test_a_filter_name_in_the_welcome_is_escaped_text() -> None:
    facts = letter_of("welcome").facts
    volumes = [{"name": "<b>x</b>\r\n", "low": 0, "median": 1, "high": 1, "days": 1}]
    html = letter(letter_of("welcome", facts={**facts, "volumes": volumes})).html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_goodbye_without_a_link_shows_the_way_back_by_the_site() -> None:
    made = letter_of("goodbye", action_url="")
    assert "sign up as you did before" in letter(made).text
    assert made.links.site in letter(made).html


@pytest.mark.parametrize("kind", ["address_asked", "address_changed"])
def test_letters_to_the_old_address_name_the_new_one_masked(kind: str) -> None:
    mail = letter(letter_of(kind))
    for text in (mail.html, mail.text):
        assert "n•••@example.com" in text


def words(mail: Rendered, subtype: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", part(mail, subtype)).split())


@pytest.mark.parametrize("subtype", ["html", "plain"])
def test_the_question_whether_it_is_useful_says_what_follows(subtype: str) -> None:
    said = words(letter(letter_of("still_useful")), subtype)
    assert "once a week from 6 August 2027 on, on Mondays" in said
    assert "from 5 November 2027 on not at all" in said


@pytest.mark.parametrize("subtype", ["html", "plain"])
def test_who_has_a_weekly_digest_is_only_told_when_it_stops(subtype: str) -> None:
    made = letter_of("still_useful")
    mail = letter(replace(made, facts={**made.facts, "weekly_from": ""}))
    assert "no more come from 5 November 2027 on" in words(mail, subtype)
    assert "once a week" not in words(mail, subtype)


@pytest.mark.parametrize("subtype", ["html", "plain"])
def test_what_came_nearest_says_how_many_were_held_and_which_word_was_missing(
    subtype: str,
) -> None:
    mail = letter(letter_of("no_match"))
    said = words(mail, subtype).replace("* ", "")
    assert "were held against 4,812 papers, the lists of 10 days" in said
    assert said.count("Curvature: The word “Hessian” is not in its title") == 3
    assert part(mail, subtype).count("https://arxiv.org/abs/2607.00002") == 1
    assert mail.subject == "Two weeks without a paper: what came nearest"


@pytest.mark.parametrize("subtype", ["html", "plain"])
def test_an_empty_day_says_what_was_looked_at_and_what_comes_next(subtype: str) -> None:
    mail = letter(letter_of("nothing_today"))
    said = words(mail, subtype)
    assert "Your 2 filters were held against 755 papers" in said
    assert "arXiv, Tue 7 Jul: 712 papers" in said
    assert "Hugging Face, Mon 6 Jul: 43 papers" in said
    assert "The next digest is due Wednesday 8 July at 07:00." in said
    assert mail.subject == "Nothing today, Tue 7 Jul"


@pytest.mark.parametrize("subtype", ["html", "plain"])
def test_an_empty_week_with_no_filter_on_and_a_late_source_says_so(
    subtype: str,
) -> None:
    made = letter_of("nothing_today")
    late = "arXiv had not published its list when this was made."
    facts = {**made.facts, "weekly": True, "filters": 0, "notes": [late]}
    mail = letter(replace(made, facts=facts))
    said = words(mail, subtype)
    assert "None of your filters is on" in said
    assert late in said
    assert mail.subject == "Nothing this week, Tue 7 Jul"


@pytest.mark.parametrize("subtype", ["html", "plain"])
def test_where_nothing_came_near_it_says_so(subtype: str) -> None:
    made = letter_of("no_match")
    mail = letter(replace(made, facts={**made.facts, "nearest": [], "filters": 1}))
    assert "Your filter was held" in words(mail, subtype)
    assert "None lacked only a word or two" in words(mail, subtype)
    assert "came nearest" not in mail.subject


@pytest.mark.parametrize(
    "text", [*MARKUP, "a\r\nBcc: x@y.example", "abc\u202edef", "\0", "", "x" * 9999]
)
def test_titles_filters_and_missing_words_are_text(text: str) -> None:
    made = letter_of("no_match")
    near = {"title": text, "url": "https://arxiv.org/abs/1", "filter": text}
    facts = {**made.facts, "nearest": [near | {"missing": [text]}]}
    mail = letter(replace(made, facts=facts))
    raw.check(mail.message, bulk=False)
    clean, tags = Tags(letter(made).html), Tags(part(mail, "html"))
    assert tags.names <= clean.names
    assert tags.attributes <= clean.attributes
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", mail.html + mail.text)


def test_the_way_out_of_the_question_to_a_new_address_unsubscribes_nobody() -> None:
    mail = letter(letter_of("new_address"))
    for text in (mail.html, mail.text):
        assert "It was not me" in text
        assert "Unsubscribe" not in text


def test_a_letter_for_a_reader_of_text_has_no_html() -> None:
    mail = letter(
        replace(letter_of("preferences"), recipient=recipient(text_only=True))
    )
    assert mail.html == ""
    assert parsed(mail).get_content_type() == "text/plain"


def test_an_unknown_letter_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="confirm, goodbye, new_address, "):
        letter(letter_of("../digest"))
