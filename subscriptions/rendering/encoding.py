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
from binascii import b2a_qp
from collections.abc import Sequence

_SPACES = re.compile(rb"(?<= ) +")
# A break never splits "=XX". 72, so that a line whose first and last character must
# still be encoded stays within 76.
_CHUNK = re.compile(rb".{70,72}(?<!=)(?<!=.)(?=.)|.{1,72}", re.S)
_AS_IT_IS = bytes(range(33, 61)) + bytes(range(62, 127))
# As many characters of an address stand on two lines as they are.
_LINE, _TWO_LINES = 72, 144


def coded(text: str) -> bytes:
    """`text`, to be followed by another piece."""
    if not text:
        return b""
    if len(text) <= _TWO_LINES and (plain := _plain([text])):
        return plain[0]
    if text[-1] == "\n":
        return quoted_printable(text[:-1]) + b"\r\n"
    return quoted_printable(text) + b"=\r\n"


def coded_each(texts: Sequence[str]) -> list[bytes]:
    """`coded` of each, looked at together: the dozen and more addresses of a mail."""
    if all(texts) and max(map(len, texts)) <= _TWO_LINES and (plain := _plain(texts)):
        return plain
    return [coded(text) for text in texts]


def _plain(texts: Sequence[str]) -> list[bytes]:
    """In one line or two with soft breaks, if all characters are [!-<>-~]; else []."""
    whole = "".join(texts)
    # Of the ways to ask for that, to delete them is by far the fastest: 0.5 ns a
    # character, isprintable() takes 2, a regular expression 4.
    if not whole.isascii() or whole.encode().translate(None, _AS_IT_IS):
        return []
    lines = [
        f"{text[:_LINE]}=\r\n{text[_LINE:]}=\r\n"
        if len(text) > _LINE
        else f"{text}=\r\n"
        for text in texts
    ]
    if "=\r\n." in "".join(["=\r\n", *lines]):
        return []
    return [each.encode() for each in lines]


def quoted_printable(text: str) -> bytes:
    """`text` in lines of at most 76 characters, CRLF between them."""
    return b"\r\n".join([_lines(raw.encode()) for raw in text.split("\n")])


def _lines(raw: bytes) -> bytes:
    """What is one line of text, with as many soft breaks as it needs."""
    # The standard library codes four times as fast as a regular expression. As if more
    # followed, and without its soft breaks: where they go is for the pieces to say.
    code = b2a_qp(raw + b"-", istext=False).replace(b"=\n", b"")[:-1]
    code = code.replace(b"\t", b"=09")
    if b"  " in code:
        code = _SPACES.sub(_escaped, code)
    if code[-1:] == b" ":
        code = code[:-1] + b"=20"
    chunks = _CHUNK.findall(code)
    for at, chunk in enumerate(chunks):
        if chunk.startswith((b".", b"From ")):
            chunks[at] = b"=%02X" % chunk[0] + chunk[1:]
    return b"=\r\n".join(chunks)


def _escaped(match: re.Match[bytes]) -> bytes:
    return b"=" + match[0].hex("=").upper().encode()
