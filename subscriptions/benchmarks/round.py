"""`bench round`: a whole round, from papers to the relay's last reply.

For a database of one's own: readers, filters and an edition are invented in it. What is
measured are the service's own commands as processes of their own: one `compose`, then
as many `send` as asked for, each to its own mail server on loopback, every mail signed
with an RSA key of 2048 bits.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from subscriptions.models import Delivery

from . import sinks
from .mix import DAY, Mix
from .send import machine
from .stored import store, tidy
from .subscribers import subscribe

_Say = Callable[[str], object]
State = Delivery.State
_TELL_EVERY = 10.0  # seconds
# Invented readers were never mailed: 200 would go first, the others half an hour later.
_AT_ONCE = {"CANARY": "0"}


class Stopped(Exception):
    """A command of the round failed; its own words are above."""


def measure(
    subscribers: int, filters: int, papers: int, processes: int, say: _Say
) -> dict[str, Any]:
    """Seconds of wall clock, counts, and the memory of the largest process.

    `compose_s` includes the start of its process and compiling all filters, `send_s`
    the start of its own. `lost`: readers without a delivery in a final state, and mails
    that the ledger calls sent and no sink took; `duplicates`: mails that the sinks took
    beyond those, by Message-ID where the sink knows them. Raises Stopped.
    """
    folder, program = Path(settings.VAR_DIR), sinks.smtp_sink()
    if program is None:
        say(
            "smtp-sink is not here (Debian's package "
            f"{sinks.PACKAGE}); mails go to a slower sink of our own"
        )
    begin = time.perf_counter()
    _invent(subscribers, filters, papers, say)
    invented = time.perf_counter() - begin
    say(f"composing for {subscribers:,} readers")
    compose_s, _ = _run([_command("compose", **_AT_ONCE)], say)
    digests = Delivery.objects.filter(state=State.PENDING).count()
    say(f"sending {digests:,} digests by {processes} processes")
    signing = _signing(folder)
    with sinks.started(processes, folder, program) as servers:
        urls = [f"smtp://127.0.0.1:{server.port}" for server in servers]
        sends = [_command("send", EMAIL_URL=url, **signing, **_AT_ONCE) for url in urls]
        send_s, answers = _run(sends, say)
        taken = [server.stop() for server in servers]
    return {
        "engine": connection.display_name,
        "sink": "smtp-sink" if program else "own",
        "readers": subscribers,
        "filters": filters,
        "papers": papers,
        "processes": processes,
        "digests": digests,
        "invent_s": invented,
        "compose_s": compose_s,
        "send_s": send_s,
        "seconds": compose_s + send_s,
        "compose_ms": 1000 * compose_s / subscribers,
        "digests_per_s": digests / send_s,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        **_balance(subscribers, sum(each["sent"] for each in answers), taken),
    }


def _invent(subscribers: int, filters: int, papers: int, say: _Say) -> None:
    mix = Mix()
    say(f"inventing {papers:,} papers, {filters:,} filters, {subscribers:,} readers")
    store(mix.papers(papers))
    subscribe(mix, subscribers, filters, say)
    tidy()


def _balance(
    readers: int, sent: int, taken: Sequence[tuple[int, int | None]]
) -> dict[str, int]:
    """What the ledger says against what the sinks counted, who do not ask it."""
    ended = Delivery.objects.exclude(state__in=Delivery.WAITING).count()
    called_sent = Delivery.objects.filter(state=State.SENT).count()
    messages = sum(number for number, _ in taken)
    repeated = [again for _, again in taken if again is not None]
    # Those of sinks that know no Message-ID: more than the ledger knows of.
    twice = sum(repeated) if len(repeated) == len(taken) else messages - called_sent
    return {
        "sent": sent,
        "taken": messages,
        "lost": readers - ended + max(0, called_sent - messages),
        "duplicates": max(0, twice),
    }


def _signing(folder: Path) -> dict[str, str]:
    """A key of the strength that is usual, for the sender's domain."""
    return {
        "DKIM_DOMAIN": settings.EMAIL_FROM.rpartition("@")[2].rstrip(">"),
        "DKIM_SELECTOR": "bench",
        "DKIM_KEY_FILE": str(machine.key(folder)),
    }


# --- the service's own commands -------------------------------------------------------
def _command(name: str, **environment: str) -> subprocess.Popen[str]:
    """`manage.py <name>` for the day, begun."""
    words = [sys.executable, str(settings.BASE_DIR / "manage.py"), name]
    return subprocess.Popen(  # noqa: S603 - our own command, no shell
        [*words, f"--day={DAY}", "--json"],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def _run(
    running: Sequence[subprocess.Popen[str]], say: _Say
) -> tuple[float, list[dict[str, Any]]]:
    """Seconds until all have ended, and what each answered."""
    begin = time.perf_counter()
    try:
        while any(each.poll() is None for each in running):
            try:
                next(each for each in running if each.poll() is None).wait(_TELL_EVERY)
            except subprocess.TimeoutExpired:
                say(_progress(time.perf_counter() - begin))
    finally:
        for each in running:
            each.kill()
    seconds = time.perf_counter() - begin
    said = [each.communicate()[0] for each in running]
    if any(each.returncode for each in running):
        raise Stopped("a command of the round failed")
    return seconds, [json.loads(each) for each in said]


def _progress(seconds: float) -> str:
    rows = Delivery.objects.count()
    left = Delivery.objects.filter(state=State.PENDING).count()
    return f"{seconds:.0f} s: {rows:,} deliveries, {left:,} of them still to send"
