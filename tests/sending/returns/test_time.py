"""A stranger's mail takes its moment, whatever is in it: there is one reader of it."""

from __future__ import annotations

import time

import pytest

from subscriptions import links
from subscriptions.models import Delivery
from subscriptions.sending import returns

from .mails import Target, mail


def nested(depth: int, lines: int) -> bytes:
    """`lines` within `depth` parts, each in the one before."""
    kind = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
    return "".join(map(kind.format, range(depth))).encode() + b"\n" * lines


def of_marks(recipients: int) -> bytes:
    """A report whose recipients are heaps of accents, which take sorting."""
    heap = "\u0301" * 950 + "\u0327" * 950
    groups = f"Final-Recipient: rfc822; a@{heap}\nAction: failed\n\n" * recipients
    kind = "Content-Type: message/delivery-status\n\n"
    return (kind + groups).encode()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            b'Content-Type: multipart/report; x="' + b";" * 60_000, id="semicolons"
        ),
        pytest.param(
            b'Content-Type: multipart/report; x="' + b"\n " + b";\n " * 60_000,
            id="semicolons on lines of their own",
        ),
        pytest.param(nested(150, 200_000), id="many lines within many parts"),
        pytest.param(of_marks(120), id="recipients of accents"),
        pytest.param(
            b"From: a@example.net\n\nYour message to:\n" + b" " * 20_000,
            id="one long line",
        ),
    ],
)
def test_a_hostile_report_is_read_at_once_or_refused(
    raw: bytes, digest: Delivery
) -> None:
    start = time.monotonic()
    returns.take(raw, [Target.of(digest).bounce])
    assert time.monotonic() - start < 2


def test_a_reply_of_blank_lines_is_read_at_once(digest: Delivery) -> None:
    to = links.mailbox("reply", digest.subscriber_id)
    start = time.monotonic()
    returns.take(mail(to, "\n" * 20_000, sender="reader@example.org"), [to])
    assert time.monotonic() - start < 0.5
