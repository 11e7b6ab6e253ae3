"""Addresses that mail comes back to: signed, short, and the same in capitals."""

from __future__ import annotations

from typing import Any

import pytest

from subscriptions import links


@pytest.fixture(autouse=True)
def bounce_address(settings: Any) -> None:
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"


@pytest.mark.parametrize("what", ["digest", "letter", "unsubscribe", "reply"])
@pytest.mark.parametrize("pk", [0, 1, 35, 36, 1_000_000, 2**63 - 1])
def test_an_address_names_what_it_was_made_for(what: str, pk: int) -> None:
    address = links.mailbox(what, pk)
    assert links.read_mailbox(address) == (what, pk)
    assert links.read_mailbox(address.upper()) == (what, pk)
    assert len(address.partition("@")[0]) <= 64  # RFC 5321 section 4.5.3.1.1


def test_no_two_purposes_share_a_sign() -> None:
    signs = {links.mailbox(what, 7).split("-")[1] for what in links._MAILBOXES}
    assert len(signs) == len(links._MAILBOXES)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.replace("+d", "+u"),
        lambda a: a.replace("+d7", "+d8"),
        lambda a: a.replace("+", ""),
        lambda a: a.replace("+", "+x+"),
        lambda a: a.partition("@")[0],
        lambda a: "",
    ],
)
def test_an_address_that_was_changed_is_not_ours(change: Any) -> None:
    with pytest.raises(links.BadLink):
        links.read_mailbox(change(links.mailbox("digest", 7)))


def test_mails_of_before_it_was_changed_are_known_by_their_sign(settings: Any) -> None:
    address = links.mailbox("unsubscribe", 7)
    settings.BOUNCE_ADDRESS = "returns@digests.example.net"
    assert links.read_mailbox(address) == ("unsubscribe", 7)
    settings.BOUNCE_ADDRESS = ""
    with pytest.raises(links.BadLink):
        links.read_mailbox(address)


def test_it_works_under_an_earlier_key_until_that_is_dropped(settings: Any) -> None:
    address = links.mailbox("digest", 7)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert links.read_mailbox(address).pk == 7
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(links.BadLink):
        links.read_mailbox(address)


def test_the_envelopes_sender_is_the_mails_own_address(settings: Any) -> None:
    for what in ("digest", "letter"):
        assert links.read_mailbox(links.envelope_sender(what, 3)) == (what, 3)
    settings.BOUNCE_ADDRESS = ""
    settings.EMAIL_FROM = "Paper Round <digest@papers.example.org>"
    assert links.envelope_sender("digest", 3) == "digest@papers.example.org"
