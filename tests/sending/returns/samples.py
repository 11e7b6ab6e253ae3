"""What may come back of a digest, and the event that each is: reports of every shape.

Written for these tests after RFC 3464, 3463, 6522, 6533 and 5965; every host and
address is an example's. Bad inputs 43 to 45 of the list are among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .mails import RETURNED, Target, arf, dsn, failed, group, mail, nested

REFUSED = ""
OTHER = "someone.else@example.net"


class Sample(NamedTuple):
    """`verdict`: of the event; `says`: words of why it was refused."""

    name: str
    raw: Callable[[Target], bytes]
    type: str
    status: str = ""
    verdict: str = "none"
    says: str = ""


def _status(
    status: str, said: str, verdict: str, type_: str = "bounced", shown: str = ""
) -> Sample:
    name = f"{status or 'no status'}: {said[:40]}"
    return Sample(
        name, lambda t: failed(t, status, said), type_, shown or status, verdict
    )


STATUSES = [
    _status("5.1.1", "550 5.1.1 No such user here", "gone"),
    _status("5.0.0", "550 5.1.1 <reader@example.org> unknown", "gone", shown="5.1.1"),
    _status("5.1.3", "501 5.1.3 Bad recipient address syntax", "gone"),
    _status("5.1.6", "550 5.1.6 Recipient has moved", "gone"),
    _status("5.1.10", "550 5.1.10 Recipient not found; null MX", "gone"),
    _status("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", "gone"),
    _status("5.4.1", "554 5.4.1 No answer from host", "soft"),
    _status("5.0.0", "550 no such user", "gone"),
    _status("5.0.0", "550 refused (in reply to RCPT TO command)", "soft"),
    _status("5.1.2", "550 5.1.2 Host unknown", "perhaps_gone"),
    _status("5.4.4", "Host or domain name not found", "perhaps_gone"),
    _status("5.2.1", "550 5.2.1 The account is disabled", "perhaps_gone"),
    _status("5.2.1", "550 5.2.1 receiving mail at a rate that", "soft"),
    _status("5.2.1", "450 5.2.1 receiving mail too quickly", "soft"),
    _status("5.2.2", "552 5.2.2 Mailbox full", "soft"),
    _status("5.7.1", "550 5.7.1 Message rejected as spam", "policy"),
    _status("5.7.26", "550 5.7.26 unauthenticated mail is prohibited", "policy"),
    _status("5.7.515", "550 5.7.515 Access denied, sending domain", "policy"),
    _status("5.0.0", "554 blocked using a blocklist at bl.example.net", "policy"),
    _status("5.6.0", "554 5.6.0 Lone CR or LF in body", "soft"),
    _status("5.3.4", "552 5.3.4 Message size exceeds fixed limit", "policy"),
    _status("4.4.7", "delivery time expired", "soft"),
    _status("4.2.2", "452 4.2.2 over quota", "soft"),
    _status("4.7.0", "421 4.7.0 try again later", "policy"),
    _status("", "550 5.1.1 unknown mailbox", "gone", shown="5.1.1"),
]

ACTIONS = [
    Sample(
        "43: Action: delayed",
        lambda t: dsn(t, group(t.reader, "delayed", "4.4.1")),
        "deferred",
        "4.4.1",
    ),
    Sample(
        "43: Action: relayed",
        lambda t: dsn(t, group(t.reader, "relayed", "2.1.9")),
        "delivered",
        "2.1.9",
    ),
    Sample(
        "43: Action: expanded",
        lambda t: dsn(t, group(t.reader, "expanded", "2.0.0")),
        "delivered",
        "2.0.0",
    ),
    Sample(
        "Action: delivered",
        lambda t: dsn(t, group(t.reader, "delivered", "2.0.0")),
        "delivered",
        "2.0.0",
    ),
    Sample(
        "an action in capitals, with a comment",
        lambda t: dsn(t, group(t.reader, "FAILED (expired)", "5.1.1 (gone)")),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "no action, a permanent status",
        lambda t: dsn(t, group(t.reader, "", "5.1.1")),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "no action, a status of now",
        lambda t: dsn(t, group(t.reader, "", "4.4.1")),
        "deferred",
        "4.4.1",
    ),
    Sample(
        "neither action nor status",
        lambda t: dsn(t, group(t.reader, "")),
        "unknown",
    ),
    Sample(
        "43: X.0.0 and no words",
        lambda t: dsn(t, group(t.reader, status="5.0.0")),
        "bounced",
        "5.0.0",
        "soft",
    ),
]

RECIPIENTS = [
    Sample(
        "43: several recipients, ours the second",
        lambda t: dsn(t, group(OTHER, status="5.7.1"), group(t.reader, status="5.1.1")),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "43: several recipients, the other one failed",
        lambda t: dsn(
            t, group(OTHER, status="5.1.1"), group(t.reader, "delayed", "4.2.1")
        ),
        "deferred",
        "4.2.1",
    ),
    Sample(
        "43: only another recipient",
        lambda t: dsn(t, group(OTHER, status="5.1.1")),
        REFUSED,
        says="another recipient",
    ),
    Sample(
        "forwarded: the original recipient is ours",
        lambda t: dsn(
            t,
            group(OTHER, status="5.1.1", Original_Recipient=f"rfc822;{t.reader}"),
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "43: an original recipient in xtext",
        lambda t: dsn(
            t,
            group(
                OTHER,
                status="5.1.1",
                Original_Recipient="rfc822;" + t.reader.replace("e", "+65"),
            ),
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "an address of type utf-8",
        lambda t: dsn(
            t,
            group(
                status="5.1.1",
                Final_Recipient="utf-8; " + t.reader.replace("e", r"\x{65}"),
            ),
            kind="message/global-delivery-status",
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "an address in angle brackets and capitals",
        lambda t: dsn(t, group(f"<{t.reader.upper()}>", status="5.1.1")),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "a recipient that is left blank",
        lambda t: dsn(t, group("(redacted)", status="5.1.1")),
        "bounced",
        "5.1.1",
        "gone",
    ),
]

SHAPES = [
    Sample(
        "43: a diagnostic that is not UTF-8",
        lambda t: dsn(
            t,
            group(t.reader, status="5.1.1").encode()
            + "Diagnostic-Code: smtp; 550 Empfänger unbekannt\n".encode("latin-1"),
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "43: localised words around the fields",
        lambda t: failed(
            t, "5.1.1", text="Votre courrier n'a pas pu être remis.\n".encode("latin-1")
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "43: localised text only",
        lambda t: mail(t.bounce, "Nachricht unzustellbar. Postfach gibt es nicht.\n"),
        "autoreplied",
    ),
    Sample(
        "fields in base64",
        lambda t: failed(t, "5.1.1", encoding="base64"),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "fields in quoted-printable",
        lambda t: failed(t, "5.1.=31", encoding="quoted-printable"),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "a folded diagnostic",
        lambda t: failed(t, "5.0.0", "550\n  5.1.1 no such\n  user"),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "bare line feeds",
        lambda t: failed(t, "5.1.1").replace(b"\r\n", b"\n"),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "cut off behind the fields",
        lambda t: failed(t, "5.1.1").partition(b"Subject: Papers")[0],
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "another boundary than announced",
        lambda t: failed(t, "5.1.1", boundary={"says": "other"}),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "a report that does not call itself one",
        lambda t: failed(t, "5.1.1", Content_Type='multipart/mixed; boundary="b1"'),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "43: nested 50 deep",
        lambda t: (
            mail(t.bounce, b"", Content_Type="x").partition(b"Content-Type")[0]
            + nested(
                group(t.reader, status="5.1.1").encode(), "message/delivery-status", 50
            )
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "parts without end",
        lambda t: mail(
            t.bounce,
            b"--b\n\n" * 1_001,
            Content_Type='multipart/mixed; boundary="b"',
        ),
        REFUSED,
        says="nested",
    ),
    Sample(
        "nested beyond reason",
        lambda t: (
            mail(t.bounce, b"", Content_Type="x").partition(b"Content-Type")[0]
            + nested(b"", "message/delivery-status", 2_000)
        ),
        REFUSED,
        says="nested",
    ),
    Sample(
        "43: a winmail.dat beside it",
        lambda t: failed(
            t,
            "5.1.1",
            inside=[
                (
                    'Content-Type: application/ms-tnef; name="winmail.dat"\n'
                    "Content-Transfer-Encoding: base64",
                    "eJ8+IgAAAAA=\n" * 50,
                )
            ],
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
]

OLDER = [
    Sample(
        "in qmail's words",
        lambda t: mail(
            t.bounce,
            "Hi. This is the qmail-send program at mx.example.net.\n"
            "I'm afraid I wasn't able to deliver your message.\n\n"
            f"<{t.reader}>:\nRemote host said: 550 5.1.1 no such user\n\n"
            "--- Below this line is a copy of the message.\n",
        ),
        "bounced",
        "5.1.1",
        "gone",
    ),
    Sample(
        "in Exim's header",
        lambda t: mail(
            t.bounce,
            "A message that you sent could not be delivered.\n",
            X_Failed_Recipients=t.reader,
        ),
        "bounced",
        "",
        "soft",
    ),
    Sample(
        "in words, about somebody else",
        lambda t: mail(t.bounce, "Not delivered.\n", X_Failed_Recipients=OTHER),
        REFUSED,
        says="another recipient",
    ),
]

COMPLAINTS = [
    Sample("a complaint, by the returned envelope", arf, "complained"),
    Sample(
        "a complaint to the mail's own address",
        lambda t: arf(t, to=t.bounce, original=""),
        "complained",
    ),
    Sample("fraud", lambda t: arf(t, "fraud"), "complained"),
    Sample("a virus", lambda t: arf(t, "virus"), "complained"),
    Sample("opt-out", lambda t: arf(t, "opt-out"), "unsubscribed"),
    Sample(
        "45: a redacted recipient, our link left",
        lambda t: arf(
            t,
            report="Original-Rcpt-To: redacted@example.com\n",
            original="To: redacted\n" + RETURNED.format(id="<gone@x>", link=t.link),
        ),
        "complained",
    ),
    Sample(
        "45: a redacted recipient, our mailbox left",
        lambda t: arf(t, original=f"List-Unsubscribe: <mailto:{t.mailto}>\n"),
        "complained",
    ),
    Sample(
        "by reader and Message-ID",
        lambda t: arf(t, original=f"To: <{t.reader}>\nMessage-ID: {t.message_id}\n"),
        "complained",
    ),
    Sample(
        "by Original-Mail-From",
        lambda t: arf(t, report=f"Original-Mail-From: <{t.bounce}>\n", original=""),
        "complained",
    ),
    Sample(
        "headers only",
        lambda t: arf(t, kind="text/rfc822-headers"),
        "complained",
    ),
    Sample(
        "45: a wrong boundary",
        lambda t: arf(t, boundary={"says": "other"}),
        "complained",
    ),
    Sample(
        "an address alone",
        lambda t: arf(
            t,
            report=f"Original-Rcpt-To: <{t.reader}>\n",
            original=f"To: <{t.reader}>\nMessage-ID: <forged@example.org>\n",
        ),
        REFUSED,
        says="no mail of ours",
    ),
    Sample(
        "a link whose signature is wrong",
        lambda t: arf(t, original=f"List-Unsubscribe: <{t.link[:-3]}xyz>\n"),
        REFUSED,
        says="no mail of ours",
    ),
    Sample(
        "half a character in an address",
        lambda t: arf(
            t, report="Original-Rcpt-To: utf-8; \\x{D800}@example.org\n", original=""
        ),
        REFUSED,
        says="no mail of ours",
    ),
    Sample("not spam", lambda t: arf(t, "not-spam"), REFUSED, says="no complaint"),
    Sample(
        "a failed signature",
        lambda t: arf(t, "auth-failure"),
        REFUSED,
        says="no complaint",
    ),
]

OTHERS = [
    Sample(
        "44: a vacation reply",
        lambda t: mail(
            t.bounce,
            "I am away until Monday.\n",
            sender="<reader@example.org>",
            Auto_Submitted="auto-replied (vacation)",
            Subject="Away",
        ),
        "autoreplied",
    ),
    Sample(
        "44: a challenge",
        lambda t: mail(
            t.bounce,
            "To deliver your mail please follow the link.\n",
            sender="<reader@example.org>",
            Subject="Please confirm your message",
        ),
        "autoreplied",
    ),
    Sample(
        "44: unsubscribe in the body, to the envelope's address",
        lambda t: mail(
            t.bounce,
            "unsubscribe\n",
            sender="<reader@example.org>",
            Subject="Re: Papers",
        ),
        "unknown",
    ),
    Sample(
        "43: forged, to no mail's address",
        lambda t: failed(t, "5.1.1", to="bounces@papers.example.org"),
        REFUSED,
        says="no mail of ours",
    ),
    Sample(
        "43: forged, with a wrong signature",
        lambda t: failed(t, "5.1.1", to=t.bounce.replace("-", "-a", 1)),
        REFUSED,
        says="no mail of ours",
    ),
    Sample("an empty mail", lambda t: mail(t.bounce, ""), "autoreplied"),
    Sample("nothing at all", lambda t: b"", REFUSED, says="no mail of ours"),
    Sample("zeros", lambda t: b"\x00" * 5_000, REFUSED, says="no mail of ours"),
]

SAMPLES = [*STATUSES, *ACTIONS, *RECIPIENTS, *SHAPES, *OLDER, *COMPLAINTS, *OTHERS]
