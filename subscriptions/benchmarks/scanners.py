"""`bench scanners`: what mail scanners cost that open every link of every mail.

For a database of one's own: editions, readers and their digests are made in it. Each
link of ours in each mail is asked for by HEAD and by GET, of real web servers on
loopback: gunicorn processes of one thread, each asked by one connection, so that what
is measured is what an answer takes and not how long it waits for another.
"""

from __future__ import annotations

import http.client
import re
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from html import unescape
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils import timezone

from subscriptions import links, pipeline
from subscriptions.models import Delivery, Paper, Subscriber, Subscription
from subscriptions.pipeline.mails import outgoing_digests

from .mix import DAY, Mix
from .stored import store, store_filters

_DAYS = 10
_BOOT = 60.0  # seconds a server may take to answer
# So that every digest is full: what the mix's own filters find is mostly nothing.
_BROAD = "cat:cs.lg OR cat:cs.cl OR cat:cs.cv OR cat:cs.ai"
_REDIRECTS = range(300, 400)


class Answer(NamedTuple):
    """`kind`: the first part of the path."""

    kind: str
    status: int
    ms: float


def measure(
    mails: int, papers: int, processes: int, say: Callable[[str], object]
) -> dict[str, float | int]:
    """`papers` a day over ten days; `mails` digests of the last of them.

    `writes`: rows of any table that are not as they were, at least 1 if anything was
    committed; `failed`: answers that are neither a page nor a redirect; `tune_...` of
    the "save or tune" pages alone; `cold_s`: a process's first such page.
    """
    say(f"storing {papers * _DAYS:,} papers, composing {mails:,} digests")
    _compose(mails, papers)
    wanted = list(_links())
    say(f"{len(wanted):,} links, each by HEAD and GET")
    before, version = rows(), _version()
    answers, cold, seconds = _scan(wanted, processes)
    changed = differing(before, rows())
    tune = [each.ms for each in answers if each.kind == "tune"]
    every = [each.ms for each in answers]
    return {
        "mails": mails,
        "links": len(wanted),
        "requests": len(answers),
        "processes": processes,
        "per_s": len(answers) / seconds,
        "p50_ms": statistics.median(every),
        "p95_ms": statistics.quantiles(every, n=20)[18],
        "tune_p50_ms": statistics.median(tune),
        "tune_p95_ms": statistics.quantiles(tune, n=20)[18],
        "cold_s": cold,
        "failed": sum(not _is_fine(each.status) for each in answers),
        "writes": max(changed, int(_version() != version)),
    }


def _is_fine(status: int) -> bool:
    return status == 200 or status in _REDIRECTS


# --- what is scanned -----------------------------------------------------------------
def _compose(mails: int, papers: int) -> None:
    mix = Mix()
    for number in range(_DAYS):
        day = DAY - timedelta(number)
        store(mix.papers(papers, day, first=1 + number * papers))
    filters = store_filters([_BROAD, *mix.filters(max(mails, 50))])
    yesterday = {"arxiv": (DAY - timedelta(1)).isoformat()}
    readers = Subscriber.objects.bulk_create(
        Subscriber(
            email=f"reader{number}@example.org",
            email_folded=f"reader{number}@example.org",
            state=Subscriber.State.ACTIVE,
            confirmed_at=timezone.now(),
            covered=yesterday,
        )
        for number in range(mails)
    )
    wishes = mix.readers(mails, len(filters) - 1)
    Subscription.objects.bulk_create(
        Subscription(
            subscriber=reader,
            filter=filters[place],
            text=filters[place].text,
            position=position,
        )
        for reader, wished in zip(readers, wishes, strict=True)
        for position, place in enumerate([0, *(place + 1 for place in wished)])
    )
    pipeline.compose_day(DAY)


