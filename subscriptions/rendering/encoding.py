"""Quoted-printable (RFC 2045 section 6.7), so that coded pieces can be put together.

A coded piece begins at the start of a line and ends with CRLF, the soft break "=" CRLF
where its text ends within a line. So pieces that were coded once, each on its own, make
a body by being joined.

No two spaces and no tab stand in it, and no line ends with a space: relaxed
canonicalisation (RFC 6376 section 3.4.4) changes nothing, and DKIM can hash the body as
it is. No line starts with "." (SMTP would stuff it) or "From " (mboxes would).
"""

from __future__ import annotations

import re

_RAW = re.compile(rb"[^ !-<>-~]+|(?<= ) +")
# A break never splits "=XX". 72, so that a line whose first and last character must
# still be encoded stays within 76.
_CHUNK = re.compile(rb".{70,72}(?<!=)(?<!=.)(?=.)|.{1,72}", re.S)
# As many characters of an address stand on two lines as they are.
_TWO_LINES = 144


def coded(text: str) -> bytes:
    """`text`, to be followed by another piece."""
    if _is_plain(text):
        first, rest = text[:72], text[72:]
        if first[0] != "." and rest[:1] != ".":
            broken = f"{first}=\r\n{rest}=\r\n" if rest else f"{first}=\r\n"
            return broken.encode()
    if not text:
        return b""
    if text[-1] == "\n":
        return quoted_printable(text[:-1]) + b"\r\n"
    return quoted_printable(text) + b"=\r\n"


def _is_plain(text: str) -> bool:
    """Are these [!-<>-~], and few enough? Most addresses are, a dozen in each mail; a
    regular expression takes ten times as long over one."""
    return (
        0 < len(text) <= _TWO_LINES
        and text.isascii()
        and text.isprintable()
        and " " not in text
        and "=" not in text
    )


def quoted_printable(text: str) -> bytes:
    """`text` in lines of at most 76 characters, CRLF between them."""
    return b"\r\n".join(
        line for raw in text.split("\n") for line in _lines(raw.encode())
    )


def _lines(raw: bytes) -> list[bytes]:
    code = _RAW.sub(_escaped, raw)
    if code[-1:] == b" ":
        code = code[:-1] + b"=20"
    chunks = _CHUNK.findall(code) or [b""]
    for at, chunk in enumerate(chunks):
        if chunk[:1] == b"." or chunk[:5] == b"From ":
            chunks[at] = b"=%02X" % chunk[0] + chunk[1:]
    return [chunk + b"=" for chunk in chunks[:-1]] + chunks[-1:]


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"=" + match[0].hex("=").upper().encode()
