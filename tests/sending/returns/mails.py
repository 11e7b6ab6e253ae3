"""Reports written for these tests after RFC 3464 and RFC 5965, about one digest."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from subscriptions import links
from subscriptions.models import Delivery, Letter

RETURNED = "Subject: Papers\nMessage-ID: {id}\nList-Unsubscribe: <{link}>\n"


@dataclass(frozen=True)
class Target:
    """The digest that a report is about, in the words a report has for it."""

    bounce: str
    reader: str
    message_id: str
    link: str
    mailto: str

    @classmethod
    def of(cls, mail: Delivery | Letter) -> Target:
        return cls(
            bounce=links.envelope_sender(
                "digest" if isinstance(mail, Delivery) else "letter", mail.pk
            ),
            reader=mail.address,
            message_id=mail.message_id,
            link=links.unsubscribe(mail.subscriber),
            mailto=links.mailbox("unsubscribe", mail.subscriber_id),
        )


def mail(to: str, body: str | bytes, sender: str = "<>", **headers: str) -> bytes:
    """A mail with CRLF; `headers` with _ for -, over the usual ones."""
    fields = {
        "Return-Path": sender,
        "From": "MAILER-DAEMON@mx.example.net",
        "To": f"<{to}>",
        "Subject": "Undelivered",
        "Date": "Tue, 7 Jul 2026 08:00:00 +0000",
        "Message-ID": "<r1@mx.example.net>",
        "MIME-Version": "1.0",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    octets = body if isinstance(body, bytes) else body.encode()
    return (head.encode() + b"\n" + octets).replace(b"\n", b"\r\n")


def multipart(
    parts: Sequence[tuple[str, str | bytes]], boundary: str = "b1", says: str = ""
) -> bytes:
    """Parts (their header lines, their body) between boundaries; `says`: another
    boundary than the one announced."""
    line = says or boundary
    body = b""
    for head, inside in parts:
        octets = inside if isinstance(inside, bytes) else inside.encode()
        body += f"--{line}\n{head}\n\n".encode() + octets + b"\n"
    return body + f"--{line}--\n".encode()


def group(
    recipient: str = "", action: str = "failed", status: str = "", **fields: str
) -> str:
    """The fields of one recipient (RFC 3464 section 2.3)."""
    given = {
        "Final-Recipient": f"rfc822; {recipient}" if recipient else "",
        "Action": action,
        "Status": status,
    } | {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{name}: {value}\n" for name, value in given.items() if value)


def dsn(
    target: Target,
    *groups: str | bytes,
    to: str = "",
    text: str | bytes = "This mail could not be delivered.\n",
    kind: str = "message/delivery-status",
    encoding: str = "",
    inside: Sequence[tuple[str, str | bytes]] = (),
    boundary: dict[str, str] | None = None,
    **headers: str,
) -> bytes:
    """A delivery status notification about `target`'s mail."""
    octets = [g if isinstance(g, bytes) else g.encode() for g in groups]
    status = b"\n".join([b"Reporting-MTA: dns; mx.example.net\n", *octets])
    head = f"Content-Type: {kind}"
    if encoding == "base64":
        status = base64.encodebytes(status)
    if encoding:
        head += f"\nContent-Transfer-Encoding: {encoding}"
    returned = RETURNED.format(id=target.message_id, link=target.link)
    parts: list[tuple[str, str | bytes]] = [
        ("Content-Type: text/plain; charset=utf-8", text),
        (head, status),
        *inside,
        ("Content-Type: message/rfc822", returned + "\nPapers of the day.\n"),
    ]
    headers.setdefault(
        "Content_Type",
        'multipart/report; report-type=delivery-status; boundary="b1"',
    )
    body = multipart(parts, **(boundary or {}))
    return mail(to or target.bounce, body, **headers)


def failed(target: Target, status: str, said: str = "", **more: Any) -> bytes:
    """The usual one: one recipient, one status, what the server said."""
    diagnostic = f"smtp; {said}" if said else ""
    return dsn(
        target,
        group(target.reader, status=status, Diagnostic_Code=diagnostic),
        **more,
    )


def arf(
    target: Target,
    feedback: str = "abuse",
    to: str = "bounces@papers.example.org",
    report: str = "",
    original: str | None = None,
    kind: str = "message/rfc822",
    boundary: dict[str, str] | None = None,
    **headers: str,
) -> bytes:
    """A feedback report (RFC 5965) that returns the digest's headers."""
    fields = f"Feedback-Type: {feedback}\nUser-Agent: Invented/1.0\nVersion: 1\n"
    if original is None:
        original = f"Return-Path: <{target.bounce}>\n" + RETURNED.format(
            id=target.message_id, link=target.link
        )
    parts = [
        ("Content-Type: text/plain", "A reader reported this as unsolicited.\n"),
        ("Content-Type: message/feedback-report", fields + report),
        (f"Content-Type: {kind}", original + "\nPapers of the day.\n"),
    ]
    headers.setdefault(
        "Content_Type",
        'multipart/report; report-type=feedback-report; boundary="b1"',
    )
    body = multipart(parts, **(boundary or {}))
    return mail(to, body, sender="<fbl@mx.example.net>", **headers)


def nested(inner: bytes, kind: str, depth: int) -> bytes:
    """`inner`, a part of type `kind`, in that many multiparts."""
    head = f"Content-Type: {kind}"
    for level in range(depth):
        inner = multipart([(head, inner)], boundary=f"n{level}")
        head = f'Content-Type: multipart/mixed; boundary="n{level}"'
    return head.encode() + b"\n\n" + inner
