"""dkimpy, which shares no code with us, verifies what we sign."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dkim
import pytest
import time_machine
from pytest_django import Settings

from subscriptions.rendering import Digest, digest, letter
from subscriptions.rendering.dkim import Signer, signer
from subscriptions.rendering.letters import KINDS

from . import keys
from .mails import digest_of, entry, envelope, letter_of, recipient, seven_papers

SAMPLES = pytest.mark.parametrize(
    "number", [20, pytest.param(200, marks=pytest.mark.full)]
)
WORDS = "slow tokens  of\tthe ocean: $\\ell_2$ = . From Ürsprung 論文 — “why” {{ x }}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("keys")
    return keys.rsa_key(folder / "rsa.pem"), keys.ed25519_key(folder / "ed25519.pem")


@pytest.fixture(autouse=True)
def signing(settings: Settings, files: tuple[str, str]) -> None:
    settings.DKIM_DOMAIN = settings.LIST_ID = keys.DOMAIN
    settings.DKIM_SELECTOR, settings.DKIM_ED25519_SELECTOR = "digest2026", "second"
    settings.DKIM_KEY_FILE, settings.DKIM_ED25519_KEY_FILE = files
    settings.EMAIL_FROM = f"Paper Round <digest@{keys.DOMAIN}>"
    settings.CONTACT = "papers@example.org"


def our_signer() -> Signer:
    made = signer()
    assert made is not None
    return made


def verdicts(message: bytes, days_later: float = 0) -> list[bool]:
    """Of each signature of `message`, the first on top."""
    number = len(re.findall(rb"(?m)^DKIM-Signature:", message))
    answer = keys.dns(our_signer().records())
    with time_machine.travel(envelope().date + timedelta(days=days_later), tick=False):
        return [is_believed(message, index, answer) for index in range(number)]


def is_believed(message: bytes, index: int, dns: Callable[..., bytes | None]) -> bool:
    try:
        return dkim.DKIM(message).verify(idx=index, dnsfunc=dns)
    except dkim.DKIMException:
        return False


def random_digests(number: int) -> Iterator[Digest]:
    rng = random.Random(20260707)
    words = WORDS.split(" ")

    def text(most: int) -> str:
        return " ".join(rng.choices(words, k=rng.randint(1, most)))

    for _ in range(number):
        papers = [
            entry(title=text(20), abstract=text(300), authors=(text(2),))
            for _ in range(rng.randint(1, 3))
        ]
        yield digest_of(*papers, recipient=recipient(text_only=rng.random() < 0.3))


@SAMPLES
def test_a_verifier_believes_both_signatures(number: int) -> None:
    for made in random_digests(number):
        assert verdicts(digest(made).message) == [True, True]


@SAMPLES
def test_a_relay_may_fold_the_headers_anew(number: int) -> None:
    for made in random_digests(number):
        folded = folded_anew(digest(made).message)
        assert verdicts(folded) == [True, True]


def folded_anew(message: bytes) -> bytes:
    """Every header on one line, then broken at other spaces, with other white space."""
    head, body = message.split(b"\r\n\r\n", 1)
    lines = re.sub(rb"\r\n[ \t]+", b" ", head).split(b"\r\n")
    broken = [b"\r\n\t ".join(re.findall(rb"\S+(?: \S+)?", line)) for line in lines]
    assert broken != head.split(b"\r\n")
    return b"\r\n".join(broken) + b"\r\n\r\n" + body


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_letter_is_signed(kind: str) -> None:
    assert verdicts(letter(letter_of(kind)).message) == [True, True]


@pytest.mark.parametrize(
    ("found", "put"),
    [
        (b"curvature", b"curvatures"),
        (b"\r\nSubject: ", b"\r\nSubject: Re: "),
        (b"\r\nList-Unsubscribe: <", b"\r\nList-Unsubscribe: <x"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Clicks"),
        (b"\r\nMessage-ID: <", b"\r\nMessage-ID: <x"),
        (b"\r\nList-Id: Paper", b"\r\nList-Id: Other"),
        (b"\r\nReply-To: papers", b"\r\nReply-To: others"),
        (b"\r\nFeedback-ID: ", b"\r\nFeedback-ID: 1"),
        (b"\r\nAuto-Submitted: auto-generated", b"\r\nAuto-Submitted: no"),
        (b"\r\nPrecedence: bulk", b"\r\nPrecedence: list"),
        (b"\r\nContent-Type: multipart/alt", b"\r\nContent-Type: multipart/mix"),
        (b"--\r\n", b"--\r\nmore\r\n"),
    ],
)
def test_a_changed_mail_is_not_believed(found: bytes, put: bytes) -> None:
    message = digest(digest_of()).message
    assert verdicts(message) == [True, True]
    at = message.rindex(found) if found == b"--\r\n" else message.index(found)
    changed = message[:at] + put + message[at + len(found) :]
    assert verdicts(changed) == [False, False]


@pytest.mark.parametrize(
    "added",
    [
        b"From: x@example.net",
        b"Subject: You won",
        b"To: x@example.net",
        b"Date: Tue, 07 Jul 2026 05:00:00 +0000",
        b"List-Unsubscribe: <https://example.net/>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"List-Id: <other.example.net>",
    ],
)
def test_a_second_one_of_what_readers_trust_is_not_believed(added: bytes) -> None:
    message = digest(digest_of()).message
    assert verdicts(added + b"\r\n" + message) == [False, False]


def test_an_unsigned_header_may_be_added_on_the_way() -> None:
    message = b"Received: from relay.example.net\r\n" + digest(digest_of()).message
    assert verdicts(message) == [True, True]


def test_two_weeks_after_it_was_made_a_signature_has_had_its_time() -> None:
    message = digest(digest_of()).message
    assert verdicts(message, days_later=13.9) == [True, True]
    assert verdicts(message, days_later=15) == [False, False]


def test_the_relaxed_form_of_a_body_is_the_body() -> None:
    mails = [digest(made) for made in random_digests(20)]
    mails += [digest(seven_papers())]
    mails += [letter(letter_of(kind)) for kind in sorted(KINDS)]
    for mail in mails:
        body = mail.message.split(b"\r\n\r\n", 1)[1]
        assert relaxed(body) == body


def relaxed(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4, written from it."""
    lines = [
        re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")
    ]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def test_a_signature_says_what_it_covers_and_for_how_long() -> None:
    made = replace(envelope(), date=datetime(2026, 7, 7, 5, 0, tzinfo=UTC))
    message = digest(digest_of(envelope=made)).message
    for tags, algorithm in zip(tags_of(message), ["rsa", "ed25519"], strict=True):
        assert tags["a"] == f"{algorithm}-sha256"
        assert (tags["c"], tags["d"]) == ("relaxed/relaxed", keys.DOMAIN)
        assert int(tags["t"]) == int(made.date.timestamp())
        assert int(tags["x"]) - int(tags["t"]) == 14 * 24 * 3600
        assert "l" not in tags
        assert tags["h"].split(":") == [
            *("from", "from", "subject", "subject", "to", "to", "date", "date"),
            *("list-unsubscribe", "list-unsubscribe"),
            *("list-unsubscribe-post", "list-unsubscribe-post"),
            *("list-id", "list-id", "message-id", "feedback-id", "reply-to"),
            *("auto-submitted", "precedence", "mime-version", "content-type"),
        ]


