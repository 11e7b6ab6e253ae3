"""Mail servers for measuring, started and stopped here: Postfix's `smtp-sink` where
this machine has it, else one of our own, slower."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from django.conf import settings

PACKAGE = "postfix"  # Debian's, which has smtp-sink
_BOOT = 20.0  # seconds one may take to answer
_SEEN = re.compile(rb"mesg=(\d+)")


class Sink(Protocol):
    """`stop` ends it and returns how many messages it took, and how many of those had a
    Message-ID that it had seen; None: it does not know."""

    port: int

    def stop(self) -> tuple[int, int | None]: ...


class _SmtpSink:
    """It counts sessions and messages on its output (-c), and keeps nothing."""

    def __init__(self, program: str, folder: Path) -> None:
        self.port = _free_port()
        self._counts = folder / f"sink-{self.port}.counts"
        words = [program, "-c", "-8"]
        if os.geteuid() == 0:  # then it wants to become somebody else
            words += ["-u", "nobody"]
        with self._counts.open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - no shell
                [*words, f"inet:127.0.0.1:{self.port}", "100"], stdout=out
            )
        _wait_for(self.port)

    def stop(self) -> tuple[int, int | None]:
        self._process.terminate()
        self._process.wait()
        with self._counts.open("rb") as counts:
            counts.seek(max(0, self._counts.stat().st_size - 200))
            seen = _SEEN.findall(counts.read())
        return (int(seen[-1]) if seen else 0), None


class _OwnSink:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "subscriptions.benchmarks.sink"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout  # noqa: S101
        self.port = int(self._process.stdout.readline())

    def stop(self) -> tuple[int, int | None]:
        said, _ = self._process.communicate()
        messages, different = map(int, said.split())
        return messages, messages - different


def smtp_sink() -> str | None:
    """The program, in PATH or where Debian puts it; None: it is not installed."""
    return shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")


@contextmanager
def started(number: int, folder: Path, program: str | None) -> Iterator[list[Sink]]:
    """So many of them: `program`, or our own for None. Whoever is not stopped by then
    is stopped at the end."""
    with ExitStack() as running:
        sinks: list[Sink] = []
        for _ in range(number):
            sink = _SmtpSink(program, folder) if program else _OwnSink()
            running.callback(sink._process.kill)
            sinks.append(sink)
        yield sinks


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + _BOOT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=_BOOT).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
