"""What one sender has in hand, on its own disk: what a kill leaves in doubt.

A sender holds `flock` on VAR_DIR/senders/<owner>.journal as long as it lives; the
kernel lets go of it however the process ends. It notes there what it is about to do
and what came of it, a line each:

    <CRC-32 of the rest> <what> <mail> ...

H names the boot of the machine. P: this mail's batch is being prepared; R: it is, and
waits for its turn; O: all of it is offered from now on; M: its bytes are being made;
B: its final dot is about to be written; E: its outcome. A torn line has a wrong sum and
counts for nothing. When the batch is in the database the file is cut back to its first
line.

A line is in the system's hands when `write` returns, so a killed process loses none.
Only a power cut may lose lines: hence one fdatasync where a batch is complete, before
any of it is offered, so that the disk knows at least which mails it may be, and the
name of the boot, by which `senders` sees that lines may be missing. One sync for each
mail would cost more than sending it.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from subscriptions.crashpoint import crashpoint
from subscriptions.models import Delivery, Letter
from subscriptions.sending.ledger.attempts import Lease
from subscriptions.sending.ledger.statements import Model
from subscriptions.sending.outcome import JournalFull, Outcome

SUFFIX = ".journal"
_MODELS: dict[str, Model] = {"D": Delivery, "L": Letter}
_LETTERS: dict[Model, str] = {Delivery: "D", Letter: "L"}


class Journal:
    """One sender's file, open and locked. `owner` names the sender."""

    def __init__(self, folder: Path, owner: str) -> None:
        self.owner = owner
        self._path = folder / f"{owner}{SUFFIX}"
        # Locked before it has the name that `senders` looks for: the lock stays.
        unseen = self._path.with_suffix(".new")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._file = os.open(unseen, flags, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._head = os.write(self._file, _line("H", boot()))
        unseen.rename(self._path)

    def preparing(self, leases: Iterable[Lease]) -> None:
        self._write(*(_line("P", spelled(lease)) for lease in leases))
        crashpoint("prepare.journalled")

    def ready(self) -> None:
        """What is read of a batch is read; it waits for its turn."""
        self._write(_line("R", ""))

    def prepared(self) -> None:
        self._write(_line("O", ""))
        os.fdatasync(self._file)

    def making(self, lease: Lease) -> None:
        self._write(_line("M", spelled(lease)))

    def begun(self, lease: Lease) -> None:
        crashpoint("journal.begun")
        self._write(_line("B", spelled(lease)))
        crashpoint("journal.written")

    def ended(self, lease: Lease, outcome: Outcome) -> None:
        told = json.dumps((outcome.kind, outcome.stage, outcome.reply, outcome.status))
        self._write(_line("E", f"{spelled(lease)} {told}"))
        crashpoint("journal.ended")

    def renew(self) -> None:
        """What is in it is in the database now."""
        os.ftruncate(self._file, self._head)
        crashpoint("journal.renewed")

    def close(self, finished: bool) -> None:
        """Let go of it; unless `finished` it stays, as leases may have."""
        if finished:
            self._path.unlink(missing_ok=True)
        os.close(self._file)

    def _write(self, *lines: bytes) -> None:
        octets = b"".join(lines)
        try:
            is_whole = os.write(self._file, octets) == len(octets)
        except OSError as error:
            raise JournalFull(f"{self._path.parent}: {error.strerror}") from error
        if not is_whole:
            raise JournalFull(f"the disk of {self._path.parent} is full")


@dataclass
class Told:
    """What a journal says. `ready`: the batch was prepared; `offered`: and offered."""

    boot: str = ""
    batch: list[Lease] = field(default_factory=list)
    ready: bool = False
    offered: bool = False
    making: set[Lease] = field(default_factory=set)
    begun: set[Lease] = field(default_factory=set)
    ended: dict[Lease, Outcome] = field(default_factory=dict)

    @property
    def doubtful(self) -> set[Lease]:
        """Begun, and no outcome known. After another boot lines may be missing: then
        any mail that was offered may have been begun."""
        rebooted = self.offered and self.boot != boot()
        return (set(self.batch) if rebooted else self.begun) - set(self.ended)

    @property
    def in_hand(self) -> set[Lease]:
        """What its sender was at work on, and had not begun."""
        at_work = self.making if self.ready else set(self.batch)
        return at_work - self.doubtful - set(self.ended)


def read(path: Path) -> Told:
    """What the journal says, as far as its lines are whole."""
    told = Told()
    for line in path.read_bytes().split(b"\n"):
        what, _, rest = _checked(line).partition(" ")
        words, _, more = rest.partition(" ")
        if what == "H":
            told.boot = rest
        elif what == "P":
            told.batch.append(_lease(words))
        elif what == "R":
            told.ready = True
        elif what == "O":
            told.ready = told.offered = True
        elif what == "M":
            told.making.add(_lease(words))
        elif what == "B":
            told.begun.add(_lease(words))
        elif what == "E":
            told.ended[_lease(words)] = Outcome(*json.loads(more))
    return told


def boot() -> str:
    """A name of this machine's present boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def spelled(lease: Lease) -> str:
    """A lease in one word."""
    return (
        f"{_LETTERS[lease.model]}:{lease.id}:{lease.token}:{lease.subscriber_id}"
        f":{lease.attempts}:{lease.again:d}"
    )


def _lease(word: str) -> Lease:
    letter, pk, token, reader, attempts, again = word.split(":")
    numbers = int(reader), int(attempts), again == "1"
    return Lease(_MODELS[letter], int(pk), token, *numbers)


def _line(what: str, rest: str) -> bytes:
    text = f"{what} {rest}".encode()
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _checked(line: bytes) -> str:
    """The line without its sum, "" where that is wrong."""
    total, _, text = line.partition(b" ")
    whole = total == b"%08x" % zlib.crc32(text)
    return text.decode() if whole else ""
