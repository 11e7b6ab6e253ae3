"""Programs started together leave nothing behind."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from subscriptions.management.commands import up
from subscriptions.management.programs import Programs, asked_to_stop

STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(600)
"""


def test_a_program_that_will_not_end_is_killed_with_its_children(
    tmp_path: Path,
) -> None:
    note = tmp_path / "child"
    with Programs(patience=0.2) as programs:
        programs.start("x", [sys.executable, "-c", STUBBORN, str(note)], {})
        while not (note.exists() and note.read_text()):
            time.sleep(0.01)
        child = int(note.read_text())
        assert programs.ended() is None
    deadline = time.monotonic() + 20
    while is_running(child):  # killed, but the system may take a moment
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_program_that_ends_is_named_with_its_exit_code() -> None:
    with Programs() as programs:
        programs.start("y", [sys.executable, "-c", "raise SystemExit(3)"], {})
        while programs.ended() is None:
            time.sleep(0.01)
        assert programs.ended() == ("y", 3)


def test_what_a_program_prints_carries_its_name(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Programs() as programs:
        programs.start("z", [sys.executable, "-c", "print('hello')"], {})
        while programs.ended() is None:
            time.sleep(0.01)
    assert "z | hello" in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_stop_is_no_exception(number: int) -> None:
    before = signal.getsignal(number)
    with asked_to_stop() as asked:
        os.kill(os.getpid(), number)
        assert asked.wait(5)
    assert signal.getsignal(number) is before


def test_asked_at_once_it_raises_the_first_time_only() -> None:
    with asked_to_stop(at_once=True) as asked:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked.is_set()


def is_running(number: int) -> bool:
    """Not a zombie, whose parent is yet to ask for its exit code."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_what_comes_back_is_listened_for_only_where_it_is_set(settings: Any) -> None:
    assert up.listening() == {}
    settings.BOUNCE_LISTEN = ("127.0.0.1", 2526)
    assert up.listening() == {}
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"
    assert up.listening() == {"returns": ["manage", "returns", "--listen"]}
