"""A relay on this machine that tells the truth about what it took.

Each mail it takes is in its log (Message-ID, recipient, SHA-256), synced to disk,
before it answers: so the log holds whatever any sender was, or was about to be, told
was taken. `script` decides each reply:

    def script(moment):
        if moment.stage == "RCPT" and moment.recipient.startswith("gone"):
            return "550 5.1.1 no such user"

    with Oracle(tmp_path / "taken.jsonl", script) as relay:
        ... relay.url, relay.taken()
"""

from __future__ import annotations

import asyncio
import email
import hashlib
import json
import os
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


class Do(Enum):
    """What a relay may do instead of answering."""

    CLOSE = "close the connection"
    TAKE_AND_CLOSE = "take the mail, then close the connection"
    TAKE_AND_HANG = "take the mail, then say nothing"
    HANG = "say nothing"


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a reply is due. `stage`: MAIL, RCPT, DATA or dot; `session` and `mail`
    count from 1: the connection, and MAIL commands on all of them."""

    stage: str
    sender: str
    recipient: str
    session: int
    mail: int
    message: bytes = b""


@dataclass(frozen=True, slots=True)
class Taken:
    message_id: str
    recipient: str
    sha256: str
    at: float
    is_digest: bool = True


Script = Callable[[Moment], str | Do | None]


class Oracle:
    """`features` limits what EHLO announces; `login` is the one user and password,
    `mechanism` the one way to say them; with `dribble` each octet of a reply is written
    alone. `reads`: what each session received at a time, EHLO left out."""

    def __init__(
        self,
        log: Path,
        script: Script | None = None,
        *,
        features: set[str] | None = None,
        greeting: str | None = None,
        login: tuple[str, str] | None = None,
        mechanism: str = "",
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        size: int = 33_554_432,
        dribble: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        self.log = log
        self.script = script or (lambda moment: None)
        self.features = features
        self.greeting = greeting
        self.login = login
        self.dribble = dribble
        self.sessions = 0
        self.mails = 0
        self.messages: list[bytes] = []
        self.unanswered = 0  # taken, and not said so
        self.reads: dict[int, list[bytes]] = {}
        self.port = _free_port()
        self.host = host
        self._controller = _Controller(
            self,
            hostname=self.host,
            port=self.port,
            ssl_context=tls if implicit_tls else None,
            tls_context=None if implicit_tls else tls,
            data_size_limit=size,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=self._authenticate if login else None,
            auth_exclude_mechanism={"PLAIN", "LOGIN"} - {mechanism}
            if mechanism
            else None,
            command_call_limit=100_000,
        )

    def __enter__(self) -> Self:
        self._controller.start()
        self.sessions = 0  # the controller makes one, to see that it listens
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection; harmless when it was stopped before."""
        if self._controller.server is not None:
            self._controller.stop(no_assert=True)

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def taken(self) -> list[Taken]:
        """What it took, in order; an earlier oracle with this log too."""
        if not self.log.exists():
            return []
        lines = self.log.read_text().splitlines()
        return [Taken(**json.loads(line)) for line in lines]

    def digests(self) -> list[Taken]:
        return [each for each in self.taken() if each.is_digest]

    def recipients(self) -> list[str]:
        return [one.recipient for one in self.taken()]

    # --- called by aiosmtpd, by these names

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, name: str, lines: list[str]
    ) -> list[str]:
        session.host_name = name
        lines.insert(1, "250-PIPELINING")  # it can, but does not say so
        if self.features is None:
            return lines
        wanted = [x for x in lines[:-1] if x[4:].split()[0] in self.features]
        return [f"250-{self.host}", *wanted, "250 HELP"]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        self.mails += 1
        envelope.mail_from = address
        answer = await self._answer(server, envelope, "MAIL")
        if answer and not answer.startswith("2"):
            envelope.mail_from = None  # or it would take what is pipelined behind it
        return answer or "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        answer = await self._answer(server, envelope, "RCPT")
        if answer and not answer.startswith("2"):
            envelope.rcpt_tos.remove(address)
        return answer or "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self._decide(server, envelope, "dot", envelope.original_content)
        if answer in {None, Do.TAKE_AND_CLOSE, Do.TAKE_AND_HANG} or (
            isinstance(answer, str) and answer.startswith("2")
        ):
            self._take(envelope)
            self.unanswered += isinstance(answer, Do)
        return await self._do(server, answer) or "250 2.0.0 taken"

    # --- its own

    def _decide(
        self, server: SMTP, envelope: Any, stage: str, message: bytes = b""
    ) -> str | Do | None:
        recipient = (envelope.rcpt_tos or [""])[-1]
        return self.script(
            Moment(
                stage,
                envelope.mail_from or "",
                recipient,
                server.number,  # type: ignore[attr-defined]
                self.mails,
                message,
            )
        )

    async def _answer(self, server: SMTP, envelope: Any, stage: str) -> str:
        return await self._do(server, self._decide(server, envelope, stage))

    async def _do(self, server: SMTP, answer: str | Do | None) -> str:
        if answer in {Do.CLOSE, Do.TAKE_AND_CLOSE}:
            server.transport.abort()
            return "421 closing"
        if answer in {Do.HANG, Do.TAKE_AND_HANG}:
            await asyncio.sleep(3600)
        return answer if isinstance(answer, str) else ""

    def _take(self, envelope: Any) -> None:
        octets: bytes = envelope.original_content
        headers = email.message_from_bytes(octets)
        taken = Taken(
            message_id=str(headers["Message-ID"] or ""),
            recipient=envelope.rcpt_tos[-1],
            sha256=hashlib.sha256(octets).hexdigest(),
            at=time.time(),
            # Letters have no Precedence.
            is_digest=headers["Precedence"] == "bulk",
        )
        with self.log.open("a") as log:
            log.write(json.dumps(asdict(taken)) + "\n")
            log.flush()
            os.fsync(log.fileno())
        self.messages.append(octets)

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.login, handled=False)


class _Session(SMTP):
    """aiosmtpd's server, with a reply of ours to DATA and as greeting."""

    oracle: Oracle
    number: int

    def connection_made(self, transport: Any) -> None:
        self.oracle.sessions += 1
        self.number = self.oracle.sessions
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if not data.startswith((b"EHLO", b"HELO")):
            self.oracle.reads.setdefault(self.number, []).append(data)
        super().data_received(data)

    async def push(self, status: Any) -> None:
        greets = isinstance(status, str) and status.startswith("220 ")
        if greets and self.oracle.greeting and not self.session.host_name:
            await super().push(self.oracle.greeting)
            self.transport.close()
            return
        asks = isinstance(status, str) and status.startswith("354")
        if asks and self.envelope is not None:
            answer = await self.oracle._answer(self, self.envelope, "DATA")
            if answer:
                await super().push(answer)
                self.transport.close()
                return
        if not self.oracle.dribble:
            await super().push(status)
            return
        text = status if isinstance(status, bytes) else status.encode()
        for octet in text + b"\r\n":
            self._writer.write(bytes([octet]))
            await self._writer.drain()
            await asyncio.sleep(0)


class _Controller(Controller):
    def factory(self) -> SMTP:
        session = _Session(self.handler, **self.SMTP_kwargs)
        session.oracle = self.handler
        return session


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
