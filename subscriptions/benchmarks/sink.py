"""A mail server that takes everything and counts it: `python -m ...benchmarks.sink`.

For measuring where Postfix's smtp-sink is not installed. It listens on a free port of
loopback, prints that, and when its input ends how many messages it took and how many
different Message-IDs these had.
"""

from __future__ import annotations

import asyncio
import re
import sys

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.I | re.M)
_END, _LONGEST_HEAD = b"\r\n.\r\n", 20_000


class Taken:
    """What came, over all connections."""

    def __init__(self) -> None:
        self.messages = 0
        self.ids: set[int] = set()

    def take(self, message: bytes) -> None:
        self.messages += 1
        found = _MESSAGE_ID.search(message[:_LONGEST_HEAD])
        self.ids.add(hash(found[1] if found else b""))


class _Session(asyncio.Protocol):
    """SMTP as far as a sender of ours speaks it, with PIPELINING (RFC 2920)."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._waiting = bytearray()
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        replies = []
        while (reply := self._next()) is not None:
            replies.append(reply)
        self._transport.write(b"".join(replies))

    def _next(self) -> bytes | None:
        """The reply to what is whole of what waits; None: more must come first."""
        end = self._waiting.find(_END if self._in_data else b"\r\n")
        if end < 0:
            return None
        if self._in_data:
            self._in_data = False
            self._taken.take(bytes(self._waiting[:end]))
            del self._waiting[: end + len(_END)]
            return b"250 taken\r\n"
        verb = bytes(self._waiting[:4]).upper()
        del self._waiting[: end + 2]
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        if verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
            return b""
        self._in_data = verb == b"DATA"
        return b"354 go on\r\n" if self._in_data else b"250 fine\r\n"


async def _serve(taken: Taken) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(taken), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    taken = Taken()
    asyncio.run(_serve(taken))
    print(taken.messages, len(taken.ids), flush=True)
