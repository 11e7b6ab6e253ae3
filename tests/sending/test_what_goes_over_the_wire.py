"""Dots, line ends, sizes, odd addresses."""

from __future__ import annotations

import pytest

from subscriptions.sending.outcome import Outcome, Outgoing
from subscriptions.sending.smtp import Relay, Timeouts

from .handing import outcomes
from .oracle import Oracle
from .rows import an_outgoing, server

SHORT = Timeouts(2, 2, 2, 2, 2, 2)


def hand_over(oracle: Oracle, *mails: Outgoing) -> list[Outcome]:
    with Relay(server(oracle.url), "[127.0.0.1]", timeouts=SHORT) as relay:
        return outcomes(relay, *mails)


@pytest.mark.parametrize(
    "body",
    [
        b".\r\n",
        b"..\r\n.. two\r\n",
        b"before\r\n.\r\nMAIL FROM:<smuggled@example.org>\r\n",
        b".dot at the start\r\nno end of line",
        b"\r\n\r\n",
        b"",
    ],
)
def test_a_body_arrives_as_it_was_whatever_its_dots(tmp_path, body):
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        kinds = [o.kind for o in hand_over(oracle, an_outgoing(body=body))]
    arrived = oracle.messages[0].split(b"\r\n\r\n", 1)[1]
    assert arrived == (body if body.endswith(b"\r\n") or not body else body + b"\r\n")
    assert (kinds, len(oracle.messages)) == (["sent"], 1)


def test_bare_line_ends_go_out_as_crlf(tmp_path):
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        hand_over(oracle, an_outgoing(body=b"one\ntwo\r.\nthree\r\n"))
    assert oracle.messages[0].endswith(b"\r\n\r\none\r\ntwo\r\n.\r\nthree\r\n")


@pytest.mark.parametrize(
    "address",
    [
        "no-at-sign",
        "@example.org",
        "a@",
        "a b@example.org",
        "a@example.org>\r\nRCPT TO:<b@example.org",
        "a\n@example.org",
        "a@-\u2024.example",
    ],
)
def test_what_is_no_address_fails_alone_and_the_next_mail_goes(tmp_path, address):
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        bad, good = hand_over(oracle, an_outgoing(address), an_outgoing())
    assert (bad.kind, bad.stage, good.kind) == ("failed", "address", "sent")
    assert oracle.recipients() == ["reader@example.org"]


def test_an_international_domain_goes_as_ascii(tmp_path):
    with Oracle(tmp_path / "taken.jsonl", features={"SIZE"}) as oracle:
        [outcome] = hand_over(oracle, an_outgoing("leser@bücher.example"))
    assert outcome.kind == "sent"
    assert oracle.recipients() == ["leser@xn--bcher-kva.example"]


def test_an_international_local_part_needs_smtputf8(tmp_path):
    greek = an_outgoing("δοκιμή@example.org")
    with Oracle(tmp_path / "one.jsonl", features={"SIZE"}) as without:
        bad, good = hand_over(without, greek, an_outgoing())
    with Oracle(tmp_path / "two.jsonl") as offering:
        [sent] = hand_over(offering, greek)
    assert (bad.kind, bad.status, good.kind) == ("failed", "5.6.7", "sent")
    assert sent.kind == "sent"
    assert offering.recipients() == ["δοκιμή@example.org"]


def test_a_mail_larger_than_the_relay_takes_is_not_offered(tmp_path):
    large = an_outgoing(body=b"0123456789\r\n" * 100)
    with Oracle(tmp_path / "taken.jsonl", size=1000) as oracle:
        bad, good = hand_over(oracle, large, an_outgoing())
    assert (bad.kind, bad.stage, bad.status) == ("failed", "message", "5.3.4")
    assert (good.kind, oracle.mails) == ("sent", 1)


def test_a_mail_that_is_not_7_bit_is_not_offered(tmp_path):
    with Oracle(tmp_path / "taken.jsonl") as oracle:
        [outcome] = hand_over(oracle, an_outgoing(body="Grüße\r\n".encode()))
    assert (outcome.kind, outcome.status, oracle.mails) == ("failed", "5.6.3", 0)
