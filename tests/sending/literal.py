"""A relay that says, line by line, exactly what a test wants, right or wrong.

    def answer(line: str, session: int) -> str | None:
        if line.startswith("RCPT"):
            return "550 5.1.1 no such user"

    with Literal(answer) as relay:
        ... relay.url, relay.lines, relay.bodies

`line` is a command, "." at the end of a body, "" for the greeting; None is the usual
reply, CLOSE closes the connection instead of a reply, DEAF lets a body come and does
not read it.
"""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable
from typing import Self

CLOSE = "close the connection"
DEAF = "354 talk to the hand"
Answer = Callable[[str, int], str | None]
_USUAL = {
    "": "220 ready",
    "DATA": "354 go on",
    "QUIT": "221 bye",
    "STARTTLS": "220 go on",
}
_HELLO = "250-literal\r\n250-PIPELINING\r\n250 SIZE"
_HELLO_BEFORE_TLS = "250-literal\r\n250-SIZE\r\n250 STARTTLS"


class Literal:
    """`lines`: (session, command) as they came; `bodies`: what was ended by a dot.
    With `tls` it offers STARTTLS."""

    def __init__(
        self, answer: Answer | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.tls = tls
        self.answer = answer or (lambda line, session: None)
        self.lines: list[tuple[int, str]] = []
        self.bodies: list[bytes] = []
        self.sessions = 0
        self.over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.literal = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"smtp://{host!s}:{port}"

    def commands(self, session: int) -> list[str]:
        """The verbs of a session, after its EHLO."""
        return [line.split()[0] for n, line in self.lines if n == session][1:]

    def reply(self, line: str, session: int, is_encrypted: bool = False) -> str:
        if line:
            self.lines.append((session, line))
        usual = _USUAL.get(line, "250 ok")
        if line.startswith("EHLO"):
            usual = _HELLO_BEFORE_TLS if self.tls and not is_encrypted else _HELLO
        said = self.answer(line, session)
        return usual if said is None else said


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 200
    literal: Literal


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        literal = self.server.literal
        literal.sessions += 1
        session = literal.sessions
        try:
            reply = self._say(literal.reply("", session))
            while reply and (line := self.rfile.readline()):
                is_encrypted = isinstance(self.connection, ssl.SSLSocket)
                command = line.decode().strip()
                reply = self._say(literal.reply(command, session, is_encrypted))
                if command == "QUIT":
                    return
                if command == "STARTTLS" and literal.tls:
                    self._encrypt(literal.tls)
                if reply == DEAF:
                    literal.over.wait(10)
                    return
                if reply.startswith("354"):
                    body = self._body()
                    if body is None:
                        return
                    literal.bodies.append(body)
                    reply = self._say(literal.reply(".", session))
        except OSError:
            return

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)

    def _say(self, reply: str) -> str:
        if reply == CLOSE:
            return ""
        self.wfile.write(reply.encode() + b"\r\n")
        return reply

    def _body(self) -> bytes | None:
        body = b""
        while line := self.rfile.readline():
            if line == b".\r\n":
                return body
            body += line
        return None
