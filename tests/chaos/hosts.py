"""Hosts on this machine, and cables that can be pulled.

    with hosts("namespaces", ["ash", "birch"]) as network:
        with redis(folder, network.address): ...
        network.hosts[0].start(("celery", ...), settings, log)
        network.hosts[0].unplug()

Each has a network namespace and a UTS namespace, so an interface and a host name of
its own, and reaches nothing but the bridge that all are plugged into. Its processes
see the disk of this machine: which `VAR_DIR` is whose, the settings say.

"processes" is for where a container refuses namespaces: what tells hosts apart for a
sender is `VAR_DIR` and nothing else, so three processes with three of them are three
hosts to one another. All have this machine's name, and one whose cable is pulled is
stopped, which looks the same from outside.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.up.program import Program

_APART = ("unshare", "--net", "--uts", "sh", "-c")
_TRIED = (
    "hostname tried && ip link add bridge0 type bridge &&"
    " ip link add cable0 type veth peer name cable1"
)


def kinds() -> list[str]:
    """What this machine can do; where it can do both, the second by --chaos only."""
    if not _may_have_namespaces():
        return ["processes"]
    also = ["processes"] if os.environ.get("TEST_CHAOS") else []
    return ["namespaces", *also]


def _may_have_namespaces() -> bool:
    """Whether one can be made, with links in it; it is gone with the process."""
    try:
        done = subprocess.run([*_APART, _TRIED], capture_output=True)
        return done.returncode == 0
    except FileNotFoundError:
        return False


@dataclass
class Host:
    name: str
    anchor: int | None = None  # the process that holds its namespaces
    cable: str = ""  # the end of it that is in the bridge
    programs: list[Program] = field(default_factory=list)

    def start(
        self, command: tuple[str, ...], settings: dict[str, str], log: Path
    ) -> Program:
        program = Program(command, settings, log, host=self.anchor)
        self.programs.append(program)
        return program

    def unplug(self) -> None:
        if self.cable:
            _do("ip", "link", "set", self.cable, "down")
            return
        for program in self.programs:
            program.send_signal(signal.SIGSTOP)

    def plug(self) -> None:
        if self.cable:
            _do("ip", "link", "set", self.cable, "up")

    def kill(self) -> None:
        """kill -9 of all that runs on it."""
        for program in self.programs:
            program.send_signal(signal.SIGKILL)
        for program in self.programs:
            program.wait(30)


@dataclass
class Network:
    address: str  # of this machine, where the hosts can reach it
    hosts: list[Host]
    has_names: bool  # whether each host has one of its own


@contextmanager
def hosts(kind: str, names: Sequence[str]) -> Iterator[Network]:
    """Hosts of these names on a network of their own; all of it is gone afterwards."""
    with ExitStack() as stack:
        if kind == "namespaces":
            network = _bridged(names, stack)
        else:
            network = Network("127.0.0.1", [Host(name) for name in names], False)
        for host in network.hosts:
            stack.callback(host.kill)
        yield network


def _bridged(names: Sequence[str], stack: ExitStack) -> Network:
    bridge = f"pr{os.getpid()}"
    # 198.18.0.0/15 is for tests of networks (RFC 2544, appendix C.2.2).
    net = f"198.18.{os.getpid() % 256}"
    _do("ip", "link", "add", bridge, "type", "bridge")
    stack.callback(_do, "ip", "link", "delete", bridge)
    _do("ip", "address", "add", f"{net}.1/24", "dev", bridge)
    _do("ip", "link", "set", bridge, "up")
    made = []
    for number, name in enumerate(names):
        host = Host(name, _anchor(name, stack), f"{bridge}.{number}")
        _plugged(host, bridge, f"{net}.{number + 11}/24", stack)
        made.append(host)
    return Network(f"{net}.1", made, True)


def _anchor(name: str, stack: ExitStack) -> int:
    """A process in namespaces of its own, which are gone when it is; it ends when its
    input does, so with this one at the latest."""
    process = stack.enter_context(
        subprocess.Popen(
            [*_APART, f"hostname {name} && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"here\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"here\n"
    return process.pid


def _plugged(host: Host, bridge: str, address: str, stack: ExitStack) -> None:
    pid = str(host.anchor)
    peer = ("type", "veth", "peer", "name", "eth0", "netns", pid)
    _do("ip", "link", "add", host.cable, *peer)
    stack.callback(_do, "ip", "link", "delete", host.cable)
    _do("ip", "link", "set", host.cable, "master", bridge, "up")
    inside = ("nsenter", f"--target={pid}", "--net", "ip")
    _do(*inside, "address", "add", address, "dev", "eth0")
    _do(*inside, "link", "set", "eth0", "up")
    _do(*inside, "link", "set", "lo", "up")


def _do(*command: str) -> None:
    subprocess.run(command, check=True)
