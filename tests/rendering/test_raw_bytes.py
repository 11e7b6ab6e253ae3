"""A mail as the server receives it."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from subscriptions.rendering import Rendered, digest, letter
from subscriptions.rendering.encoding import quoted_printable
from subscriptions.rendering.letters import KINDS

from . import raw
from .mails import (
    digest_of,
    entry,
    letter_of,
    links,
    parsed,
    part,
    recipient,
    seven_papers,
)

ALL = ["digest", *sorted(KINDS)]


def mail_of(kind: str, **changes: object) -> Rendered:
    if kind == "digest":
        return digest(replace(seven_papers(), **changes))  # type: ignore[arg-type]
    return letter(letter_of(kind, **changes))


@pytest.mark.parametrize("kind", ALL)
def test_every_mail_is_seven_bit_with_crlf_and_short_lines(kind: str) -> None:
    raw.check(mail_of(kind).message, bulk=kind == "digest")


@pytest.mark.parametrize("kind", ALL)
def test_every_mail_parses_without_a_defect(kind: str) -> None:
    mail = parsed(mail_of(kind))
    assert mail.defects == []
    for each in mail.walk():
        assert each.defects == []
    for name in mail:
        assert mail[name].defects == ()


@pytest.mark.parametrize("kind", ALL)
def test_every_mail_has_text_first_and_html_second(kind: str) -> None:
    mail = mail_of(kind)
    types = [each.get_content_type() for each in parsed(mail).iter_parts()]
    assert types == ["text/plain", "text/html"]
    assert part(mail, "plain").rstrip() == mail.text.rstrip()
    assert part(mail, "html").rstrip() == mail.html.rstrip()


@pytest.mark.parametrize("kind", ALL)
def test_the_same_input_gives_the_same_bytes(kind: str) -> None:
    assert mail_of(kind).message == mail_of(kind).message


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("host", ["papers.example.org", "a" * 63 + ".example.org"])
def test_list_unsubscribe_is_one_verbatim_line(kind: str, host: str) -> None:
    ours = links(host)
    message = mail_of(kind, links=ours).message
    line = f"\r\nList-Unsubscribe: <{ours.unsubscribe}>\r\n".encode()
    assert message.count(line) == 1
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in message


def test_only_the_digest_is_bulk() -> None:
    for kind in ALL:
        assert (b"\r\nPrecedence: bulk\r\n" in mail_of(kind).message) == (
            kind == "digest"
        )


def test_a_reader_of_text_gets_text_only() -> None:
    mail = digest(digest_of(recipient=recipient(text_only=True)))
    assert mail.html == ""
    assert parsed(mail).get_content_type() == "text/plain"
    assert part(mail, "plain").rstrip() == mail.text.rstrip()
    raw.check(mail.message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..\n.\n",
        "From here\n>From",
        "ends with a space \nand a tab\t\n",
        "=" * 200,
        "." * 300,
        "é" * 200,
        "x" * 71 + " \n" + "x" * 72 + ".y" * 80,
        "." + "é" * 23 + " " * 9,
        "two  spaces, three   and\ta tab",
        "a carriage return\r alone, \x00 and \x7f",
        "x" * 75 + "." + "y" * 75 + " ",
    ],
)
def test_quoted_printable_comes_back_as_it_was(text: str) -> None:
    coded = quoted_printable(text)
    for line in coded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith(b" ")
        assert not any(each in line for each in (b"  ", b"\t", b"\r"))
    head = b"Content-Transfer-Encoding: quoted-printable\r\n"
    head += b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    mail = message_from_bytes(head + coded, policy=policy.default)
    assert mail.get_payload(decode=True) == text.replace("\n", "\r\n").encode()


def test_abstracts_with_dots_and_from_lines_survive() -> None:
    odd = "From the start. " + ". " * 60 + "From " * 40
    mail = digest(digest_of(entry(abstract=odd)))
    raw.check(mail.message)
    assert re.sub(r"\s+", " ", odd).strip() in part(mail, "html")
