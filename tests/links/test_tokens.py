"""Tokens: one purpose, one row, for as long as they should."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import signing
from django.test import override_settings
from pytest_django import Settings

from subscriptions import links
from subscriptions.models import Delivery

PURPOSES = [
    *("confirm", "preferences", "account", "unsubscribe", "digest"),
    *("address", "withdraw", "still", "tune"),
]
NOON = datetime(2026, 7, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_names_its_row(purpose: str) -> None:
    assert links.read(purpose, links.token(purpose, 12345)) == 12345


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("other", PURPOSES)
def test_a_token_is_useless_for_any_other_purpose(purpose: str, other: str) -> None:
    if purpose == other:
        return
    with pytest.raises(links.BadLink):
        links.read(other, links.token(purpose, 1))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_changed_character_makes_it_bad(purpose: str) -> None:
    token = links.token(purpose, 7)
    for index, sign in enumerate(token):
        changed = token[:index] + ("A" if sign != "A" else "B") + token[index + 1 :]
        with pytest.raises(links.BadLink):
            links.read(purpose, changed)


@pytest.mark.parametrize("junk", ["", "~", "1~", "~x", "1~2~3", "é~ü", "x" * 10_000])
def test_junk_is_a_bad_link_and_no_error(junk: str) -> None:
    for purpose in PURPOSES:
        with pytest.raises(links.BadLink):
            links.read(purpose, junk)


@pytest.mark.parametrize(
    ("purpose", "days"),
    [
        *(("confirm", 3), ("preferences", 30), ("account", 1), ("digest", 90)),
        *(("address", 3), ("still", 365), ("tune", 90)),
    ],
)
def test_links_that_expire_do(purpose: str, days: int) -> None:
    with time_machine.travel(NOON, tick=False):
        token = links.token(purpose, 1)
    with time_machine.travel(NOON + timedelta(days=days, seconds=-5), tick=False):
        assert links.read(purpose, token) == 1
    with (
        time_machine.travel(NOON + timedelta(days=days, seconds=5), tick=False),
        pytest.raises(links.Expired),
    ):
        links.read(purpose, token)


def test_an_unsubscribe_link_works_after_three_years_and_a_rotated_key() -> None:
    with override_settings(SECRET_KEY="old-key"):
        token = links.token("unsubscribe", 9)
    later = time_machine.travel(NOON + timedelta(days=3 * 365))
    with later, override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old-key"]):
        assert links.read("unsubscribe", token) == 9
    with override_settings(SECRET_KEY="new"), pytest.raises(links.BadLink):
        links.read("unsubscribe", token)


def test_the_unsubscribe_address_is_short_enough_for_one_header_line() -> None:
    assert len(links.token("unsubscribe", 1_000_000)) <= 30


@pytest.mark.parametrize("purpose", PURPOSES)
def test_tokens_are_those_of_djangos_signer(purpose: str) -> None:
    """Made by hand because they are many; read by the signer."""
    signer = signing.TimestampSigner(salt=f"paper-round.{purpose}", sep="~")
    value, _, mac = links.token(purpose, 987_654, NOON).rpartition("~")
    assert signer.signature(value)[:22] == mac


# --- save or tune: a delivery's token and a paper -----------------------------------


@pytest.mark.parametrize("arxiv_id", ["2607.01234", "hep-th/9901001"])
def test_a_tune_link_names_its_delivery_and_its_paper(
    settings: Settings, arxiv_id: str
) -> None:
    settings.PUBLIC_URL = "https://papers.example.org"
    link = links.tune(Delivery(pk=1_000_000, created_at=NOON), arxiv_id)
    token, _, paper = link.removeprefix("https://papers.example.org/tune/").partition(
        "/"
    )
    assert (paper, len(token) <= 40) == (arxiv_id, True)
    with time_machine.travel(NOON, tick=False):
        assert links.read("tune", token) == 1_000_000


def test_reading_an_old_mail_on_the_web_renews_nothing() -> None:
    with time_machine.travel(NOON, tick=False):
        token = links.token("preferences", 1)
    with time_machine.travel(NOON + timedelta(days=20), tick=False):
        assert links.token("preferences", 1, at=NOON) == token


def test_whether_a_token_is_older_than_a_moment_is_told_to_the_second() -> None:
    made = links.token("account", 1, NOON)
    assert not links.is_older(made, than=NOON + timedelta(milliseconds=999))
    assert links.is_older(made, than=NOON + timedelta(seconds=1))
