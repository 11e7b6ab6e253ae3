"""DKIM: a mail says in its own head which domain answers for it (RFC 6376).

RSA with SHA-256, and Ed25519 as a second signature where it has a key (RFC 8463):
large receivers do not verify that one alone. relaxed/relaxed, so that a relay may fold
headers anew; no `l=`, which would let anybody append to a mail. What readers and
filters trust is oversigned: one more of it than there is breaks the signature.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.conf import settings

from .installation import once

VALID_FOR = timedelta(days=14)  # longer than any relay keeps trying
SHORTEST_RSA, SOUND_RSA = 1024, 2048  # bits; RFC 8301 section 3.2
OVERSIGNED = (
    b"from",
    b"subject",
    b"to",
    b"date",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-id",
)
SIGNED_IF_THERE = (
    b"message-id",
    b"feedback-id",
    b"reply-to",
    b"auto-submitted",
    b"precedence",
    b"mime-version",
    b"content-type",
)
_FOLD = b"\r\n "
_NEXT_FIELD = re.compile(rb"\r\n(?![ \t])")
_WIDTH = 78
_RSA_PADDING, _SHA256 = PKCS1v15(), hashes.SHA256()


@dataclass(frozen=True, slots=True)
class Key:
    """A private key and the selector its public half is published under."""

    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def kind(self) -> str:
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(data, _RSA_PADDING, _SHA256)
        return self.private.sign(hashlib.sha256(data).digest())  # RFC 8463 section 3

    def record(self) -> str:
        """The text of the DNS record that verifies this key's signatures."""
        public = self.private.public_key()
        raw = (
            public.public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
            if self.kind == "rsa"
            else public.public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
        )
        return f"v=DKIM1; k={self.kind}; p={b64encode(raw).decode()}"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one domain with one key or two, in their order."""

    domain: str
    keys: tuple[Key, ...]

    def sign(self, head: Sequence[bytes], body: bytes) -> list[bytes]:
        """The DKIM-Signature lines of a mail, folded, each without its last CRLF.

        `head`: its header lines, MIME's too, folded or not, CRLF between those that
        come in one piece, none twice. `body`: what follows the empty line; it is
        hashed as it is, so relaxed canonicalisation must leave it alone: no white
        space at the end of a line, no tab, no two spaces together, exactly one CRLF at
        its end (`message` writes it so). The same input gives the same bytes: `t=` is
        the mail's Date.
        Raises ValueError where a header stands twice or the Date cannot be read.
        """
        fields = _fields(head)
        names, listed = _listed(tuple(fields))
        signed = b"".join(fields[name] + b"\r\n" for name in names)
        made = _timestamp(fields.get(b"date", b""))
        body_hash = b64encode(hashlib.sha256(body).digest())
        lines = []
        for key in self.keys:
            line = _unsigned(self.domain, key, made, listed, body_hash)
            signature = b64encode(key.sign(signed + _canonical(line)))
            lines.append(line + _FOLD + _FOLD.join(_pieces(signature)))
        return lines

    def records(self) -> dict[str, str]:
        """What to publish: the name of each TXT record and its text."""
        return {
            f"{key.selector}._domainkey.{self.domain}": key.record()
            for key in self.keys
        }


@once
def signer() -> Signer | None:
    """The signer of this installation's settings; None where they name no key.

    Keys are read once: a new one takes effect when the process starts again. Raises
    ValueError as `load` does; the start-up checks have found that out before.
    """
    if not settings.DKIM_KEY_FILE:
        return None
    keys = [Key(settings.DKIM_SELECTOR, load(settings.DKIM_KEY_FILE, "rsa"))]
    if second := settings.DKIM_ED25519_KEY_FILE:
        keys.append(Key(settings.DKIM_ED25519_SELECTOR, load(second, "ed25519")))
    return Signer(settings.DKIM_DOMAIN, tuple(keys))


def load(file: str, kind: str) -> RSAPrivateKey | Ed25519PrivateKey:
    """The private key in a PEM file; `kind` is "rsa" or "ed25519".

    Raises ValueError with what is wrong and what it takes; never with the contents.
    """
    what = f"takes a PEM file with an {'RSA' if kind == 'rsa' else 'Ed25519'} key"
    try:
        text = Path(file).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ValueError(f"{what}; that cannot be read: {reason}") from None
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except TypeError:
        raise ValueError(f"{what} without a passphrase; that has one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{what}; that holds no private key in PEM") from None
    if not isinstance(key, RSAPrivateKey if kind == "rsa" else Ed25519PrivateKey):
        raise ValueError(f"{what}; that holds another kind of key")
    if isinstance(key, RSAPrivateKey) and key.key_size < SHORTEST_RSA:
        raise ValueError(f"{what} of {SOUND_RSA} bits; that has {key.key_size}")
    return key


def _fields(head: Sequence[bytes]) -> dict[bytes, bytes]:
    """Lower-case name -> the field in relaxed form (RFC 6376 section 3.4.2)."""
    lines = _NEXT_FIELD.split(b"\r\n".join(head))
    fields = {}
    for line in lines:
        canonical = _canonical(line)
        fields[canonical.partition(b":")[0]] = canonical
    if len(fields) != len(lines):
        raise ValueError("A header stands twice in the head; each may stand once.")
    return fields


def _canonical(line: bytes) -> bytes:
    name, _, value = line.partition(b":")
    return name.strip().lower() + b":" + b" ".join(value.split())


@lru_cache(maxsize=64)
def _listed(present: tuple[bytes, ...]) -> tuple[list[bytes], bytes]:
    """The names to hash, in order, and `h=`, folded, for a head of these names.

    A name beyond those that are there stands for a header nobody may add
    (RFC 6376 section 8.15); it adds nothing to what is hashed.
    """
    every: list[bytes] = []
    for name in OVERSIGNED:
        every += [name, name] if name in present else [name]
    every += [name for name in SIGNED_IF_THERE if name in present]
    listed = line = b"h=" + every[0]
    for name in every[1:]:
        listed += b":"
        if len(line) + len(name) > _WIDTH - 4:  # a space, two colons or ";"
            listed, line = listed + _FOLD, b""
        listed += name
        line += b":" + name
    return [name for name in dict.fromkeys(every) if name in present], listed


@lru_cache(maxsize=256)
def _timestamp(date_field: bytes) -> int:
    return int(parsedate_to_datetime(date_field.decode()[len("date:") :]).timestamp())


def _unsigned(
    domain: str, key: Key, made: int, listed: bytes, body_hash: bytes
) -> bytes:
    """The signature's own header up to its empty `b=`, folded."""
    expires = made + int(VALID_FOR.total_seconds())
    tags = [
        f"DKIM-Signature: v=1; a={key.kind}-sha256; c=relaxed/relaxed;".encode(),
        f"d={domain};".encode(),
        f"s={key.selector}; t={made}; x={expires};".encode(),
        listed + b";",
        b"bh=" + body_hash + b";",
        b"b=",
    ]
    return _FOLD.join(tags)


def _pieces(text: bytes) -> list[bytes]:
    return [text[at : at + 72] for at in range(0, len(text), 72)]
