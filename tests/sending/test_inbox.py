"""The embedded inbox keeps what it takes, and shows whatever came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from subscriptions.sending import inbox
from subscriptions.sending.outcome import Outgoing
from subscriptions.sending.smtp import Relay

from .handing import outcomes
from .oracle import _free_port
from .rows import server

MAIL = """\
From: Papers <digest@example.org>
To: <r@example.org>
Subject: =?utf-8?q?Vier_Aufs=C3=A4tze?=
Date: Tue, 07 Jul 2026 08:00:00 +0200
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_x"

--=_x
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
--=_x
Content-Type: text/html; charset=utf-8

<p>Greetings</p>
--=_x--
""".replace("\n", "\r\n").encode()


def put(folder: Path, message: bytes, key: str = "20260707060000-000001-0badf00d"):
    folder.mkdir(exist_ok=True)
    (folder / f"{key}.eml").write_bytes(message)
    return inbox.message(folder, key)


def test_a_mail_sent_to_it_is_shown_with_its_envelope(tmp_path):
    port = _free_port()
    with (
        inbox.serve("127.0.0.1", port, tmp_path / "inbox"),
        Relay(server(f"smtp://127.0.0.1:{port}"), "[127.0.0.1]") as relay,
    ):
        mail = Outgoing("bounces@example.org", "reader@example.org", lambda: MAIL)
        [outcome] = outcomes(relay, mail)
    [received] = inbox.messages(tmp_path / "inbox")
    assert outcome.reply == f"250 2.0.0 kept as {received.key}"
    assert received == inbox.message(tmp_path / "inbox", received.key)
    assert (received.sender, received.recipient) == (mail.sender, mail.recipient)
    assert received.subject == "Vier Aufsätze"
    assert received.from_ == "Papers <digest@example.org>"
    assert received.date == datetime(2026, 7, 7, 6, tzinfo=UTC)
    assert received.text.strip() == "Grüße"
    assert received.html.strip() == "<p>Greetings</p>"
    assert received.raw == MAIL
    assert received.headers[0] == ("From", "Papers <digest@example.org>")
    assert abs(datetime.now(UTC) - received.received_at) < timedelta(minutes=1)


def test_the_newest_come_first_up_to_a_limit(tmp_path):
    for second in range(4):
        put(tmp_path, MAIL, f"2026070706000{second}-000000-0badf00d")
    keys = [one.key[:14] for one in inbox.messages(tmp_path, limit=2)]
    assert keys == ["20260707060003", "20260707060002"]


def test_an_empty_or_missing_folder_holds_nothing(tmp_path):
    assert inbox.messages(tmp_path / "nothing") == []


def test_a_mail_that_cannot_be_kept_is_not_taken(tmp_path, monkeypatch):
    folder, port = tmp_path / "inbox", _free_port()
    with inbox.serve("127.0.0.1", port, folder):
        folder.rmdir()
        with Relay(server(f"smtp://127.0.0.1:{port}"), "[127.0.0.1]") as relay:
            [outcome] = outcomes(
                relay, Outgoing("a@example.org", "b@example.org", lambda: MAIL)
            )
    assert (outcome.kind, outcome.status) == ("deferred", "4.3.1")


def test_a_port_that_is_taken_is_an_error(tmp_path):
    port = _free_port()
    with (
        inbox.serve("127.0.0.1", port, tmp_path),
        pytest.raises(OSError, match="in use"),
        inbox.serve("127.0.0.1", port, tmp_path),
    ):
        raise AssertionError("two inboxes on one port")


@pytest.mark.parametrize(
    "key",
    [
        "../20260707060000-000001-0badf00d",
        "20260707060000-000001-0badf00d/../x",
        "..",
        "",
        "/etc/passwd",
        "20260707060000-000001-0badf00d\n",
        "20260707060000-000001-00000000",
    ],
)
def test_only_keys_of_mails_in_the_folder_open_anything(tmp_path, key):
    folder = tmp_path / "inbox"
    put(folder, MAIL)
    put(tmp_path, MAIL)
    with pytest.raises(KeyError):
        inbox.message(folder, key)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"no header at all",
        b"Subject\r\n\r\nno colon",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno part",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nbody \xff",
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!not base64",
        b"Content-Type: \xff\xfe\r\nFrom: \xff <>\r\nDate: yesterday\r\n\r\nx",
        b"Date: Tue, 99 Jul 2026 99:99:99 +9999\r\nFrom: @,;:<\r\nTo: <<>>\r\n\r\nx",
        b"Date: Tue, 7 Jul 2026 08:00:00 +99999999999999999999\r\n\r\nx",
        b"Date: Tue, 7 Jul 99999999999999999999 08:00:00 +0000\r\n\r\nx",
        b"Message-ID: <\r\nContent-Disposition: ;;\r\nSubject: =?x?y?z?=\r\n\r\n",
        b"Content-Type: message/rfc822\r\n\r\n" * 50,
        b"Subject: " + b"x" * 100_000 + b"\r\n\r\n" + b"\x00" * 1000,
    ],
)
def test_a_malformed_mail_is_shown_as_far_as_it_goes(tmp_path, message):
    received = put(tmp_path, message)
    assert received.raw == message
    assert inbox.messages(tmp_path) == [received]


def test_a_part_with_an_unknown_charset_is_readable(tmp_path):
    body = b"Content-Type: text/plain; charset=klingon\r\n\r\nQapla'"
    assert put(tmp_path, body).text.strip() == "Qapla'"