def _links() -> Iterator[str]:
    """Every link to this site in every mail, once per mail, as a path."""
    ours = re.compile(re.escape(settings.PUBLIC_URL) + r"[^\s\"'<>\])]*")
    ids = list(Delivery.objects.order_by("pk").values_list("pk", flat=True))
    papers = dict(Paper.objects.values_list("pk", "arxiv_id"))
    for start in range(0, len(ids), 100):
        some = ids[start : start + 100]
        deliveries = Delivery.objects.in_bulk(some)
        for key, mail in outgoing_digests(some).items():
            found = dict.fromkeys(
                link for text in _texts(mail.message()) for link in ours.findall(text)
            )
            delivery = deliveries[key]
            for pick in delivery.picks:  # whichever of them the mail shows
                found[links.tune(delivery, papers[pick["paper"]])] = None
            yield from map(_path, found)


def _texts(raw: bytes) -> Iterator[str]:
    message = message_from_bytes(raw, policy=policy.default)
    yield str(message["List-Unsubscribe"] or "")
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            yield part.get_content()
        elif part.get_content_type() == "text/html":
            yield unescape(part.get_content())


def _path(link: str) -> str:
    parts = urlsplit(link)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


# --- scanning ------------------------------------------------------------------------
def _scan(wanted: Sequence[str], processes: int) -> tuple[list[Answer], float, float]:
    """All answers, the slowest first page of a process, and how long it took."""
    first = next(path for path in wanted if path.startswith("/tune/"))
    with ExitStack() as running:
        ports = [running.enter_context(_server()) for _ in range(processes)]
        for port in ports:
            _wait_for(port)
        cold = max(_ask(_connect(port), "GET", first).ms for port in ports) / 1000
        shares = [wanted[at::processes] for at in range(processes)]
        begin = time.perf_counter()
        with ThreadPoolExecutor(processes) as pool:
            answers = [
                each for some in pool.map(_ask_all, ports, shares) for each in some
            ]
        seconds = time.perf_counter() - begin
    return answers, cold, seconds


@contextmanager
def _server() -> Iterator[int]:
    """A web server of one process on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = ["-m", "gunicorn", "digest_site.wsgi", "--bind", f"127.0.0.1:{port}"]
    # A connection that is kept: only this worker class does.
    words += ["--worker-class", "gthread", "--threads", "1", "--keep-alive", "60"]
    words += ["--no-control-socket", "--log-level", "warning"]
    child = subprocess.Popen(  # noqa: S603 - our own server, no shell
        [sys.executable, *words], cwd=settings.BASE_DIR
    )
    try:
        yield port
    finally:
        child.terminate()
        child.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + _BOOT
    while True:
        try:
            if _ask(_connect(port), "GET", "/healthz").status == 200:
                return
        except OSError:
            pass
        if time.monotonic() > until:
            raise TimeoutError(f"the web server did not answer within {_BOOT:.0f} s")
        time.sleep(0.1)


def _connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=120)


def _ask_all(port: int, wanted: Sequence[str]) -> list[Answer]:
    open_ = _connect(port)
    return [_ask(open_, method, path) for path in wanted for method in ("HEAD", "GET")]


def _ask(open_: http.client.HTTPConnection, method: str, path: str) -> Answer:
    host = urlsplit(settings.PUBLIC_URL).netloc
    begin = time.perf_counter()
    open_.request(method, path, headers={"Host": host})
    response = open_.getresponse()
    response.read()
    ms = (time.perf_counter() - begin) * 1000
    return Answer(path.split("/")[1], response.status, ms)


# --- did anything change? ------------------------------------------------------------
def rows() -> Counter[tuple[str, int]]:
    """Every row of every table, as a hash of its values."""
    found: Counter[tuple[str, int]] = Counter()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found.update((table, hash(row)) for row in cursor)
    return found


def differing(before: Counter[tuple[str, int]], after: Counter[tuple[str, int]]) -> int:
    """Rows of either that are not in the other: a changed one counts twice."""
    return ((before - after) + (after - before)).total()


def _version() -> int:
    """Another one whenever another connection commits a change (SQLite)."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])
