"""The message around the parts: headers, MIME, CRLF."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from . import headers
from .mail import Envelope, Links

_PLAIN, _HTML = (
    b"Content-Type: text/%b; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" % kind
    for kind in (b"plain", b"html")
)


def message(
    address: str,
    subject: str,
    text: Sequence[bytes],
    html: Sequence[bytes],
    envelope: Envelope,
    links: Links,
    bulk: bool,
) -> bytes:
    """The whole mail: text first, then HTML where there is any; 7-bit, CRLF.

    `text` and `html` are coded pieces that end with CRLF. The same input gives the same
    bytes: the boundary comes from the Message-ID. Raises ValueError for what cannot be
    a header (see `headers.lines`).
    """
    head = headers.lines(address, subject, envelope, links, bulk)
    if not html:
        head += [_PLAIN]
        return b"".join([b"\r\n".join(head), *text])
    mark = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:24]
    # "=_" cannot occur in quoted-printable text, so no part can hold the boundary.
    between = b"--=_" + mark.encode()
    kind = b'multipart/alternative; boundary="' + between[2:] + b'"'
    head += [b"Content-Type: " + kind, b"", between, _PLAIN]
    # The line break before a boundary belongs to it (RFC 2046 section 5.1.1).
    middle = b"%b\r\n%b" % (between, _HTML)
    return b"".join([b"\r\n".join(head), *text, middle, *html, between, b"--\r\n"])
