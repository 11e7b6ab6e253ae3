"""Programs that run as one: started together, watched, stopped together."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import IO, Self

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Asked:
    """Whether somebody has asked to stop.

    No threading.Event: a signal may come while this thread has the lock of it, and to
    set it would then wait for ever.
    """

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float = math.inf) -> bool:
        """At most so long; whether it is set."""
        until = time.monotonic() + seconds
        while not self._is_set and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self._is_set


@contextlib.contextmanager
def asked_to_stop(at_once: bool = False) -> Iterator[Asked]:
    """Set by Ctrl-C, SIGTERM or a closed terminal, instead of a traceback.

    `at_once`: it raises KeyboardInterrupt too, the first time. Look whether it is set
    all the same: what is raised in a destructor, say, Python ignores.

    Explicitly: a shell starts its background jobs with SIGINT ignored.
    """
    asked = Asked()

    def ask(number: int, frame: FrameType | None) -> None:
        is_first = not asked.is_set()
        asked.set()
        if at_once and is_first:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in STOP_SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Programs:
    """A context of child processes; leaving it leaves none of them behind.

    Each child leads a session of its own, so that Ctrl-C reaches only us and a worker
    can finish what it holds. `patience`: seconds from the request to the kill.
    """

    def __init__(self, patience: float = 20.0) -> None:
        self.patience = patience
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self, name: str, command: list[str], environment: Mapping[str, str]
    ) -> None:
        child = subprocess.Popen(  # noqa: S603  our own programs, no shell
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._running[name] = child
        assert child.stdout is not None  # noqa: S101  we asked for a pipe
        reader = threading.Thread(target=_relay, args=(name, child.stdout), daemon=True)
        reader.start()
        self._readers.append(reader)

    def ended(self) -> tuple[str, int] | None:
        """The first program that is no longer running, and its exit code."""
        for name, child in self._running.items():
            if (code := child.poll()) is not None:
                return name, code
        return None

    def stop(self) -> None:
        """Ask every group to end, wait, then kill what is left of it."""
        for child in self._running.values():
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + self.patience
        for child in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            # The leader may be gone and children of its own still there.
            _signal_group(child, signal.SIGKILL)
            child.wait()
        for reader in self._readers:
            reader.join(1)
        self._running.clear()


def _signal_group(child: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _relay(name: str, lines: IO[str]) -> None:
    for line in lines:
        if not line.strip():
            continue
        # Our own reader may be gone; the program must still not block on its output.
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{name:>6} | {line}")
            sys.stderr.flush()