def tags_of(message: bytes) -> list[dict[str, str]]:
    head = message.split(b"\r\n\r\n")[0].decode()
    fields = re.findall(r"(?m)^DKIM-Signature:((?:.*\r\n)(?:[ \t].*\r\n)*)", head)
    return [
        dict(re.sub(r"\s", "", tag).split("=", 1) for tag in field.split(";"))
        for field in fields
    ]


def test_signatures_stand_first_and_in_short_lines() -> None:
    head = digest(digest_of()).message.split(b"\r\n\r\n")[0] + b"\r\n"
    first = re.match(rb"(?:DKIM-Signature:.*\r\n(?:[ \t].*\r\n)*){2}", head)
    assert first is not None
    assert b"DKIM-Signature" not in head[first.end() :]
    assert max(map(len, first[0].split(b"\r\n"))) <= 78


def test_the_same_mail_has_the_same_signatures() -> None:
    assert digest(seven_papers()).message == digest(seven_papers()).message


def test_one_key_signs_alone(settings: Settings) -> None:
    settings.DKIM_ED25519_SELECTOR = settings.DKIM_ED25519_KEY_FILE = ""
    message = digest(digest_of()).message
    assert verdicts(message) == [True]
    assert tags_of(message)[0]["a"] == "rsa-sha256"


def test_without_a_key_nothing_is_signed(settings: Settings) -> None:
    settings.DKIM_KEY_FILE = ""
    assert signer() is None
    assert b"DKIM-Signature" not in digest(digest_of()).message


def test_header_lines_may_come_in_one_piece() -> None:
    head, body = digest(digest_of()).message.split(b"\r\n\r\n", 1)
    unsigned = re.sub(rb"DKIM-Signature:.*\r\n(?:[ \t].*\r\n)*", b"", head)
    lines = unsigned.split(b"\r\n")
    one = our_signer().sign(lines, body)
    assert one == our_signer().sign([unsigned], body)
    assert b"\r\n".join([*one, unsigned]) == head


def test_a_head_that_says_something_twice_is_not_signed() -> None:
    head = [b"From: a@example.org", b"from: b@example.org", b"Date: x"]
    with pytest.raises(ValueError, match="twice"):
        our_signer().sign(head, b"text\r\n")


def test_a_key_is_read_once(files: tuple[str, str], tmp_path: Path) -> None:
    first = our_signer()
    assert our_signer() is first
