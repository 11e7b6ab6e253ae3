"""A Maildir or an mbox that a mail server fills with what comes back.

It must be for that alone. What was understood is deleted: nobody keeps it but as an
event. What was refused is marked as read and stays for a week, for the operator to look
at. A crash leaves a mail to be taken again, which then changes nothing.
"""

from __future__ import annotations

import logging
import mailbox
import math
import re
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from .opening import LOOKED_AT
from .taking import Taken, take

_KEPT = 7 * 24 * 3600  # seconds
_READ = re.compile(rb"^(?i:status):[^\n]*R", re.MULTILINE)
log = logging.getLogger(__name__)


def collect(path: Path, until: float = math.inf) -> Counter[str]:
    """Take what is new there until the monotonic `until`; how many of each type.

    "refused" are those that changed nothing. Raises FileNotFoundError where there is no
    such folder or file.
    """
    if path.is_dir():
        return _collect_maildir(path, until)
    if not path.is_file():
        raise FileNotFoundError(f"BOUNCE_MAILBOX is {str(path)!r}; nothing is there.")
    return _collect_mbox(path, until)


def _collect_maildir(path: Path, until: float) -> Counter[str]:
    counts: Counter[str] = Counter()
    for folder in (path / "new", path / "cur"):
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            if time.monotonic() >= until:
                return counts
            if _is_seen(file):
                _drop_if_old(file)
            elif (raw := _read(file)) is not None:
                taken = take(raw)
                counts[_name(taken)] += 1
                with suppress(FileNotFoundError):  # another worker was faster
                    _put_away(file, path, taken)
    return counts


def _read(file: Path) -> bytes | None:
    """None of what is no file, is gone, or cannot be read: the others are not to wait
    for it."""
    if not file.is_file():
        return None
    try:
        with file.open("rb") as mail:
            return mail.read(LOOKED_AT)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.error("a mail in BOUNCE_MAILBOX cannot be read: %s", error.strerror)
        return None


def _put_away(file: Path, path: Path, taken: Taken) -> None:
    if not taken.why:
        return file.unlink()
    seen = path / "cur" / f"{file.name.partition(':')[0]}:2,S"
    seen.parent.mkdir(exist_ok=True)
    file.rename(seen)
    return None


def _collect_mbox(path: Path, until: float) -> Counter[str]:
    counts: Counter[str] = Counter()
    box = mailbox.mbox(path, create=False)
    try:
        box.lock()
    except mailbox.ExternalClashError:  # the mail server has it; the next bell asks
        return counts
    try:
        for key in list(box.keys()):
            if time.monotonic() >= until:
                break
            if taken := _take_from(box, key):
                counts[_name(taken)] += 1
        box.flush()
    finally:
        box.unlock()
        box.close()
    return counts


def _take_from(box: mailbox.mbox, key: str) -> Taken | None:
    """None of a mail that was refused before. Bytes only: the library's own messages
    are parsed without bounds, and many cannot be written again."""
    with box.get_file(key, from_=True) as mail:
        separator, raw = mail.readline(), mail.read(LOOKED_AT)
    if _READ.search(raw.partition(b"\n\n")[0]):
        if time.time() - _came(separator) > _KEPT:
            box.discard(key)
        return None
    taken = take(raw)
    if taken.why:
        rest = box.get_bytes(key)
        box[key] = separator.rstrip(b"\r\n") + b"\nStatus: RO\n" + rest
    else:
        box.discard(key)
    return taken


def _came(separator: bytes) -> float:
    """When the mail server says a mail came, in its `From address Tue Jul  7 08:00:00
    2026`; else now."""
    try:
        return time.mktime(time.strptime(separator.decode().strip()[-24:]))
    except ValueError:
        return time.time()


def _name(taken: Taken) -> str:
    return "refused" if taken.why else taken.type


def _is_seen(file: Path) -> bool:
    return "S" in file.name.partition(":2,")[2]


def _drop_if_old(file: Path) -> None:
    with suppress(FileNotFoundError):
        if time.time() - file.stat().st_mtime > _KEPT:
            file.unlink()
