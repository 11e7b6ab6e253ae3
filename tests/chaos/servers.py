"""A PostgreSQL and a Redis that a test may kill, in folders of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.up.running import free_port


class Cluster:
    """PostgreSQL with fsync on, as in production."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder / "cluster"
        self.url = f"postgres://tests@127.0.0.1:{self.port}/postgres"
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            pytest.skip("Debian's package postgresql is not here")
        self._bin = found[-1].parent
        # PostgreSQL refuses to run as root.
        self._as: list[str] = []
        self.folder.mkdir()
        if os.geteuid() == 0:
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres"]
            self._as.append("--clear-groups")
            for parent in [*folder.parents][:-2]:
                if parent != Path("/tmp"):
                    parent.chmod(parent.stat().st_mode | 0o711)
            folder.chmod(0o711)
            subprocess.run(["chown", "postgres", self.folder], check=True)
        self._do("initdb", "--username=tests", "--auth=trust", "--locale=C.UTF-8")

    def start(self) -> None:
        # Its output is a file's: a pipe would be held open by the server.
        self._do(
            "pg_ctl",
            "start",
            "--wait",
            f"--log={self.folder}/log",
            f"--options=-p {self.port} -h 127.0.0.1 -k {self.folder}",
        )

    def kill(self) -> None:
        """As the power would: no checkpoint, connections cut."""
        self._do("pg_ctl", "stop", "--mode=immediate", "--wait")

    def _do(self, program: str, *options: str) -> None:
        with (self.folder.parent / "cluster.log").open("a") as log:
            subprocess.run(
                [
                    *self._as,
                    self._bin / program,
                    f"--pgdata={self.folder}/data",
                    *options,
                ],
                cwd="/",
                stdout=log,
                stderr=log,
                check=True,
            )


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    made.start()
    with psycopg.connect(made.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    try:
        yield made
    finally:
        made.kill()


class Redis:
    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--dir", str(self._folder)),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while self.ask("ping") != "PONG":
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.05)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def ask(self, *words: str) -> str:
        done = subprocess.run(
            ["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True
        )
        return done.stdout.strip()


@contextmanager
def redis(folder: Path) -> Iterator[Redis]:
    made = Redis(folder)
    made.start()
    try:
        yield made
    finally:
        made.kill()
