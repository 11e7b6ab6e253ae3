"""The message around the parts: MIME, transfer encoding, CRLF."""

from __future__ import annotations

import hashlib
import re

from . import dkim, headers
from .mail import Envelope, Links

# RFC 2045 section 6.7: what must be encoded; and white space that DKIM's relaxed form
# would change, a tab and all but the first of several spaces (RFC 6376 section 3.4.4).
_RAW = re.compile(rb"[^ !-<>-~]|(?<= ) ")
# A break never splits "=XX". 72, so that a line whose first and last character must
# still be encoded stays within 76.
_CHUNK = re.compile(rb".{70,72}(?<!=)(?<!=.)(?=.)|.{1,72}", re.S)
_HEX = {bytes([byte]): b"=%02X" % byte for byte in range(256)}


def message(
    address: str,
    subject: str,
    text: str,
    html: str,
    envelope: Envelope,
    links: Links,
    bulk: bool,
) -> bytes:
    """The whole mail: text first, then HTML where there is any; 7-bit, CRLF.

    The same input gives the same bytes: the boundary comes from the Message-ID.
    Raises ValueError for what cannot be a header (see `headers.lines`).
    """
    head = headers.lines(address, subject, envelope, links, bulk)
    if not html:
        *types, _, plain = _part(text, "plain")
        return _signed([*head, *types], plain.rstrip(b"\r\n") + b"\r\n")
    mark = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:24]
    # "=_" cannot occur in quoted-printable text, so no part can hold the boundary.
    boundary = b"=_" + mark.encode()
    head.append(b'Content-Type: multipart/alternative; boundary="' + boundary + b'"')
    body = [
        b"--" + boundary,
        *_part(text, "plain"),
        b"--" + boundary,
        *_part(html, "html"),
        b"--" + boundary + b"--",
        b"",
    ]
    return _signed(head, b"\r\n".join(body))


def _signed(head: list[bytes], body: bytes) -> bytes:
    """The message, under the signatures of this installation's keys if it has any."""
    signer = dkim.signer()
    signatures = signer.sign(head, body) if signer else []
    return b"\r\n".join([*signatures, *head, b"", body])


def quoted_printable(text: str) -> bytes:
    """`text` in lines of at most 76 characters, CRLF (RFC 2045 section 6.7).

    No line starts with "." (SMTP would stuff it) or "From " (mboxes would).
    """
    return b"\r\n".join(
        line for raw in text.split("\n") for line in _lines(raw.encode())
    )


def _part(text: str, subtype: str) -> list[bytes]:
    return [
        b"Content-Type: text/" + subtype.encode() + b"; charset=utf-8",
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        quoted_printable(text),
    ]


def _lines(raw: bytes) -> list[bytes]:
    coded = _RAW.sub(lambda m: _HEX[m[0]], raw)
    if coded[-1:] in (b" ", b"\t"):
        coded = coded[:-1] + _HEX[coded[-1:]]
    chunks = _CHUNK.findall(coded) or [b""]
    for at, chunk in enumerate(chunks):
        if chunk[:1] == b"." or chunk[:5] == b"From ":
            chunks[at] = _HEX[chunk[:1]] + chunk[1:]
    return [chunk + b"=" for chunk in chunks[:-1]] + chunks[-1:]
