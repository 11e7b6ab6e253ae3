"""The message around the parts: headers, signatures, MIME, CRLF."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from . import dkim, headers
from .mail import Envelope, Links

_PLAIN, _HTML = (
    b"Content-Type: text/%b; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable" % kind
    for kind in (b"plain", b"html")
)
_EMPTY = b"\r\n\r\n"  # the end of a line, and an empty one


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

    `text` and `html` are coded pieces that end with a whole line. The same input gives
    the same bytes: the boundary comes from the Message-ID. Raises ValueError for what
    cannot be a header (see `headers.lines`).
    """
    head = headers.lines(address, subject, envelope, links, bulk)
    if not html:
        return _signed([*head, _PLAIN], text)
    mark = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:24]
    # "=_" cannot occur in quoted-printable text, so no part can hold the boundary.
    boundary = b"=_" + mark.encode()
    kind = b'Content-Type: multipart/alternative; boundary="%b"' % boundary
    # The line break before a boundary belongs to it (RFC 2046 section 5.1.1).
    begin = b"--%b\r\n" % boundary
    end = b"--%b--\r\n" % boundary
    parts = [begin, _PLAIN, _EMPTY, *text, begin, _HTML, _EMPTY, *html, end]
    return _signed([*head, kind], parts)


def _signed(head: list[bytes], body: Sequence[bytes]) -> bytes:
    """The message, under the signatures of this installation's keys if it has any."""
    if signer := dkim.signer():
        whole = b"".join(body)
        head, body = signer.sign(head, whole) + head, [whole]
    return b"".join([b"\r\n".join(head), _EMPTY, *body])
