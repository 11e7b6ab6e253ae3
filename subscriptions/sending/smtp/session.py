"""Greeting, EHLO, TLS and login: a connection up to where mail may be offered."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import time
from collections import deque
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from subscriptions.sending.outcome import RelayDown, cleaned

from .replies import Replies, Reply

_LONG = 10.0  # seconds to be let in
log = logging.getLogger(__name__)


class Server(Protocol):
    """Where mail is handed over. `security` is "" (plain), "starttls" or "tls"."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def security(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each reply; RFC 5321 section 4.5.3.2.

    Giving up early after the dot is what makes duplicates, hence ten minutes there.
    `connect` is not the RFC's: until TCP stands. `begin`: how long after its time was
    over a transaction under way may still begin its body.
    """

    greeting: float = 300
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    payload: float = 180
    dot: float = 600
    connect: float = 30
    begin: float = 120


class Session(NamedTuple):
    """`features`: EHLO's keywords in capitals, and their parameters."""

    transport: asyncio.Transport
    features: dict[str, str]


class Refused(Exception):
    """The relay does not let us in; the text says why and holds nothing secret."""


async def opened(server: Server, name: str, times: Timeouts) -> Session:
    """A session that takes mail. `name` is what EHLO says: a host name or an address
    literal (RFC 5321 section 4.1.3). Raises RelayDown with what went wrong.

    Runs are shorter than the time that the relay has: one that ends before it was let
    in says so in the log."""
    dialogue = _Dialogue(server, name, times)
    began = time.monotonic()
    try:
        await dialogue.connect()
        return await dialogue.introduce()
    except (OSError, Refused, UnicodeError) as error:
        dialogue.close()
        raise RelayDown(f"{server.host}:{server.port}: {said(error)}") from None
    except BaseException:
        dialogue.close()
        if (seconds := time.monotonic() - began) > _LONG:
            where = f"{server.host}:{server.port}"
            log.error("%s has not let us in so far, for %.0f s", where, seconds)
        raise


def said(error: BaseException | None) -> str:
    """The error of a connection in a few words."""
    if error is None:
        return "the relay closed the connection"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return cleaned(str(error)) or type(error).__name__


class _Dialogue(asyncio.Protocol):
    """One command, one reply."""

    def __init__(self, server: Server, name: str, times: Timeouts) -> None:
        self._server, self._name, self._times = server, name, times
        self._transport: asyncio.Transport | None = None
        self._replies = Replies()
        self._read: deque[Reply] = deque()
        self._lost = ""
        self._news = asyncio.Event()

    # --- called by the event loop

    def data_received(self, data: bytes) -> None:
        self._read.extend(self._replies.feed(data))
        if self._replies.fault:
            self._lost = self._replies.fault
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = self._lost or said(exc)
        self._news.set()

    # --- its own

    async def connect(self) -> None:
        """TCP, and TLS from the first octet where that is asked for."""
        server = self._server
        context = ssl.create_default_context() if server.security == "tls" else None
        async with asyncio.timeout(min(self._times.connect, self._times.greeting)):
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_connection(
                lambda: self, server.host, server.port, ssl=context
            )

    async def introduce(self) -> Session:
        await self._expect(2, self._reply())
        features = await self._hello()
        if self._server.security == "starttls":
            features = await self._encrypt(features)
        if self._server.user:
            await self._login(features)
        if self._read or self._lost or self._transport is None:
            raise Refused(self._lost or "it speaks out of turn")
        return Session(self._transport, features)

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    async def _hello(self) -> dict[str, str]:
        """What the relay offers; nothing where it only knows HELO."""
        reply = await self._ask(f"EHLO {self._name}")
        if reply.code // 100 == 5:
            await self._expect(2, self._ask(f"HELO {self._name}"))
            return {}
        if reply.code // 100 != 2:
            raise Refused(f"it answered {reply.told()}")
        return _features(reply)

    async def _encrypt(self, features: dict[str, str]) -> dict[str, str]:
        if "STARTTLS" not in features:
            raise Refused("it does not offer STARTTLS")
        await self._expect(2, self._ask("STARTTLS"))
        if self._transport is None or self._lost:
            raise Refused(self._lost or "the connection is closed")
        # What somebody on the way put behind the reply is not the relay's word.
        self._replies.forget()
        self._read.clear()
        async with asyncio.timeout(self._times.greeting):
            loop = asyncio.get_running_loop()
            self._transport = await loop.start_tls(
                self._transport,
                self,
                ssl.create_default_context(),
                server_hostname=self._server.host,
            )
        if self._transport is None:
            raise Refused("it closed the connection in the middle of STARTTLS")
        return await self._hello()

    async def _login(self, features: dict[str, str]) -> None:
        """AUTH PLAIN (RFC 4616), or LOGIN where only that is there."""
        offered = features.get("AUTH", "").upper().split()
        user, password = self._server.user.encode(), self._server.password.encode()
        reply = None
        if "PLAIN" in offered:
            reply = await self._ask("AUTH PLAIN", b"\0%s\0%s" % (user, password))
        # 504, 534: not this mechanism. Another refusal would be the same by any other,
        # and a second wrong password may lock the account.
        if (reply is None or reply.code in {504, 534}) and "LOGIN" in offered:
            reply = await self._ask("AUTH LOGIN")
            for answer in (user, password):
                if reply.code == 334:
                    reply = await self._ask("", answer)
        if reply is None:
            raise Refused("it offers neither AUTH PLAIN nor AUTH LOGIN")
        if reply.code not in {235, 503}:  # 503: authenticated already
            raise Refused(f"it refused the login ({reply.code})")

    async def _ask(self, command: str, secret: bytes | None = None) -> Reply:
        words = [command] if command else []
        if secret is not None:
            words.append(base64.b64encode(secret).decode())
        if self._transport is None or self._lost:
            raise Refused(self._lost or "the connection is closed")
        self._transport.write(" ".join(words).encode() + b"\r\n")
        return await self._reply()

    async def _reply(self) -> Reply:
        async with asyncio.timeout(self._times.greeting):
            while not self._read:
                if self._lost:
                    raise Refused(self._lost)
                self._news.clear()
                await self._news.wait()
        return self._read.popleft()

    async def _expect(self, digit: int, reply: Awaitable[Reply]) -> None:
        got = await reply
        if got.code // 100 != digit:
            raise Refused(f"it answered {got.told()}")


def _features(reply: Reply) -> dict[str, str]:
    """EHLO's keywords; `AUTH=` is how servers older than RFC 2554 write theirs."""
    found: dict[str, str] = {}
    for line in reply.lines[1:]:
        words = line.decode("ascii", "replace").replace("AUTH=", "AUTH ", 1).split()
        if words:
            keyword = words[0].upper()
            found[keyword] = " ".join([found.get(keyword, ""), *words[1:]]).strip()
    return found
