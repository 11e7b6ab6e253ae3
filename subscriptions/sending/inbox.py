"""The embedded inbox: takes every mail, keeps it on disk, shows it to /inbox/.

For a trial on one's own machine, where no relay is set up. A mail is on disk before
the server answers 250, as a relay's would be: `<key>.eml`, with its envelope beside it
in `<key>.json`.
"""

from __future__ import annotations

import email
import email.policy
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

_KEY = re.compile(r"\d{14}-\d{6}-[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Received:
    """A mail as it came. `sender` and `recipient` are the envelope's, `from_` and
    `date` the header's; `text` and `html` are "" where the mail has no such part."""

    key: str
    received_at: datetime
    sender: str
    recipient: str
    subject: str
    from_: str
    date: datetime | None
    text: str
    html: str
    raw: bytes
    headers: tuple[tuple[str, str], ...]


@contextmanager
def serve(host: str, port: int, folder: Path) -> Iterator[None]:
    """Take mail on `host`:`port` in a thread while inside.

    Raises OSError where something else listens there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it logs every address
    controller = Controller(
        _Keeper(folder), hostname=host, port=port, ident="Paper Round inbox"
    )
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def messages(folder: Path, limit: int = 100) -> list[Received]:
    """The newest `limit` mails, newest first."""
    keys = (path.stem for path in folder.glob("*.eml"))
    newest = sorted(filter(_KEY.fullmatch, keys), reverse=True)[:limit]
    return [message(folder, key) for key in newest]


def message(folder: Path, key: str) -> Received:
    """The mail of this key. Raises KeyError where there is none."""
    path = folder / f"{key}.eml"
    if not _KEY.fullmatch(key) or not path.is_file():
        raise KeyError(key)
    raw = path.read_bytes()
    envelope = _envelope(path.with_suffix(".json"))
    parsed: EmailMessage = email.message_from_bytes(raw, policy=email.policy.default)
    return Received(
        key=key,
        received_at=datetime.strptime(key[:21], "%Y%m%d%H%M%S-%f").replace(tzinfo=UTC),
        sender=envelope.get("sender", ""),
        recipient=", ".join(envelope.get("recipients", [])),
        subject=_header(parsed, "Subject"),
        from_=_header(parsed, "From"),
        date=_date(_header(parsed, "Date")),
        text=_part(parsed, "plain"),
        html=_part(parsed, "html"),
        raw=raw,
        headers=tuple((name, str(value)) for name, value in parsed.raw_items()),
    )


class _Keeper:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S-%f")
        path = self._folder / f"{stamp}-{secrets.token_hex(4)}.eml"
        about = {"sender": envelope.mail_from, "recipients": envelope.rcpt_tos}
        try:
            # The mail last: it is there once its own file is.
            _keep(path.with_suffix(".json"), json.dumps(about).encode())
            _keep(path, envelope.original_content)
        except OSError as error:
            return f"452 4.3.1 cannot keep it: {error.strerror}"
        return f"250 2.0.0 kept as {path.stem}"


def _keep(path: Path, octets: bytes) -> None:
    """Write a file so that after this call it survives, whole or not at all."""
    half = path.with_suffix(path.suffix + ".part")
    with half.open("wb") as out:
        out.write(octets)
        out.flush()
        os.fsync(out.fileno())
    half.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _envelope(path: Path) -> dict[str, Any]:
    try:
        envelope = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _header(parsed: EmailMessage, name: str) -> str:
    """The header, decoded; as it came where the parser cannot make sense of it."""
    try:
        return str(parsed[name] or "")
    except Exception:  # its parser raises IndexError and others on some headers
        raw = dict(parsed.raw_items())
        return " ".join(str(raw.get(name, "")).split())


def _date(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _part(parsed: EmailMessage, kind: str) -> str:
    """The first text part of this kind that is not an attachment, or ""."""
    for part in parsed.walk():
        if part.get_content_type() != f"text/{kind}" or part.is_multipart():
            continue
        try:
            if part.get_content_disposition() == "attachment":
                continue
            return str(part.get_content())
        except Exception:  # unknown charset, undecodable body: show what there is
            octets = part.get_payload(decode=True)
            return octets.decode("latin-1") if isinstance(octets, bytes) else ""
    return ""
