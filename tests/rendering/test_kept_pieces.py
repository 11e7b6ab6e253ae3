"""What was coded of a paper is kept by the objects it came from, and never mistaken."""

from __future__ import annotations

import gc
from dataclasses import replace

from subscriptions.rendering import cards as kept
from subscriptions.rendering import digest

from .mails import card, digest_of, entry, reason


def forget_by_value() -> None:
    """As later papers push out older ones."""
    for each in (kept.paper, kept._card, kept._leading, kept._actions, kept._why):
        each.cache_clear()


def test_papers_and_reasons_made_anew_for_every_mail_are_their_own() -> None:
    """Objects of a mail that is gone would leave their ids to those of the next."""
    for number in range(300):
        forget_by_value()
        why = reason(f"Filter {number}")
        mail = digest(digest_of(entry(why, title=f"Paper number {number}")))
        assert f"Paper number {number}\n" in mail.text
        assert f"Filter {number}" in mail.text.partition("Why:")[2]


def test_the_same_card_is_shown_as_each_list_has_it() -> None:
    same = card(title="One paper")
    page = "https://p.example/papers/"
    listed = [
        replace(entry(), card=same, source=source, page_url=page + name)
        for source, name in [("arXiv", "1"), ("Sample", "1"), ("Sample", "2")] * 2
    ]
    links = [digest(digest_of(each)).text for each in listed]
    assert [f"{page}1" in text for text in links] == [False, True, False] * 2
    assert [f"{page}2" in text for text in links] == [False, False, True] * 2


def standing() -> int:
    """How many entries are kept as mails show them, by anybody."""
    return sum(type(each) is kept.Standing for each in gc.get_objects())


def test_what_was_made_of_an_entry_goes_with_it() -> None:
    before = standing()
    for whole in (False, True):
        shown = digest_of(entry(), entry(arxiv_id="2607.00002"))
        assert "Why:" in digest(shown, whole=whole).html
        assert standing() == before + 2
        del shown
        assert standing() == before
