"""Start the service as an operator does, in a folder and on ports of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .program import ROOT, Program

NOBODY = "http://127.0.0.1:9"  # no source answers there
# Seconds until something hangs: far more than it takes on a machine that is shared.
PATIENCE = 120


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def environment(var: Path, **settings: str) -> dict[str, str]:
    """A trial in `var` whose source is out of reach, on SQLite and the file queue."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "ENV_FILE": "",
        "DEBUG": "true",
        "VAR_DIR": str(var),
        "PUBLIC_URL": f"http://127.0.0.1:{free_port()}",
        "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",
        "SOURCES": "hf",
        "HF_BASE_URL": NOBODY,
        **settings,
    }


def manage(
    *arguments: str, settings: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` to its end."""
    with tempfile.TemporaryDirectory() as folder:
        log, out = Path(folder) / "log", Path(folder) / "out"
        program = Program(arguments, settings, log, out=out)
        code = program.wait(PATIENCE)
        return subprocess.CompletedProcess(
            arguments, code, program.answer, program.said
        )


class Up:
    """`manage.py up`, running, and what it printed; made once it printed `awaited`."""

    def __init__(self, settings: dict[str, str], log: Path, awaited: str) -> None:
        self.log = log
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=settings,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + PATIENCE
        while awaited not in self.printed:
            assert self.process.poll() is None, self.printed
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.05)

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def end(self, signal: int) -> int:
        """Its exit code after the signal."""
        self.process.send_signal(signal)
        return self.process.wait(PATIENCE)


@contextlib.contextmanager
def up(settings: dict[str, str], until: str = "is up") -> Iterator[Up]:
    running = Up(settings, Path(settings["VAR_DIR"]).parent / "up.log", until)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(PATIENCE)


def processes_in(var: Path) -> dict[int, str]:
    """The command lines, by process id, of all that runs with VAR_DIR at `var`."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
            if f"VAR_DIR={var}".encode() in (process / "environ").read_bytes().split(
                b"\0"
            ):
                line = (process / "cmdline").read_bytes()
                found[int(process.name)] = line.replace(b"\0", b" ").decode()
    return found
