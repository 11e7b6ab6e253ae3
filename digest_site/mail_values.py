"""What the text of a setting may be that concerns mail: relays, addresses, names.

As in `values`: each function takes the text as given and returns the value, or raises
ValueError with what would be right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .values import QUOTED, is_loopback, link

_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
# Django's own that send nothing to anybody.
_BACKENDS_OF_TRIALS = {
    f"django.core.mail.backends.{name}.EmailBackend"
    for name in ("console", "dummy", "filebased", "locmem")
}
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"  # RFC 5322, section 3.2.3; matched as ASCII
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1123, section 2.1


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. `security` is "" (plain), "starttls" or "tls".

    `backend` is the dotted name of a Django e-mail backend that is called instead; the
    rest is empty then.
    """

    host: str
    port: int
    security: str
    user: str
    password: str
    backend: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether nothing leaves this machine by it."""
        return self.backend in _BACKENDS_OF_TRIALS or is_loopback(self.host)

    def __str__(self) -> str:
        return self.backend or f"{self.host}:{self.port}"


def mail_server(text: str) -> MailServer:
    parts = urlsplit(text.strip())
    if parts.scheme == "backend":
        return _mail_backend(text.strip().partition(":")[2])
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(
            "takes smtp://host:port, smtp+tls://user:password@host:587, smtps://... or"
            " backend:anymail.backends.mailgun.EmailBackend"
        )
    try:
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not port:
        raise ValueError(f"takes a port from 1 to 65535; {QUOTED}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"takes nothing behind host and port; {QUOTED}")
    clear = parts.scheme == "smtp" and not is_loopback(parts.hostname)
    if clear and (parts.username or parts.password):
        raise ValueError(
            "takes smtp+tls://user:password@host or smtps://user:password@host: a"
            " password does not go to another machine in clear"
        )
    return MailServer(
        host=parts.hostname,
        port=port,
        security={"smtp": "", "smtp+tls": "starttls", "smtps": "tls"}[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _mail_backend(path: str) -> MailServer:
    if not re.fullmatch(r"(?a:[A-Za-z_]\w*(\.[A-Za-z_]\w*)+)", path):
        raise ValueError(
            "takes the dotted name of a Django e-mail backend, such as"
            " backend:anymail.backends.mailgun.EmailBackend"
        )
    return MailServer("", 0, "", "", "", backend=path)


def sender(text: str) -> str:
    """`a@b.org` or `Name <a@b.org>`: one address in ASCII, on one line."""
    named = re.fullmatch(r'(?:"[^"\\]+" *|[^"<>@,;:\\]*)<([^<>]*)>', text.strip())
    address = named[1] if named else text.strip()
    if not (text.isprintable() and address.isascii() and _is_address(address)):
        raise ValueError(
            "takes an address such as digest@papers.example.org, or a name and one:"
            " Paper Round <digest@papers.example.org>"
        )
    return text.strip()


def bounce_address(text: str) -> str:
    """One address in ASCII to whose name `+` and 42 characters can be added, or ""."""
    address = text.strip()
    name, _, domain = address.rpartition("@")
    fits = len(name) <= 20 and "+" not in name and address.isascii()
    if address and not (fits and _is_address(address)):
        raise ValueError(
            "takes an address such as bounces@papers.example.org, at most 20 characters"
            " and no + before its @"
        )
    return f"{name.lower()}@{domain.lower()}" if address else ""


def addressee(text: str) -> str:
    """An e-mail address alone, in ASCII."""
    address = text.strip()
    if not (address.isascii() and _is_address(address)):
        raise ValueError("takes an address such as ops@example.org")
    return address


def contact(text: str) -> str:
    """An e-mail address or a web address where readers reach the operator, or ""."""
    if "@" in text and not _is_address(text):
        raise ValueError("takes an address such as ops@example.org")
    return text if not text or "@" in text else link(text)


def mail_domain(host: str) -> str:
    """The host where it can stand in an address of other machines, else localhost."""
    usable = host.isascii() and _is_address(f"digest@{host}")
    return "localhost" if is_loopback(host) or not usable else host


def list_id(text: str) -> str:
    """A label and a domain, joined by a dot (RFC 2919, section 2)."""
    name = text.strip()
    if len(name) > 255 or not re.fullmatch(rf"(?a:{_ATOM}(\.{_ATOM})+)", name):
        raise ValueError("takes a name such as digest.papers.example.org")
    return name


def signing_domain(text: str) -> str:
    """A domain of two labels or more in ASCII, lower case, or ""."""
    name = text.strip().lower()
    if name and (len(name) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})+", name)):
        raise ValueError("takes a domain such as papers.example.org")
    return name


def selector(text: str) -> str:
    """What stands before `._domainkey` in the DNS (RFC 6376, section 3.1), or ""."""
    name = text.strip()
    if name and (len(name) > 63 or not re.fullmatch(rf"(?i:{_LABEL})", name)):
        raise ValueError("takes letters, digits and hyphens, such as digest2026")
    return name


def webhook_secret(text: str) -> str:
    """`user:password` for HTTP basic authentication, or ""."""
    user, colon, password = text.strip().partition(":")
    if text.strip() and not (user and colon and len(password) >= 16):
        raise ValueError("takes user:password, the password of at least 16 characters")
    return text.strip()


def anymail(text: str) -> dict[str, str]:
    """`NAME=value` pairs, separated by commas, under anymail's names."""
    pairs = [each.strip() for each in text.split(",") if each.strip()]
    found = dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.+)$", "\n".join(pairs), re.M))
    if len(found) != len(pairs):
        raise ValueError(
            "takes NAME=value, separated by commas, such as"
            " MAILGUN_API_KEY=...,MAILGUN_WEBHOOK_SIGNING_KEY=..."
        )
    return found


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
