"""What the text of a setting may be: times of day, durations, URLs, lists.

Each function takes the text as given and returns the value, or raises ValueError with
what would be right; settings.py adds the variable's name. Mail's are in `mail_values`.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_database_url

T = TypeVar("T")
# What a password in a URL must not hold as it is.
QUOTED = "in a password / is written %2F, ? %3F, # %23 and @ %40"
# A date's digest is made within six hours of its reader's hour or not at all
# (rounds.md 12): who waited longer would get none for as long as a source is down.
LONGEST_HOLD = timedelta(hours=5)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CATEGORY = r"[a-z]+(-[a-z]+)*(\.[A-Za-z]+(-[A-Za-z]+)*)?"


def is_loopback(host: str) -> bool:
    """Whether a host name or address, in brackets or not, is this machine itself."""
    name = host.lower().strip("[]").removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def masked(url: str) -> str:
    """The text of a URL, right or wrong, without user, password and `?password=`."""
    shown = re.sub(r"(?i)(pass\w*=)[^&]*", r"\1***", url)
    # Up to the last @: an unquoted password may hold any of / ? # @.
    return re.sub(r"(?s)^([a-z0-9+]*://)?.*@", r"\1***@", shown)


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day in a zone, as in `00:30 America/New_York`."""

    time: time
    zone: zoneinfo.ZoneInfo

    def on(self, day: date) -> datetime:
        """The instant of this time on `day` (aware)."""
        return datetime.combine(day, self.time, self.zone)


def several(text: str) -> list[str]:
    """What stands between commas, without the blanks around it."""
    return [each.strip() for each in text.split(",") if each.strip()]


def hosts(text: str) -> list[str]:
    """Host names as Django compares them: no scheme, no port, no path."""
    names = several(text)
    if not all(re.fullmatch(r"\*|\.?[\w.-]+|\[[0-9A-Fa-f:.]+\]", n) for n in names):
        raise ValueError(
            "takes host names separated by commas, such as papers.example.org, without"
            " https:// and without a port"
        )
    return names


def optional(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """What `read` takes, or nothing at all: None."""
    return lambda text: read(text) if text.strip() else None


@cache
def _zones() -> frozenset[str]:
    """Asking the system takes 20 ms, and every start of a program has three zones."""
    return frozenset(zoneinfo.available_timezones())


def zone(text: str) -> zoneinfo.ZoneInfo:
    if text not in _zones():
        raise ValueError("takes an IANA time zone such as Europe/Berlin")
    return zoneinfo.ZoneInfo(text)


def clock_time(text: str) -> ClockTime:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d) (\S+)", text.strip())
    if not match:
        raise ValueError("takes a time and a zone, such as 19:30 UTC")
    hour, minute, name = match.groups()
    return ClockTime(time(int(hour), int(minute)), zone(name))


