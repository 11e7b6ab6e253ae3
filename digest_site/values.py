"""What the text of a setting may be: times of day, durations, servers, lists.

Each function takes the text as given and returns the value, or raises ValueError with
what would be right; settings.py adds the variable's name.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day in a zone, as in `00:30 America/New_York`."""

    time: time
    zone: zoneinfo.ZoneInfo

    def on(self, day: date) -> datetime:
        """The instant of this time on `day` (aware)."""
        return datetime.combine(day, self.time, self.zone)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. `security` is "" (plain), "starttls" or "tls"."""

    host: str
    port: int
    security: str
    user: str
    password: str

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def zone(text: str) -> zoneinfo.ZoneInfo:
    if text not in zoneinfo.available_timezones():
        raise ValueError("takes an IANA time zone such as Europe/Berlin")
    return zoneinfo.ZoneInfo(text)


def clock_time(text: str) -> ClockTime:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d) (\S+)", text.strip())
    if not match:
        raise ValueError("takes a time and a zone, such as 19:30 UTC")
    hour, minute, name = match.groups()
    return ClockTime(time(int(hour), int(minute)), zone(name))


def duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if not match:
        raise ValueError("takes a number and a unit (s, m, h, d), such as 90m")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def mail_server(text: str) -> MailServer:
    parts = urlsplit(text.strip())
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(
            "takes smtp://host:port, smtp+tls://user:password@host:587 or smtps://..."
        )
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise ValueError("takes a port from 1 to 65535") from error
    return MailServer(
        host=parts.hostname,
        port=port,
        security={"smtp": "", "smtp+tls": "starttls", "smtps": "tls"}[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def web_address(text: str) -> str:
    """`http(s)://host[:port][/path]` without the trailing slash."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("takes an address such as https://papers.example.org")
    return text.strip().rstrip("/")


def contact(text: str) -> str:
    """An e-mail address or a web address where readers reach the operator, or ""."""
    if "@" in text:
        try:
            validate_email(text)
        except ValidationError as error:
            raise ValueError("takes an address such as ops@example.org") from error
    return text if not text or "@" in text else web_address(text)


def choices(text: str, allowed: set[str]) -> tuple[str, ...]:
    """Names separated by commas, each one of `allowed`, in the order given."""
    given = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in given if name not in allowed]
    if unknown:
        raise ValueError(f"takes {', '.join(sorted(allowed))}; not {unknown[0]!r}")
    return given


def database(text: str) -> dict[str, Any]:
    """Django's entry for a database URL, with what each engine needs to be safe.

    SQLite: WAL, and transactions that take the write lock when they begin, so that two
    processes wait for each other instead of failing half-way.
    """
    try:
        entry: dict[str, Any] = dict(dj_database_url.parse(text))
    except (ValueError, KeyError, dj_database_url.ParseError) as error:
        raise ValueError(
            "takes sqlite:///path or postgres://user:password@host:port/name"
        ) from error
    options = entry.setdefault("OPTIONS", {})
    if entry["ENGINE"] == "django.db.backends.sqlite3":
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    elif entry["ENGINE"] == "django.db.backends.postgresql":
        entry |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    else:
        raise ValueError("takes SQLite or PostgreSQL, no other database")
    return entry


def broker(text: str) -> str:
    if urlsplit(text).scheme not in {"filesystem", "redis", "rediss"}:
        raise ValueError("takes filesystem:// or redis://host:port/number")
    return text


def broker_options(url: str, folder: Path) -> dict[str, Any]:
    """Transport options; for the filesystem broker its folders, made beforehand."""
    if not url.startswith("filesystem"):
        # Longer than any task; a shorter one hands a running task to a second worker.
        return {
            "visibility_timeout": 3600,
            "health_check_interval": 30,
            "max_retries": 0,  # a bell is not worth waiting for a dead broker
        }
    queue, control = folder / "queue", folder / "control"
    queue.mkdir(parents=True, exist_ok=True)
    control.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "polling_interval": 0.5,
    }
