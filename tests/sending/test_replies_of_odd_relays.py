"""Replies as relays really write them, and some that none should."""

from __future__ import annotations

from pathlib import Path

import pytest

from subscriptions.sending.outcome import Outcome
from subscriptions.sending.smtp import Relay, Timeouts

from . import handing
from .oracle import Oracle
from .rows import an_outgoing, server

SHORT = Timeouts(2, 2, 2, 2, 2, 2)
LONG = "long " * 400


def outcomes(folder: Path, reply: str, mails: int = 1, **options) -> list[Outcome]:
    """Of mails offered one after the other to a relay that ends each with `reply`."""

    def script(moment):
        return reply if moment.stage == "dot" else None

    with (
        Oracle(folder / "taken.jsonl", script, **options) as oracle,
        Relay(server(oracle.url), "[127.0.0.1]", timeouts=SHORT) as relay,
    ):
        return handing.outcomes(relay, *[an_outgoing()] * mails)


@pytest.mark.parametrize("size", [600, 10_000, 200_000])
def test_an_overlong_reply_counts_by_its_code_and_is_cut(tmp_path, size):
    one, two = outcomes(tmp_path, "250 2.0.0 " + "x" * size, mails=2)
    assert one.kind == two.kind == "sent"
    assert len(one.reply) <= 300
    assert one.reply.startswith("250 2.0.0 xxx")


def test_a_reply_of_many_lines_is_one(tmp_path):
    lines = "\r\n".join(["550-5.7.1 not from you", "550-5.7.1 see our page", "550 no"])
    assert outcomes(tmp_path, lines) == [
        Outcome(
            "failed",
            "dot",
            "550 5.7.1 not from you 5.7.1 see our page no",
            "5.7.1",
        )
    ]


def test_a_reply_need_not_be_ascii_and_keeps_no_control_characters(tmp_path):
    [outcome] = outcomes(tmp_path, "550 5.1.1 Empfänger\x07 unbekannt\x00")
    assert outcome.reply == "550 5.1.1 Empfänger unbekannt"


def test_a_reply_may_come_octet_by_octet(tmp_path):
    one, two = outcomes(tmp_path, "250 2.0.0 taken", mails=2, dribble=True)
    assert one.kind == two.kind == "sent"


def test_a_reply_without_an_enhanced_status_has_none(tmp_path):
    [outcome] = outcomes(tmp_path, "550 mailbox gone since 12.3.2019")
    assert (outcome.kind, outcome.status) == ("failed", "")


def test_the_address_does_not_stay_in_the_reply(tmp_path):
    [outcome] = outcomes(tmp_path, "550 5.1.1 <Reader@Example.org>: who?")
    assert outcome.reply == "550 5.1.1 <(address)>: who?"


def test_a_relay_without_any_extension_takes_mail(tmp_path):
    [outcome] = outcomes(tmp_path, "250 ok", features=set())
    assert outcome.kind == "sent"
