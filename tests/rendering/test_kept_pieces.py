"""What was coded of a paper is kept by the objects it came from, and never mistaken."""

from __future__ import annotations

import pytest

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
        entry()._replace(card=same, source=source, page_url=page + name)
        for source, name in [("arXiv", "1"), ("Sample", "1"), ("Sample", "2")] * 2
    ]
    links = [digest(digest_of(each)).text for each in listed]
    assert [f"{page}1" in text for text in links] == [False, True, False] * 2
    assert [f"{page}2" in text for text in links] == [False, False, True] * 2


def test_no_more_is_kept_than_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept, "_ENTRIES", 3)
    entries = [entry(arxiv_id=f"2607.{at:05}", title=f"Paper {at}") for at in range(9)]
    mail = digest(digest_of(*entries))
    assert all(f"Paper {at}\n" in mail.text for at in range(9))
    assert len(kept._standing) <= 3


def test_a_web_copy_leaves_nothing_behind_in_the_process_that_shows_it() -> None:
    kept._standing.clear()
    copy = digest(digest_of(entry(), entry(arxiv_id="2607.00002")), whole=True)
    assert "Why:" in copy.html
    assert not kept._standing
