"""What the figures depend on besides the code: RSA, the disk, the database."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.db import connection

_SECONDS = 1  # for signing
_SYNCS = 50
_DURABLE = {
    "postgresql": {
        "fsync": "SHOW fsync",
        "synchronous_commit": "SHOW synchronous_commit",
    }
}
_PAGE = b"\0" * 8192  # of PostgreSQL's journal


def key(folder: Path) -> Path:
    """A new RSA key of 2048 bits, in PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = folder / "bench.pem"
    path.touch(mode=0o600)
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def signs_per_s(key_file: Path) -> tuple[float, str]:
    """RSA-2048 signatures a second on one core, and who made them: `openssl speed`,
    or `cryptography` where that command is missing or answers something else."""
    if openssl := shutil.which("openssl"):
        words = [openssl, "speed", "-seconds", str(_SECONDS), "-mr", "rsa2048"]
        done = subprocess.run(  # noqa: S603 - openssl, by its path
            words, capture_output=True, text=True, check=False
        )
        found = re.search(r"^\+F2:\d+:2048:([\d.]+):", done.stdout, re.MULTILINE)
        if found and float(found[1]) > 1:  # below: seconds for one
            return float(found[1]), "openssl speed"
    return _signs_per_s(key_file), "cryptography"


def _signs_per_s(key_file: Path) -> float:
    private = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("takes an RSA key")
    begin, signs = time.process_time(), 0
    while (taken := time.process_time() - begin) < _SECONDS:
        private.sign(b"digest", padding.PKCS1v15(), hashes.SHA256())
        signs += 1
    return signs / taken


def fsync_ms(folder: Path) -> float:
    """Until 8 KB written to the end of a file in `folder` are on the disk: median."""
    taken, path = [], folder / "fsync"
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            begin = time.perf_counter()
            file.write(_PAGE)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - begin) * 1000)
    path.unlink()
    return statistics.median(taken)


def database() -> dict[str, str]:
    """Which database it is and whether its commits are on the disk: SQLite's
    `synchronous` is 0 (off), 1 (normal) or 2 (full)."""
    version = ".".join(map(str, connection.get_database_version()))
    told = {"database": f"{connection.display_name} {version}"}
    questions = _DURABLE.get(connection.vendor, {"synchronous": "PRAGMA synchronous"})
    with connection.cursor() as cursor:
        for name, question in questions.items():
            cursor.execute(question)
            told[name] = str(cursor.fetchone()[0])
    return told
