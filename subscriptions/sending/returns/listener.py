"""An SMTP server for what comes back: takes mail to our bounce addresses, no other.

It stands behind a real mail server or alone on its own domain's MX. It never answers a
mail, relays nothing, and keeps nothing but events.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from subscriptions import links

from .taking import Taken, take

# Reports return a mail of ours, of a tenth of a megabyte, or its headers.
LARGEST = 10_000_000  # bytes
_RECIPIENTS = 10
_SESSIONS = 30  # at once; each may hold a mail of LARGEST
# Of a mail in memory: aiosmtpd refuses too large a one at its end, keeps a line without
# end until then, and takes so many bytes for each line beside what is in it.
_HELD, _A_LINE = 3 * LARGEST, 60
_IDLE = 60.0  # seconds
log = logging.getLogger(__name__)


@contextmanager
def serve(host: str, port: int) -> Iterator[None]:
    """Listen while inside. Raises OSError where it cannot listen there."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it logs every address
    taker = _Taker()
    controller = _Controller(
        taker,
        hostname=host,
        port=port,
        ident="Paper Round",
        data_size_limit=LARGEST,
        timeout=_IDLE,
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()
        taker.close()


def accepts(address: str) -> bool:
    """Is this an address that mail comes back to? Feedback loops use the bare one."""
    if address.strip().lower() == settings.BOUNCE_ADDRESS:
        return bool(settings.BOUNCE_ADDRESS)
    try:
        links.read_mailbox(address)
    except links.BadLink:
        return False
    return True


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Session(self.handler, **self.SMTP_kwargs)


class _Session(SMTP):
    """Counted while it is open: mails are in memory until they have been taken."""

    held = 0  # bytes since the last MAIL

    def data_received(self, data: bytes) -> None:
        self.held += len(data) + _A_LINE * data.count(b"\n")
        if self.held > _HELD and isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        else:
            super().data_received(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.sessions += 1

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.sessions -= 1
        super().connection_lost(error)


class _Taker:
    def __init__(self) -> None:
        self.sessions = 0
        # One at a time: whoever floods this gets no more of the database than that.
        self._thread = ThreadPoolExecutor(1, "returns")

    def close(self) -> None:
        self._thread.submit(connections.close_all).result()
        self._thread.shutdown()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.sessions > _SESSIONS:
            return "421 4.3.2 too many at once, try again later"
        server.held = 0
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if not accepts(address):
            return "550 5.1.1 no such mailbox here"
        if len(envelope.rcpt_tos) >= _RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        loop = asyncio.get_running_loop()
        for recipient in envelope.rcpt_tos:
            work = partial(
                _take, envelope.original_content, recipient, envelope.mail_from or ""
            )
            try:
                await loop.run_in_executor(self._thread, work)
            except DatabaseError:
                log.exception("what came back could not be written down")
                return "451 4.3.0 try again later"
        return "250 2.0.0 ok"


def _take(raw: bytes, recipient: str, sender: str) -> Taken:
    close_old_connections()
    return take(raw, [recipient], sender)
