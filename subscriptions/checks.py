"""What must be set before this service may mail anybody.

Registered for `check --deploy`, and called by everything that can send: `up`, the web
server, worker, beat and the sending commands. `ingest`, `match` or `explain` mail
nobody and run without.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string
from dotenv import dotenv_values

from . import matching

TRIAL = "For a trial on your own machine set DEBUG=true."
IDENTITY = [
    (
        "POSTAL_ADDRESS",
        "the sender's postal address at the foot of every mail",
        "Example Library, 1 Sample Street, Sampletown",
    ),
    ("CONTROLLER", "who is responsible for the readers' data", "Example Library"),
    ("CONTACT", "where readers write to", "papers@example.org"),
]


# Each with what it takes. The second key is for those who want one.
DKIM = {
    "DKIM_DOMAIN": "the domain that signs, such as papers.example.org",
    "DKIM_SELECTOR": "the name its key is published under, such as digest2026",
    "DKIM_KEY_FILE": "a PEM file with an RSA key",
}
SECOND_KEY = {
    "DKIM_ED25519_SELECTOR": "the name the second key is published under",
    "DKIM_ED25519_KEY_FILE": "a PEM file with an Ed25519 key",
}


@register()
def default_filter(app_configs: Any = None, **options: Any) -> list[Error]:
    """The error of a DEFAULT_FILTER that the filter language refuses, trial or not."""
    try:
        matching.parse(settings.DEFAULT_FILTER)
    except matching.FilterError as error:
        what = str(error).splitlines()[0]
        return [
            Error(
                f"DEFAULT_FILTER is {settings.DEFAULT_FILTER!r}; it takes a filter such"
                f" as in:hf. {what}",
                id="subscriptions.E008",
            )
        ]
    return []


@register()
def ramp(app_configs: Any = None, **options: Any) -> list[Error]:
    """The error of a warm-up that has steps and no first day, or a day and no steps."""
    if bool(settings.DAILY_RAMP) == bool(settings.RAMP_FROM):
        return []
    return [
        Error(
            "DAILY_RAMP and RAMP_FROM belong together, and one of them is not set; they"
            " take the digests of each day, such as 500,1000,2000, and the first of"
            " these days, such as 2026-07-06.",
            id="subscriptions.E012",
        )
    ]


@register()
def backend(app_configs: Any = None, **options: Any) -> list[Error]:
    """The errors of backends that are not there, or lack a setting; none for SMTP."""
    named = {
        "EMAIL_URL": settings.EMAIL_SERVER.backend,
        "OPERATOR_EMAIL_URL": settings.OPERATOR_SERVER.backend,
    }
    if named["OPERATOR_EMAIL_URL"] == named["EMAIL_URL"]:
        del named["OPERATOR_EMAIL_URL"]
    return [
        Error(
            f"{name} is {f'backend:{path}'!r}; it takes the name of a Django e-mail"
            f" backend that can be opened here, such as"
            f" backend:anymail.backends.mailgun.EmailBackend: {why}",
            id="subscriptions.E013",
        )
        for name, path in named.items()
        if path and (why := _why_no_backend(path))
    ]


@register()
def signatures(app_configs: Any = None, **options: Any) -> list[CheckMessage]:
    """What is wrong with the DKIM settings, trial or not; nothing if none is set."""
    if any(getattr(settings, name) for name in [*DKIM, *SECOND_KEY]):
        return list(_missing_of_dkim()) or [*_alignment(), *_keys()]
    return []


@register(deploy=True)
def own_folder(app_configs: Any = None, **options: Any) -> list[Warning]:
    """A VAR_DIR that everybody on this machine can read: it may hold all addresses."""
    mode = settings.VAR_DIR.stat().st_mode & 0o777
    if not mode & 0o007:
        return []
    return [
        Warning(
            f"VAR_DIR is {str(settings.VAR_DIR)!r}, which every user of this machine"
            f" may look into (mode {mode:o}); it should be its own user's:"
            f" chmod 700 {settings.VAR_DIR}.",
            id="subscriptions.W002",
        )
    ]


@register(deploy=True)
def misspelt(app_configs: Any = None, **options: Any) -> list[Warning]:
    """Names in the file of settings that are none and look like one: nobody reads
    them, and what they were meant to set has its default."""
    file = Path(os.environ.get("ENV_FILE", settings.BASE_DIR / ".env"))
    example = (settings.BASE_DIR / ".env.example").read_text()
    known = re.findall(r"(?m)^#?([A-Z0-9_]+)=", example)  # names them all
    given = dotenv_values(file) if file.is_file() else {}
    meant = {
        name: difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        for name in given
        if name not in known
    }
    return [
        Warning(
            f"{name} in {file} is no setting and sets nothing; is it {like[0]}?",
            id="subscriptions.W003",
        )
        for name, like in meant.items()
        if like
    ]


@register(deploy=True)
def may_mail(app_configs: Any = None, **options: Any) -> list[Error]:
    """The errors that forbid mailing; none: this installation may mail.

    A trial (DEBUG) may hand mail over to its own machine only. Anything else must say
    who it is: readers get an address that answers, a sender and a person to turn to.
    """
    return list(_trial() if settings.EMBEDDED_INBOX or settings.DEBUG else _service())


def refuse_to_mail() -> None:
    """Raise ImproperlyConfigured, naming all that is missing, unless nothing is."""
    for wrong in [*default_filter(), *ramp(), *backend(), *signatures()]:
        if wrong.is_serious():
            raise ImproperlyConfigured(f"{wrong.msg} ({wrong.id})")
    if errors := may_mail():
        hints = dict.fromkeys(str(error.hint) for error in errors)
        lines = [f"{error.msg} ({error.id})" for error in errors]
        raise ImproperlyConfigured(
            "\n".join(["this may not mail anybody yet.", *lines, *hints])
        )


def _trial() -> Iterator[Error]:
    server = settings.EMAIL_SERVER
    if not server.is_loopback:
        yield Error(
            "EMAIL_URL, the server mail is handed to, is"
            f" {server.backend or f'on {server.host!r}'}; with DEBUG=true it takes one"
            " on this machine, such as smtp://127.0.0.1:2525, or a backend of Django's"
            " that sends nothing, such as"
            " backend:django.core.mail.backends.console.EmailBackend: a trial mails"
            " nobody.",
            hint="To mail readers for real set DEBUG=false.",
            id="subscriptions.E001",
        )


def _service() -> Iterator[Error]:
    yield from _key()
    public = urlsplit(settings.PUBLIC_URL)
    if public.scheme != "https" or settings.PUBLIC_IS_LOOPBACK:
        yield Error(
            "PUBLIC_URL, which every link in a mail starts with, is"
            f" {settings.PUBLIC_URL!r}; it takes the https address at which readers"
            " reach this site, such as https://papers.example.org.",
            hint=TRIAL,
            id="subscriptions.E002",
        )
    # The default is a guess from PUBLIC_URL; a sender's address must be meant.
    if not os.environ.get("EMAIL_FROM") or settings.SENDER_IS_LOOPBACK:
        yield Error(
            "EMAIL_FROM, the address digests come from, is not set; it takes an address"
            " of a domain you may send for, such as digest@papers.example.org.",
            hint=TRIAL,
            id="subscriptions.E003",
        )
    if not os.environ.get("EMAIL_URL"):
        yield Error(
            "EMAIL_URL, the server mail is handed to, is not set; it takes one such as"
            " smtp+tls://user:password@mail.example.org:587 or, for a mail service,"
            " backend:anymail.backends.mailgun.EmailBackend.",
            hint=TRIAL,
            id="subscriptions.E007",
        )
    for number, (name, purpose, example) in enumerate(IDENTITY, start=4):
        if not getattr(settings, name).strip():
            yield Error(
                f"{name}, {purpose}, is not set; it takes text such as {example!r}.",
                hint=TRIAL,
                id=f"subscriptions.E{number:03}",
            )


def _key() -> Iterator[Error]:
    """Whoever guesses it can open every reader's page; django.security.W009 only warns,
    and nobody looks at a warning behind a `SECRET_KEY=...` copied from a page."""
    key = settings.SECRET_KEY
    if len(key) < 50 or len(set(key)) < 5:
        yield Error(
            f"SECRET_KEY, which signs every link, has {len(key)} characters,"
            f" {len(set(key))} of them distinct; it takes at least 50 random ones, such"
            " as python3 -c 'import secrets; print(secrets.token_urlsafe(60))' prints."
            " One that is in use goes into SECRET_KEY_FALLBACKS.",
            hint=TRIAL,
            id="subscriptions.E014",
        )


def _why_no_backend(path: str) -> str:
    """Why no mail can go by it, in the words of whoever says so; "" if it can.

    Nothing is sent or connected to. anymail's own words name a setting that is
    missing; what else goes wrong in somebody's code may hold a key.
    """
    try:
        made = import_string(path)()
    except (ImportError, ImproperlyConfigured) as error:
        return str(error).strip().splitlines()[0]
    except Exception as error:
        return f"it cannot be made ({type(error).__name__})."
    return "" if isinstance(made, BaseEmailBackend) else "it is none."


def _missing_of_dkim() -> Iterator[Error]:
    """Half a set-up would sign nothing, and nobody would notice."""
    second = any(getattr(settings, name) for name in SECOND_KEY)
    asked = DKIM | (SECOND_KEY if second else {})
    given = [name for name in asked if getattr(settings, name)]
    for name, takes in asked.items():
        if name not in given:
            yield Error(
                f"{name} is not set, but {' and '.join(given)}"
                f" {'is' if len(given) == 1 else 'are'}; it takes {takes}.",
                id="subscriptions.E009",
            )


def _alignment() -> Iterator[Error]:
    """DMARC believes a signature of the sender's own domain (RFC 7489 section 3.1.1):
    the same, or one within the other."""
    sender = settings.EMAIL_FROM.rpartition("@")[2].rstrip("> ").lower()
    signs = settings.DKIM_DOMAIN
    if not f".{sender}".endswith(f".{signs}") and not signs.endswith(f".{sender}"):
        yield Error(
            f"DKIM_DOMAIN is {signs!r}; it takes the domain of EMAIL_FROM, {sender!r},"
            " or one above it: DMARC does not believe others.",
            id="subscriptions.E010",
        )


def _keys() -> Iterator[CheckMessage]:
    # Here, because most commands sign nothing and cryptography takes its time.
    from .rendering import dkim

    for name, kind in [("DKIM_KEY_FILE", "rsa"), ("DKIM_ED25519_KEY_FILE", "ed25519")]:
        if not (file := getattr(settings, name)):
            continue
        try:
            key = dkim.load(file, kind)
        except ValueError as error:
            yield Error(f"{name} is {file!r}; it {error}.", id="subscriptions.E011")
            continue
        size = getattr(key, "key_size", dkim.SOUND_RSA)
        if size < dkim.SOUND_RSA:
            yield Warning(
                f"{name} is {file!r}, an RSA key of {size} bits; it should have"
                f" {dkim.SOUND_RSA}: some receivers take a shorter one for none.",
                id="subscriptions.W001",
            )
