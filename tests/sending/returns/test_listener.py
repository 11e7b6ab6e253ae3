"""What comes back by SMTP, over a real connection on this machine."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from subscriptions import links
from subscriptions.models import Delivery, DeliveryEvent, Subscriber
from subscriptions.sending.returns import listener
from tests.sending.oracle import _free_port
from tests.sending.rows import a_digest, a_reader

from .mails import Target, arf, failed, mail

# The listener has a thread, and so a database connection, of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent() -> Delivery:
    return a_digest(a_reader(email="reader@example.org"), state="sent")


@pytest.fixture
def server(sent: Delivery) -> Iterator[smtplib.SMTP]:
    port = _free_port()
    with (
        listener.serve("127.0.0.1", port),
        smtplib.SMTP("127.0.0.1", port, timeout=20) as client,
    ):
        yield client


def test_a_report_to_the_mails_own_address_is_taken(
    server: smtplib.SMTP, sent: Delivery
) -> None:
    target = Target.of(sent)
    server.sendmail("", [target.bounce], failed(target, "5.1.1"))
    event = DeliveryEvent.objects.get()
    assert (event.type, event.status, event.delivery) == ("bounced", "5.1.1", sent)


def test_the_envelope_counts_and_not_the_header(
    server: smtplib.SMTP, sent: Delivery
) -> None:
    target = Target.of(sent)
    raw = failed(target, "5.1.1", To="<somebody@example.net>")
    server.sendmail("", [target.bounce], raw)
    assert DeliveryEvent.objects.count() == 1


def test_the_address_may_come_back_in_capitals(
    server: smtplib.SMTP, sent: Delivery
) -> None:
    target = Target.of(sent)
    server.sendmail("", [target.bounce.upper()], failed(target, "5.1.1"))
    assert DeliveryEvent.objects.count() == 1


@pytest.mark.parametrize(
    "address",
    [
        "reader@example.org",
        "postmaster@papers.example.org",
        "bounces+d1@papers.example.org",
        "bounces+d1-aaaaaaaaaaaaaaaaaaaaaaaaaa@papers.example.org",
        "bounces@example.net",
        "bounces",
    ],
)
def test_any_other_address_is_refused_with_550(
    server: smtplib.SMTP, address: str
) -> None:
    server.helo()
    server.mail("")
    assert server.rcpt(address)[0] == 550


def test_a_feedback_loop_reports_to_the_bare_address(
    server: smtplib.SMTP, sent: Delivery, bounce_address: str
) -> None:
    server.sendmail("fbl@mx.example.net", [bounce_address], arf(Target.of(sent)))
    assert Subscriber.objects.get().state == "suppressed"


def test_a_mail_to_the_readers_mailbox_unsubscribes(
    server: smtplib.SMTP, sent: Delivery
) -> None:
    box = links.mailbox("unsubscribe", sent.subscriber_id)
    raw = mail(box, "", "<reader@example.org>", Subject="unsubscribe")
    server.sendmail("reader@example.org", [box], raw)
    assert Subscriber.objects.get().state == "unsubscribed"


def test_nobody_can_be_found_out_by_what_the_server_answers(
    server: smtplib.SMTP, sent: Delivery
) -> None:
    box = Target.of(sent).bounce
    sent.subscriber.delete()
    assert server.sendmail("", [box], mail(box, "")) == {}


def test_45_more_than_ten_megabytes_are_refused(
    server: smtplib.SMTP, sent: Delivery
) -> None:
    box = Target.of(sent).bounce
    line = b"A" * 76 + b"\r\n"
    with pytest.raises(smtplib.SMTPException) as refused:
        server.sendmail("", [box], mail(box, "") + line * 140_000)
    assert "552" in str(refused.value)
    assert not DeliveryEvent.objects.exists()


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"A" * 64_000, id="a line without end"),
        pytest.param(b"\r\n" * 32_000, id="blank lines, each larger in memory"),
    ],
)
def test_who_sends_on_and_on_is_cut_off(
    server: smtplib.SMTP,
    sent: Delivery,
    monkeypatch: pytest.MonkeyPatch,
    piece: bytes,
) -> None:
    monkeypatch.setattr(listener, "_HELD", 500_000)
    server.sendmail("", [Target.of(sent).bounce], b"A\r\n" * 5_000)
    server.mail("")
    server.rcpt(Target.of(sent).bounce)
    server.docmd("DATA")
    assert server.sock
    with pytest.raises(ConnectionError):
        for _ in range(1_000):
            server.sock.sendall(piece)


def test_so_many_at_once_are_served_as_memory_has_room_for(
    server: smtplib.SMTP, sent: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_SESSIONS", 2)
    target = Target.of(sent)
    assert server.sock
    host, port = server.sock.getpeername()
    with smtplib.SMTP(host, port) as second:
        with smtplib.SMTP(host, port) as third:
            with pytest.raises(smtplib.SMTPSenderRefused) as refused:
                third.sendmail("", [target.bounce], failed(target, "5.1.1"))
            assert refused.value.smtp_code == 421
        second.noop()  # once it answers, the server has seen the third go
        second.sendmail("", [target.bounce], failed(target, "5.1.1"))
    assert DeliveryEvent.objects.count() == 1


def test_with_no_database_it_says_try_again_and_keeps_listening(
    server: smtplib.SMTP, sent: Delivery
) -> None:
    target = Target.of(sent)
    raw = failed(target, "5.1.1")
    table = DeliveryEvent._meta.db_table
    rename = "ALTER TABLE {} RENAME TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format(table, f"{table}_away"))
        try:
            with pytest.raises(smtplib.SMTPDataError) as refused:
                server.sendmail("", [target.bounce], raw)
        finally:
            cursor.execute(rename.format(f"{table}_away", table))
    assert refused.value.smtp_code == 451
    server.sendmail("", [target.bounce], raw)
    assert DeliveryEvent.objects.count() == 1


def test_without_a_bounce_address_nothing_is_accepted(
    server: smtplib.SMTP, sent: Delivery, settings: Any
) -> None:
    box = Target.of(sent).bounce
    settings.BOUNCE_ADDRESS = ""
    server.helo()
    server.mail("")
    assert server.rcpt(box)[0] == 550
