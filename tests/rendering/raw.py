"""What every mail must be as bytes, whatever it says."""

from __future__ import annotations

import re

HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Feedback-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
]
LONG_ALLOWED = ("List-", "Message-ID", "Feedback-ID", "To:", "From:")


def header_names(message: bytes) -> list[str]:
    head = message.split(b"\r\n\r\n", 1)[0].decode("ascii")
    return [line.split(":")[0] for line in head.split("\r\n") if line[:1] not in " \t"]


def check(message: bytes, bulk: bool = True) -> None:
    """Assert all of it; the message of a failure shows the line."""
    assert b"\0" not in message and max(message) < 128
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", message)
    lines = message.split(b"\r\n")
    assert not [line for line in lines if line.startswith((b".", b"From "))]
    head, _, body = message.partition(b"\r\n\r\n")
    assert not [line for line in body.split(b"\r\n") if len(line) > 76]
    for line in head.decode("ascii").split("\r\n"):
        assert len(line) <= (998 if line.startswith(LONG_ALLOWED) else 78), line
    for word in re.findall(rb"=\?[^?\s]+\?[qQbB]\?[^?\s]*\?=", head):
        assert len(word) <= 75
    expected = {*HEADERS, "MIME-Version", "Content-Type"}
    expected |= {"Precedence"} if bulk else set()
    names = header_names(message)
    assert len(names) == len(set(names))
    assert set(names) - {"Reply-To", "Content-Transfer-Encoding"} == expected
