"""The pieces make the mail that whole templates and the standard library make."""

from __future__ import annotations

import re
from binascii import b2a_qp
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from django.conf import settings

from subscriptions.benchmarks import usual
from subscriptions.rendering import Digest, Rendered, digest
from subscriptions.rendering.digest import FULL_ABSTRACTS, SIZE_LIMIT

from . import raw
from .mails import digest_of, entry, parsed, recipient, seven_papers
from .random_digests import Digests


def usual_mail(d: Digest, mail: Rendered, full: int) -> EmailMessage:
    """The same digest from templates rendered whole, by the standard library."""
    kept = sum(len(group.entries) for group in d.groups) - mail.left_out
    subject, html, text = usual.rendered(d, kept, full)
    # In one line: where it folds between encoded words, the standard library of Python
    # 3.11 may lose the space between them, and then it is no oracle.
    made = EmailMessage(policy=policy.SMTP.clone(max_line_length=998))
    local, _, domain = d.recipient.address.rpartition("@")
    made["From"] = f"{settings.SITE_NAME} <{settings.EMAIL_FROM}>"
    made["To"] = f"<{local}@{domain.encode('idna').decode()}>"
    made["Subject"] = subject
    made["Date"] = format_datetime(d.envelope.date)
    made["Message-ID"] = d.envelope.message_id
    made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["Feedback-ID"] = d.envelope.feedback_id
    made["Auto-Submitted"] = "auto-generated"
    made["Precedence"] = "bulk"
    made.set_content(text, charset="utf-8", cte="base64")
    if not d.recipient.text_only:
        made.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
    again = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert isinstance(again, EmailMessage)
    return again


def whole_abstracts(d: Digest, mail: Rendered) -> Iterable[int]:
    """How many may stand in it; fewer than the first only where that is too large."""
    if d.weekly or not d.recipient.full_abstracts or mail.left_out:
        return [0]
    at_best = min(FULL_ABSTRACTS, sum(len(group.entries) for group in d.groups))
    return range(at_best, -1, -1)


def nearly_too_large(mail: EmailMessage) -> bool:
    """As the standard library codes its parts; ours are longer, because pieces end with
    a line of their own and of the blanks that indent a line all but one are coded."""
    parts = [body(mail, subtype).encode() for subtype in ("plain", "html")]
    return max(len(b2a_qp(part, istext=True)) for part in parts) > 0.75 * SIZE_LIMIT


def body(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n") if part else ""


def check(d: Digest) -> Rendered:
    mail = digest(d)
    own = parsed(mail)
    for full in whole_abstracts(d, mail):
        whole = usual_mail(d, mail, full)
        if body(own, "plain") == body(whole, "plain") or not nearly_too_large(whole):
            break
    raw.check(mail.message)
    for each in own.walk():
        assert each.defects == []
    for name in ("To", "Subject", "Date", "Message-ID", "Feedback-ID", "Precedence"):
        assert str(own[name]).strip() == str(whole[name]).strip()
        assert own[name].defects == ()
    assert own["From"].addresses[0].addr_spec == whole["From"].addresses[0].addr_spec
    for subtype in ("plain", "html"):
        assert body(own, subtype) == body(whole, subtype)
    return mail


def test_a_realistic_digest_is_the_same() -> None:
    mail = check(seven_papers())
    assert "Slow Tokens" in mail.html and "Slow Tokens" in mail.text


def test_a_text_that_lost_abstracts_is_the_same() -> None:
    """Its whole message is below the limit again, which its text was not."""
    long = "One sentence. Two sentences. " + "a noisy loss " * 260 + "in full"
    papers = [
        entry(
            arxiv_id=f"2607.{at:05}", abstract=long, summary="長い要旨の見本です。" * 20
        )
        for at in range(28)
    ]
    mail = check(digest_of(*papers, recipient=recipient(text_only=True)))
    assert 0 < mail.text.count("in full") < FULL_ABSTRACTS
    assert len(mail.message) < SIZE_LIMIT


@pytest.mark.parametrize(
    "digests", [1000, pytest.param(20_000, marks=pytest.mark.full)]
)
def test_random_digests_are_the_same(digests: int) -> None:
    made = Digests(seed=digests)
    left_out = [check(made.next()).left_out for _ in range(digests)]
    assert any(left_out) and not all(left_out)


def test_relaxed_canonicalisation_changes_nothing_in_a_body() -> None:
    """So DKIM may hash it as it is (RFC 6376 section 3.4.4)."""
    made = Digests(seed=7)
    for _ in range(100):
        _, _, text = digest(made.next()).message.partition(b"\r\n\r\n")
        lines = [
            re.sub(rb"[ \t]+", b" ", line).rstrip() for line in text.split(b"\r\n")
        ]
        relaxed = b"\r\n".join(lines).rstrip(b"\r\n") + b"\r\n"
        assert relaxed == text
