"""`bench send` beside a busy domain: its relay, its readers, and what stops it."""

from __future__ import annotations

import socket

import pytest

from subscriptions.benchmarks.send import Failed, busy, seeding
from subscriptions.models import Delivery, Subscriber

OTHERS, BUSY = "reader@papers1.example.org", "reader5@busy.example.org"


def envelope(recipient: str) -> bytes:
    return f"MAIL FROM:<a@example.org>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()


def codes(client: socket.socket) -> list[bytes]:
    """Of each line that comes next; none: the other side has closed."""
    return [line[:3] for line in client.recv(1000).split(b"\r\n")[:-1]]


def test_the_busy_domain_is_refused_and_its_session_ends() -> None:
    with busy.relay(True, None) as relay:
        with socket.create_connection(("127.0.0.1", relay.port), timeout=30) as client:
            assert codes(client) == [b"220"]
            client.sendall(envelope(OTHERS))
            assert codes(client) == [b"250", b"250", b"354"]
            client.sendall(b"Subject: hello\r\n\r\n.\r\n" + envelope(BUSY))
            assert codes(client) == [b"250", b"250", b"421"]
            assert codes(client) == []
        assert relay.mails == 1


def test_where_it_is_not_refused_its_mails_are_taken_and_do_not_count() -> None:
    with busy.relay(False, None) as relay:
        with socket.create_connection(("127.0.0.1", relay.port), timeout=30) as client:
            assert codes(client) == [b"220"]
            for recipient in (OTHERS, BUSY, OTHERS):
                client.sendall(envelope(recipient))
                assert codes(client) == [b"250", b"250", b"354"]
                client.sendall(b"Subject: hello\r\n\r\n.\r\n")
                assert codes(client) == [b"250"]
        assert relay.mails == 2


@pytest.mark.django_db(transaction=True)  # PostgreSQL tidies up outside of one
def test_a_fifth_of_the_readers_is_of_it_and_may_wait_for_nothing() -> None:
    seeding.readers(10)
    busy.move_in()
    addresses = Subscriber.objects.filter(domain=busy.DOMAIN).values_list("email")
    assert len(set(addresses)) == 2
    seeding.compose(day := next(seeding.days()))
    due = Delivery.objects.filter(due_date=day)
    with pytest.raises(Failed, match="10 digests were not sent, 2 were to be refused"):
        busy.settle(day, refused=True)
    due.exclude(subscriber__domain=busy.DOMAIN).update(state=Delivery.State.SENT)
    with pytest.raises(Failed, match="2 digests were not sent, 0 were to be refused"):
        busy.settle(day, refused=False)
    busy.settle(day, refused=True)
    assert set(due.values_list("state", flat=True)) == {Delivery.State.SENT}
