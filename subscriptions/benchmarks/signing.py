"""DKIM with RSA-2048 over ready digests, against dkimpy over the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from subscriptions.rendering.dkim import (
    OVERSIGNED,
    SIGNED_IF_THERE,
    SOUND_RSA,
    Key,
    Signer,
)

_DOMAIN, _SELECTOR = "papers.example.org", "bench"
_CRLF = b"\r\n"


def measure(messages: Sequence[bytes], rounds: int) -> dict[str, float]:
    """Milliseconds of CPU time a signature, and how often faster than dkimpy's.

    `messages` are unsigned mails of today: a signature of an older one has expired.
    Raises ValueError where dkimpy does not verify what was signed here: a fast
    signature that nobody believes is none.
    """
    private = rsa.generate_private_key(public_exponent=65537, key_size=SOUND_RSA)
    signer = Signer(_DOMAIN, (Key(_SELECTOR, private),))
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )

    def own(message: bytes) -> bytes:
        head, _, body = message.partition(_CRLF * 2)
        return _CRLF.join(signer.sign([head], body)) + _CRLF

    def theirs(message: bytes) -> bytes:
        return _dkimpy(message, pem)

    for message in messages:
        _verify(own(message) + message, signer)
    spent = [(_spent(own, messages), _spent(theirs, messages)) for _ in range(rounds)]
    return {
        "dkim_ms": median(ours for ours, _ in spent) * 1000,
        "dkimpy_ms": median(their for _, their in spent) * 1000,
        "dkim_vs_dkimpy": median(their / ours for ours, their in spent),
    }


def _dkimpy(message: bytes, pem: bytes) -> bytes:
    import dkim  # type: ignore[import-untyped]

    signed: bytes = dkim.sign(
        message,
        _SELECTOR.encode(),
        _DOMAIN.encode(),
        pem,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[*OVERSIGNED, *OVERSIGNED, *SIGNED_IF_THERE],
    )
    return signed


def _verify(message: bytes, signer: Signer) -> None:
    import dkim

    records = signer.records()

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        text = records.get(name.decode().rstrip("."))
        return text.encode() if text else None

    if not dkim.DKIM(message).verify(dnsfunc=answer):
        raise ValueError("dkimpy does not verify what was signed here.")


def _spent(way: Callable[[bytes], bytes], messages: Sequence[bytes]) -> float:
    """Seconds of CPU time a message."""
    begin = time.process_time_ns()
    for message in messages:
        way(message)
    return (time.process_time_ns() - begin) / 1e9 / len(messages)
