"""Postfix's own measuring tools: `smtp-sink` takes every mail and forgets it,
`smtp-source` sends one ready message again and again (their manual pages)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .children import Failed, Run, ended, pin

# Debian's postfix puts them where only root looks for programs.
_ELSEWHERE = "/usr/sbin:/usr/local/sbin"
_BOOT = 10.0  # seconds until a sink must listen
_BACKLOG = 1000
SESSIONS = 10


class NoTools(Exception):
    """The tools are not installed; the text says what to do."""


def require_tools() -> None:
    """Raises NoTools where one is missing."""
    for name in ("smtp-sink", "smtp-source"):
        _find(name)


def _find(name: str) -> Path:
    own = os.environ.get("SMTP_TOOLS", "")
    folders = own or f"{os.environ.get('PATH', '')}:{_ELSEWHERE}"
    found = shutil.which(name, path=folders)
    if found is None:
        where = f"not in SMTP_TOOLS={own}" if own else "neither in PATH nor /usr/sbin"
        raise NoTools(
            f"{name} is needed, of Debian's package postfix, and is {where}. Install "
            "postfix, or unpack it (apt-get download postfix, dpkg-deb -x) and set "
            "SMTP_TOOLS to its usr/sbin."
        )
    return Path(found)


@contextmanager
def sinks(number: int, core: int | None) -> Iterator[list[int]]:
    """So many sinks on free ports of loopback, on that core; their ports. Raises
    Failed where one ends before the mails do."""
    with ExitStack() as running:
        yield [running.enter_context(_sink(core)) for _ in range(number)]


@contextmanager
def _sink(core: int | None) -> Iterator[int]:
    port = _free_port()
    words = [*_as_nobody(), f"127.0.0.1:{port}", str(_BACKLOG)]
    process = _started("smtp-sink", words)
    with ended(process):
        pin(process.pid, core)
        _await(port, process)
        try:
            yield port
        finally:
            if process.poll() is not None:
                raise Failed(f"smtp-sink ended too early ({process.returncode})")


def send(ports: Sequence[int], mails: int, octets: int, core: int | None) -> Run:
    """`smtp-source`, one for each port at once: `mails` among them, each a message of
    that size made once, by SESSIONS connections that stay. Raises Failed."""
    share, begin = max(1, mails // len(ports)), time.monotonic()
    with ExitStack() as running:
        sources = [
            running.enter_context(ended(_source(port, share, octets))) for port in ports
        ]
        for source in sources:
            pin(source.pid, core)
        spent = sum(map(_waited, sources))
    seconds, sent = time.monotonic() - begin, share * len(ports)
    if any(source.returncode for source in sources):
        raise Failed("smtp-source stopped; see above")
    return Run(sent / seconds, sent, spent * 1000 / sent)


def _source(port: int, mails: int, octets: int) -> subprocess.Popen[bytes]:
    words = ["-d", "-s", SESSIONS, "-m", mails, "-l", octets]
    words += ["-f", "digest@example.org", "-t", "reader@example.org"]
    return _started("smtp-source", [*words, f"127.0.0.1:{port}"])


def _started(name: str, words: Sequence[object]) -> subprocess.Popen[bytes]:
    tool = _find(name)
    # Of an unpacked package, the libraries beside the tools.
    libraries = [str(tool.parent.parent / "lib" / "postfix")]
    libraries += filter(None, [os.environ.get("LD_LIBRARY_PATH")])
    environment = os.environ | {"LD_LIBRARY_PATH": ":".join(libraries)}
    return subprocess.Popen(  # noqa: S603 - no shell
        [str(tool), *map(str, words)], env=environment
    )


def _waited(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU that it took, when it has ended."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _as_nobody() -> list[str]:
    return [] if os.geteuid() else ["-u", "nobody"]  # it refuses to be root


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _BOOT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise NoTools("smtp-sink does not listen; see above.") from None
            time.sleep(0.05)
        else:
            return
