"""Processes that are measured: started, held until all are ready, waited for.

A child is a Python process of its own, with settings of its own (`roles`). It imports
all it needs and says so; its clock runs from the word to go, so that starting a process
is in no figure. `time.monotonic` is one clock for all processes of a machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, connection

Process = TypeVar("Process", subprocess.Popen[bytes], subprocess.Popen[str])

# `django.setup` before anything of ours: models need it.
_START = (
    "import django, sys; django.setup(); "
    "from subscriptions.benchmarks.send import roles; roles.play(*sys.argv[1:])"
)
_LOOK = 0.2  # seconds between looks for new backends of the database


class Failed(Exception):
    """A child stopped or did something else than was to be measured."""


@dataclass(frozen=True, slots=True)
class Child:
    """A role, what it is given, and the settings it has besides ours."""

    role: str
    given: Sequence[object]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """What children that went together did, from the first's begin to the last's end.

    `cpu_ms` of the children for one mail, user and system; `rss_mb` the largest one's
    peak; `pinned`: the database's backends were brought to their core.
    """

    per_s: float
    mails: int
    cpu_ms: float
    rss_mb: float = 0.0
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Cores:
    """Where senders run, and where sinks and the database do; None: anywhere."""

    sender: int | None = None
    others: int | None = None


def two_apart() -> Cores:
    """The first core for the sender, the second for the rest; anywhere on one core."""
    first, *more = sorted(os.sched_getaffinity(0))
    return Cores(first, more[0]) if more else Cores()


def pin(pid: int, core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(pid, {core})


@contextmanager
def ended(process: Process) -> Iterator[Process]:
    """The process; it is stopped on the way out if it has not ended."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait()


def together(children: Sequence[Child], cores: Cores) -> Run:
    """Start them, let them begin at once, wait for all. Raises Failed."""
    with ExitStack() as running:
        processes = [
            running.enter_context(ended(_start(child, cores))) for child in children
        ]
        for process in processes:
            if _said(process) != "ready\n":
                raise Failed("a sender did not start; see above")
        for process in processes:
            _tell(process, "go\n")
        pinned = _wait(processes, cores.others)
        told = [json.loads(_said(process) or "null") for process in processes]
    if None in told:
        raise Failed("a sender stopped; see above")
    mails = sum(each["mails"] for each in told)
    seconds = max(each["end"] for each in told) - min(each["begin"] for each in told)
    return Run(
        per_s=mails / seconds,
        mails=mails,
        cpu_ms=sum(each["cpu"] for each in told) * 1000 / max(mails, 1),
        rss_mb=max(each["rss_mb"] for each in told),
        pinned=pinned,
    )


def _start(child: Child, cores: Cores) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603 - this Python, no shell
        [sys.executable, "-c", _START, child.role, *map(str, child.given)],
        env=os.environ | child.environment,
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pin(process.pid, cores.sender)
    return process


def _said(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline() if process.stdout else ""


def _tell(process: subprocess.Popen[str], line: str) -> None:
    if process.stdin:
        process.stdin.write(line)
        process.stdin.flush()


def _wait(processes: Sequence[subprocess.Popen[str]], core: int | None) -> bool:
    """Until all have ended; meanwhile the database's backends go to `core`, those too
    that come while it sends. True if it found any and may move them."""
    pinned = False
    while any(process.poll() is None for process in processes):
        if core is not None:
            pinned = _pin_backends(core) or pinned
        time.sleep(_LOOK)
    return pinned


def _pin_backends(core: int) -> bool:
    """PostgreSQL's processes that serve our own database, where they run here and
    belong to us or we are root; others are left alone."""
    if connection.vendor != "postgresql":
        return False
    ask = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    try:
        with connection.cursor() as cursor:
            cursor.execute(ask)
            pids = [int(pid) for (pid,) in cursor.fetchall() if pid]
        here = [pid for pid in pids if _is_postgres(pid)]
        for pid in here:
            pin(pid, core)
    except (OSError, DatabaseError):
        return False
    return bool(here)


def _is_postgres(pid: int) -> bool:
    """Whether this machine has such a process: the server may run on another."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().startswith("postgres")
    except OSError:
        return False