def duration(text: str) -> timedelta:
    """At most five hours."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text.strip())
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    if length is None or length > LONGEST_HOLD:
        raise ValueError(
            "takes a number and a unit (s, m, h, d), such as 90m, and at most 5h"
        )
    return length


def send_window(text: str) -> tuple[time, time]:
    """When mail goes out, such as 06:00-22:00; it may lie over midnight."""
    match = re.fullmatch(r"(\d\d?):(\d\d)-(\d\d?):(\d\d)", text.strip())
    try:
        hours = [int(each) for each in match.groups()] if match else [0] * 4
        opens, closes = time(hours[0], hours[1]), time(hours[2], hours[3])
    except ValueError:
        opens = closes = time()
    if opens == closes:
        raise ValueError("takes two times of day such as 06:00-22:00")
    return opens, closes


def ramp(text: str) -> tuple[int, ...]:
    """How many digests go on the first day, the second and so on; "": no limit."""
    try:
        return tuple(positive(each) for each in text.split(",") if text.strip())
    except ValueError as error:
        raise ValueError(
            "takes whole numbers from 1 up, separated by commas, such as 500,1000,2000"
        ) from error


def day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError("takes a day such as 2026-07-06") from error


def count(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError("takes a whole number")
    return int(text)


def positive(text: str) -> int:
    if not text.strip().isdecimal() or int(text) < 1:
        raise ValueError("takes a whole number from 1 up")
    return int(text)


def in_doubt(text: str) -> str:
    if text.strip().lower() not in {"resend", "hold"}:
        raise ValueError("takes resend or hold")
    return text.strip().lower()


def link(text: str) -> str:
    """An address on the web, whatever stands behind its host."""
    wrong = ValueError("takes an address such as https://papers.example.org")
    parts = urlsplit(text.strip())
    try:
        numbered = parts.port is None or parts.port > 0
    except ValueError:
        numbered = False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not numbered:
        raise wrong
    if not text.isprintable() or " " in text.strip():  # urlsplit drops line breaks
        raise wrong
    return text.strip()


def web_address(text: str) -> str:
    """`http(s)://host[:port][/path]` without the trailing slash."""
    address = link(text)
    if "?" in address or "#" in address:
        raise ValueError(
            "takes an address such as https://papers.example.org, with nothing from"
            " ? or # on"
        )
    return address.rstrip("/")


def listen(text: str) -> tuple[str, int] | None:
    """`host:port` as a pair; "": None."""
    if not text.strip():
        return None
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("takes an address of this machine such as 127.0.0.1:2526")
    return host.strip("[]"), int(port)


def categories(text: str) -> tuple[str, ...]:
    """arXiv's names, such as cs.LG, hep-th or cond-mat.mtrl-sci; at least one."""
    given = tuple(several(text))
    if not given or not all(re.fullmatch(_CATEGORY, name) for name in given):
        raise ValueError(
            "takes arXiv categories separated by commas, such as cs.LG,math"
        )
    return given


def choices(text: str, allowed: set[str]) -> tuple[str, ...]:
    """Names separated by commas, each one of `allowed`, in the order given."""
    given = tuple(several(text))
    unknown = [name for name in given if name not in allowed]
    if unknown or not given:
        wrong = f"not {unknown[0]!r}" if unknown else "at least one of them"
        raise ValueError(f"takes {', '.join(sorted(allowed))}; {wrong}")
    return given


# A machine that loses its cable or its power says no goodbye, and PostgreSQL keeps what
# it had locked until TCP gives it up: after two hours, unless asked to look sooner.
_GONE_AFTER_A_MINUTE = (
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=60000"
)
# The same of ours for libpq: else whoever waits for an answer of a machine that is gone
# waits for two hours, and for a quarter of one whose question did not arrive.
_NOTICED_IN_A_MINUTE = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # ms
}


_DATABASES = (
    f"takes sqlite:///path or postgres://user:password@host:port/name; {QUOTED}"
)


def database(text: str, base: Path) -> dict[str, Any]:
    """Django's entry for a database URL, with what each engine needs to be safe.

    SQLite: a file, a relative one from `base`; WAL, and transactions that take the
    write lock when they begin, so that two processes wait for each other instead of
    failing half-way.
    """
    try:
        entry: dict[str, Any] = dict(dj_database_url.parse(text))
    except (ValueError, KeyError, dj_database_url.ParseError) as error:
        raise ValueError(_DATABASES) from error
    named = entry["NAME"] or "service" in entry.get("OPTIONS", {})
    if "#" in text or not named:  # what stands behind # would get lost
        raise ValueError(_DATABASES)
    entry["CONN_MAX_AGE"] = 60  # to open one takes as long as a page's slowest query
    options = entry.setdefault("OPTIONS", {})
    if entry["ENGINE"] == "django.db.backends.sqlite3":
        if not entry["NAME"].startswith((":", "file:")):
            entry["NAME"] = str(base / entry["NAME"])
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    elif entry["ENGINE"] == "django.db.backends.postgresql":
        entry["CONN_HEALTH_CHECKS"] = True
        options.setdefault("options", _GONE_AFTER_A_MINUTE)
        entry["OPTIONS"] = _NOTICED_IN_A_MINUTE | options
    else:
        raise ValueError("takes SQLite or PostgreSQL, no other database")
    return entry


def broker(text: str) -> str:
    parts = urlsplit(text)
    try:
        usable = parts.port is None or parts.port > 0
    except ValueError:
        usable = False
    if parts.scheme == "filesystem":
        usable = text == "filesystem://"
    else:
        usable &= parts.scheme in {"redis", "rediss"} and bool(parts.hostname)
        usable &= re.fullmatch(r"/?\d*", parts.path) is not None
    if not usable:
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
