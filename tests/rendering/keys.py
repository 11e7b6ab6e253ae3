"""Signing keys of an installation, and the DNS that publishes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

DOMAIN = "papers.example.org"


def write(
    path: Path,
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
    passphrase: bytes | None = None,
) -> str:
    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        locked = serialization.BestAvailableEncryption(passphrase)
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, locked))
    return str(path)


def rsa_key(path: Path, bits: int = 2048, passphrase: bytes | None = None) -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return write(path, made, passphrase)


def weak_rsa() -> rsa.RSAPrivateKey:
    """648 bits, of two Mersenne primes: cryptography makes none so short itself."""
    p, q, e = 2**521 - 1, 2**127 - 1, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    ways = d % (p - 1), d % (q - 1), pow(q, -1, p)
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, *ways, public).private_key()


def ed25519_key(path: Path) -> str:
    return write(path, ed25519.Ed25519PrivateKey.generate())


def dns(records: Mapping[str, str]) -> Callable[..., bytes | None]:
    """What dkimpy asks instead of a resolver."""

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        text = records.get(name.decode().rstrip("."))
        return text.encode() if text else None

    return answer
