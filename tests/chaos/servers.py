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
    """PostgreSQL with fsync on, as in production. It listens on `host`, an address of
    this machine, and believes whoever comes from the 256 addresses around it."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, free_port()
        self.folder = folder / "cluster"
        self.url = f"postgres://tests@{host}:{self.port}/postgres"
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
        with (self.folder / "data" / "pg_hba.conf").open("a") as trusted:
            trusted.write(f"host all all {host}/24 trust\n")

    def start(self) -> None:
        # Its output is a file's: a pipe would be held open by the server.
        self._do(
            "pg_ctl",
            "start",
            "--wait",
            f"--log={self.folder}/log",
            f"--options=-p {self.port} -h {self.host} -k {self.folder}",
        )

    def database(self, name: str, like: str = "template1") -> str:
        """Make one, a copy of `like` that nobody uses now; its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return f"{self.url.rpartition('/')[0]}/{name}"

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
def cluster(folder: Path, host: str = "127.0.0.1") -> Iterator[Cluster]:
    made = Cluster(folder, host)
    made.start()
    with psycopg.connect(made.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    try:
        yield made
    finally:
        made.kill()


class Redis:
    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.host, self.port, self._folder = host, free_port(), folder
        self.url = f"redis://{host}:{self.port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                *("redis-server", "--port", str(self.port), "--bind", self.host),
                *("--save", "", "--dir", str(self._folder)),
                *("--protected-mode", "no"),
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
        asked = ["redis-cli", "-h", self.host, "-p", str(self.port), *words]
        done = subprocess.run(asked, capture_output=True, text=True)
        return done.stdout.strip()


@contextmanager
def redis(folder: Path, host: str = "127.0.0.1") -> Iterator[Redis]:
    made = Redis(folder, host)
    made.start()
    try:
        yield made
    finally:
        made.kill()
