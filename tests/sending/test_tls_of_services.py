"""TLS to a mail service: what fails before there is a connection has sent nothing."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from subscriptions.models import Delivery
from subscriptions.sending import Counts, RelayDown, send

from .mail_service import MailService
from .oracle import Do
from .rows import a_digest, digests
from .test_tls_and_login import certificate, tls

__all__ = ["certificate", "tls"]
pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., MailService]
ABORT = struct.pack("ii", 1, 0)  # of SO_LINGER: closing is a reset


def ends(client: socket.socket) -> None:
    client.recv(2_000)


def resets(client: socket.socket) -> None:
    client.recv(2_000)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)


def speaks_plainly(client: socket.socket) -> None:
    client.recv(2_000)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def says_nothing(client: socket.socket) -> None:
    time.sleep(1.5)


@pytest.fixture
def listening() -> Iterator[Callable[..., str]]:
    """A server that does this with each connection, and its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def start(what: Callable[[socket.socket], None]) -> str:
            def serve() -> None:
                try:
                    while True:
                        with server.accept()[0] as client:
                            what(client)
                except OSError:  # it was closed
                    return

            threading.Thread(target=serve, daemon=True).start()
            return f"https://127.0.0.1:{server.getsockname()[1]}/v3"

        yield start
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("what", [ends, resets, speaks_plainly, says_nothing])
def test_a_handshake_that_fails_leaves_no_mail_in_doubt(
    service_with: Start, settings: Any, listening: Callable[..., str], what: Any
) -> None:
    service_with()
    settings.ANYMAIL |= {"MAILGUN_API_URL": listening(what)}
    a_digest()
    a_digest()
    with pytest.raises(RelayDown, match="could not be reached"):
        send(Delivery, digests)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}


def test_a_certificate_nobody_vouches_for_is_not_trusted(
    service_with: Start, tls: ssl.SSLContext
) -> None:
    service = service_with(tls=tls)
    a_digest()
    with pytest.raises(RelayDown, match="SSLCertVerificationError"):
        send(Delivery, digests)
    assert service.calls == []
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}


@pytest.mark.parametrize("lost", [Do.TAKE_AND_CLOSE, Do.TAKE_AND_HANG])
def test_an_answer_that_is_lost_after_the_handshake_leaves_its_mail_in_doubt(
    service_with: Start,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    lost: Do,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    service = service_with(lambda call: lost if call.number == 1 else None, tls=tls)
    a_digest()
    a_digest()
    assert send(Delivery, digests) == Counts(in_doubt=1, sent=1)
    assert len(service.taken()) == 2
