"""The paper sources on loopback: Hugging Face's JSON per day, arXiv's RSS, and faults.

with StubSource() as stub:
    stub.hf[date(2026, 7, 7)] = [an_hf_item("2607.00001"), ...]
    stub.rss = an_rss_feed(date(2026, 7, 7), [...])
    stub.feeds["cs.LG"] = an_rss_feed(...)  # of these categories, instead
    stub.fault = Fault(status=500, times=2)
    # HF_BASE_URL=stub.url, ARXIV_RSS_URL=stub.rss_url
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from .invented import an_rss_feed


@dataclass
class Fault:
    """What is answered instead, to the first `times` requests (None: to all) whose
    path and query contain `at`. `cut`: how many bytes less than Content-Length says
    are sent; `drip`: seconds between the bytes; `endless`: the body for ever;
    `head`: it is the headers that drip and never end."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    at: str = ""
    cut: int = 0
    drip: float = 0.0
    endless: bool = False
    head: bool = False

    def takes(self, path: str) -> bool:
        if self.at not in path or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class StubSource:
    """A context manager; `requests` are the paths asked for, `headers` of the last."""

    def __init__(self) -> None:
        self.hf: dict[date, list[dict[str, Any]]] = {}
        self.rss = an_rss_feed(date(2026, 7, 7), [])
        self.feeds: dict[str, bytes] = {}
        self.largest = 100  # items on a page
        self.fault: Fault | None = None
        self.requests: list[str] = []
        self.headers: dict[str, str] = {}
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.stub = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def rss_url(self) -> str:
        return f"{self.url}/rss"

    def __enter__(self) -> Self:
        serve = self.server.serve_forever
        threading.Thread(target=serve, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """(status, content type, body) of a server in good health."""
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/api/daily_papers":
            items = self.hf.get(date.fromisoformat(asked["date"]), [])
            limit = min(int(asked.get("limit", "50")), self.largest)
            start = int(asked.get("p", "0")) * limit
            page = json.dumps(items[start : start + limit]).encode()
            return 200, "application/json; charset=utf-8", page
        if parts.path.startswith("/rss/"):
            feed = self.feeds.get(parts.path.removeprefix("/rss/"), self.rss)
            return 200, "application/rss+xml", feed
        return 404, "text/plain", b"no such page"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stub: StubSource


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        stub = self.server.stub
        stub.requests.append(self.path)
        stub.headers = dict(self.headers.items())
        fault = stub.fault
        if fault is not None and fault.takes(self.path):
            self._fail(fault)
            return
        status, kind, body = stub.answer(self.path)
        self._head(status, {"Content-Type": kind}, len(body))
        self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str], length: int) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _fail(self, fault: Fault) -> None:
        length = 1 << 40 if fault.endless else len(fault.body)
        try:
            if fault.head:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            else:
                self._head(fault.status, fault.headers, length)
            for piece in self._pieces(fault):
                self.wfile.write(piece)
        except OSError:
            pass  # the client has had enough, which is what is tested

    def _pieces(self, fault: Fault) -> Iterator[bytes]:
        body = fault.body[: len(fault.body) - fault.cut]
        if not fault.drip and not fault.endless:
            yield body
            return
        while True:
            for start in range(0, len(body), 1 if fault.drip else len(body)):
                time.sleep(fault.drip)
                yield body[start : start + (1 if fault.drip else len(body))]
            if not fault.endless:
                return

    def log_message(self, *_: object) -> None:
        """The tests' output is for the tests."""
