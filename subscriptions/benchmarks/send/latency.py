"""A relay far away: every answer comes after a delay, as from the other side of a sea.

What comes in one read is a group of commands (RFC 2920) and is answered as one, late;
so a round trip costs the delay however much is sent in it. `busy` makes another of it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from .children import pin

DELAY = 0.1  # seconds
CONNECTIONS = 100
_END = b"\r\n.\r\n"
_BACKLOG = 1000
_BYE = b"221 2.0.0 bye\r\n"
BUSY = b"421 4.7.0 too many mails from you\r\n"
_WORDS = {
    b"EHLO": b"250-far.example.org\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n",
    b"HELO": b"250 far.example.org\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": _BYE,
}
OK, _TAKEN = b"250 2.0.0 ok\r\n", b"250 2.0.0 taken\r\n"


class Far:
    """What the server saw: monotonic instants of the first MAIL and of the last answer
    to a mail that counts, how many those were, connections open at once at the most."""

    def __init__(self) -> None:
        self.port = self.mails = self.open = self.most = 0
        self.first = self.last = 0.0

    @property
    def per_s(self) -> float:
        return self.mails / (self.last - self.first)


@contextmanager
def far_away(
    delay: float, core: int | None, session: type[Session] | None = None
) -> Iterator[Far]:
    """Listen on loopback in a thread, on that core, while inside."""
    speaks = session or Session
    far, ready, loop = Far(), threading.Event(), asyncio.new_event_loop()

    def serve() -> None:
        pin(0, core)  # this thread alone
        asyncio.set_event_loop(loop)
        made = loop.create_server(
            lambda: speaks(far, delay), "127.0.0.1", 0, backlog=_BACKLOG
        )
        server = loop.run_until_complete(made)
        far.port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield far
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


class Session(asyncio.Protocol):
    """One connection. Only what our senders say is understood. `counts`: the mail under
    way is one of those that are measured."""

    counts = True

    def __init__(self, far: Far, delay: float) -> None:
        self._far, self._delay = far, delay
        self._buffer, self._in_data = bytearray(), False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._far.open += 1
        self._far.most = max(self._far.most, self._far.open)
        self._later(b"220 far.example.org ESMTP\r\n", 0)

    def connection_lost(self, error: Exception | None) -> None:
        self._far.open -= 1

    def data_received(self, data: bytes) -> None:
        # What a body's end needs of the piece before is kept, no more.
        self._buffer += data
        answers, mails = [], 0
        while answer := self._next():
            answers.append(answer)
            mails += answer is _TAKEN and self.counts
            if answer is BUSY:
                self._buffer.clear()
        if answers:
            self._later(b"".join(answers), mails)

    def _next(self) -> bytes:
        """The answer to the next command or body that has come whole, b"" if none."""
        if self._in_data:
            at = self._buffer.find(_END)
            if at < 0:
                del self._buffer[: -len(_END)]
                return b""
            del self._buffer[: at + len(_END)]
            self._in_data = False
            return _TAKEN
        line, end, _ = self._buffer.partition(b"\r\n")
        if not end:
            return b""
        del self._buffer[: len(line) + len(end)]
        word = bytes(line[:4]).upper()
        self._in_data = word == b"DATA"
        if word == b"MAIL" and not self._far.first:
            self._far.first = time.monotonic()
        if word == b"RCPT":
            return self.asked_to_mail(bytes(line))
        return _WORDS.get(word, OK)

    def asked_to_mail(self, line: bytes) -> bytes:
        """The answer to a RCPT: OK, or BUSY, behind which there is none."""
        return OK

    def _later(self, answer: bytes, mails: int) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self.seconds(mails), self._say, answer, mails)

    def seconds(self, mails: int) -> float:
        """Until a group with the ends of so many mails is answered."""
        return self._delay

    def _say(self, answer: bytes, mails: int) -> None:
        if self._transport.is_closing():
            return
        if mails:
            self._far.mails += mails
            self._far.last = time.monotonic()
        self._transport.write(answer)
        if answer.endswith((_BYE, BUSY)):
            self._transport.close()
