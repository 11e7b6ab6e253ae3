"""Octets from the relay to replies (RFC 5321 section 4.2.1), however they are cut."""

from __future__ import annotations

import re
from typing import NamedTuple

from subscriptions.sending.outcome import cleaned, enhanced_status

_LINE, _REPLY = 512, 64 * 1024  # octets kept of a reply's line; read of a reply
_FORM = re.compile(rb"[2-5]\d\d(?:[ -]|\r?$)")


class Reply(NamedTuple):
    """`lines`: what stands behind the code in each of its lines."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> str:
        return b" ".join(self.lines).decode("utf-8", "replace")

    @property
    def status(self) -> str:
        """The enhanced status code, or ""."""
        return enhanced_status(self.text)

    def told(self, hide: str = "") -> str:
        """Code and text in one line that may be kept; without the address `hide`."""
        return cleaned(f"{self.code} {self.text}", hide=hide)


class Replies:
    """Replies of one connection. `fault`: why what follows cannot be read, or ""."""

    def __init__(self) -> None:
        self.fault = ""
        self._rest = bytearray()
        self._lines: list[bytes] = []
        self._size = 0

    def feed(self, octets: bytes) -> list[Reply]:
        """The replies that these octets complete, in order."""
        if self._rest:
            self._rest += octets
            octets = bytes(self._rest) if b"\n" in octets else b""
        *lines, rest = octets.split(b"\n")
        found: list[Reply] = []
        for line in lines:
            self._line(line, found)
            if self.fault:
                return found
        if lines or not self._rest:
            self._rest = bytearray(rest)
        if self._size + len(self._rest) > _REPLY:
            # The code is known; the rest is not waited for.
            self._line(b"%s %s" % (self._rest[:3], self._rest[4:]), found)
            self.fault = self.fault or "the relay's reply has no end"
        return found

    def forget(self) -> None:
        """Drop what was said, as after STARTTLS (RFC 3207 section 4.2)."""
        self._rest.clear()
        self._lines.clear()
        self._size = 0

    def _line(self, line: bytes, found: list[Reply]) -> None:
        if not _FORM.match(line):
            self.fault = "the relay answered something that is not SMTP"
            return
        if line[3:4] == b"-":
            self._size += len(line)
            if self._size <= _REPLY:
                self._lines.append(line[4:_LINE].rstrip(b"\r"))
                return
            self.fault = "the relay's reply has no end"
        lines = (*self._lines, line[4:_LINE].rstrip(b"\r"))
        self._lines.clear()
        self._size = 0
        found.append(Reply(int(line[:3]), lines))
