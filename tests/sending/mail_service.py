"""A mail service on loopback: HTTP calls, told truly, answered as a script says.

What it takes is in its log, synced to disk, before it answers. `script` decides each
answer: None takes the mail, a number or (number, text) or (number, text, headers) is
said instead, a `Do` happens.

    def script(call):
        if call.recipient.startswith("gone"):
            return 400, "'to' parameter is not a valid address"

    with MailService(tmp_path / "taken.jsonl", script) as service:
        ... service.settings, service.taken()
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from email.utils import parseaddr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Literal, Self
from urllib.parse import parse_qs

from .oracle import Do, Taken

KEY, DOMAIN = "key-that-nobody-may-read", "papers.example.org"
MAILGUN = "anymail.backends.mailgun.EmailBackend"


@dataclass(frozen=True, slots=True)
class Call:
    """`number` counts from 1, `connection` names where it came in. `fields`: those of
    Mailgun's form; `body`: all that was sent."""

    number: int
    connection: int
    fields: dict[str, str]
    body: bytes

    @property
    def recipient(self) -> str:
        return parseaddr(self.fields.get("to", ""))[1]

    @property
    def message_id(self) -> str:
        return self.fields.get("h:Message-Id", "")


DRIP = "drip"
Answer = (
    Literal["drip"]
    | int
    | tuple[int, str]
    | tuple[int, str, dict[str, str]]
    | Do
    | None
)


class MailService:
    def __init__(
        self,
        log: Path,
        script: Callable[[Call], Answer] = lambda call: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.at_once = 0  # the most calls that were open together
        self.open = 0
        self.unanswered = 0  # taken, and not said so
        self.gets = 0
        self._log, self._script, self._lock = log, script, Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                if len(body := self.rfile.read(length)) == length:
                    service.answer(self, body)
                else:  # the caller died in the middle of it
                    self.close_connection = True

            def do_GET(self) -> None:
                """Where a call was sent on to as a GET: it takes nothing, and says it
                did."""
                service.gets += 1
                service.reply(self, 200, '{"id": "<0@theirs>", "message": "Queued."}')

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A caller that was killed; the log says what it was told."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, str]:
        """anymail's, to send to it as to Mailgun."""
        return {
            "MAILGUN_API_KEY": KEY,
            "MAILGUN_API_URL": f"{self.url}/v3",
            "MAILGUN_SENDER_DOMAIN": DOMAIN,
        }

    def answer(self, at: BaseHTTPRequestHandler, body: bytes) -> None:
        form = parse_qs(body.decode("utf-8", "replace"))
        fields = {name: values[0] for name, values in form.items()}
        with self._lock:
            call = Call(len(self.calls) + 1, at.client_address[1], fields, body)
            self.calls.append(call)
            self.open += 1
            self.at_once = max(self.at_once, self.open)
        try:
            self._answer(at, call)
        finally:
            with self._lock:
                self.open -= 1

    def taken(self) -> list[tuple[str, str]]:
        """Recipient and Message-ID of each mail it took, in order."""
        return [(each.recipient, each.message_id) for each in self.mails()]

    def mails(self) -> list[Taken]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [Taken(**json.loads(line)) for line in lines]

    def digests(self) -> list[Taken]:
        return [each for each in self.mails() if each.is_digest]

    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.taken()]

    def _answer(self, at: BaseHTTPRequestHandler, call: Call) -> None:
        what = self._script(call)
        if what in (None, Do.TAKE_AND_CLOSE, Do.TAKE_AND_HANG):
            self._take(call, is_told=what is None)
        if what in (Do.HANG, Do.TAKE_AND_HANG):
            time.sleep(3)
        if what == DRIP:
            return self._drip(at)
        if isinstance(what, Do):
            at.close_connection = True
            return
        taken = json.dumps({"id": f"<{call.number}@theirs>", "message": "Queued."})
        code, text, *more = (what or 200), ("" if what else taken)
        if isinstance(what, tuple):
            code, text, *more = what
        self.reply(at, code, text, *more)

    def _drip(self, at: BaseHTTPRequestHandler) -> None:
        """An answer of which a piece comes before anybody gives up, for half a minute
        or until nobody listens."""
        at.send_response(200)
        at.send_header("Content-Length", "100")
        at.end_headers()
        with suppress(OSError):
            for _ in range(100):
                at.wfile.write(b" ")
                time.sleep(0.3)

    def reply(
        self,
        at: BaseHTTPRequestHandler,
        code: int,
        text: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        octets = text.encode()
        at.send_response(code)
        for name, value in (headers or {}).items():
            at.send_header(name, value)
        at.send_header("Content-Length", str(len(octets)))
        at.end_headers()
        at.wfile.write(octets)

    def _take(self, call: Call, is_told: bool) -> None:
        taken = Taken(
            message_id=call.message_id,
            recipient=call.recipient,
            sha256=hashlib.sha256(call.body).hexdigest(),
            at=time.time(),
            # Letters have no Precedence.
            is_digest=call.fields.get("h:Precedence") == "bulk",
        )
        with self._lock, self._log.open("a") as log:
            self.unanswered += not is_told
            log.write(json.dumps(asdict(taken)) + "\n")
            log.flush()
            os.fsync(log.fileno())
