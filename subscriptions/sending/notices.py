"""Telling the operator: by mail over a relay of its own, and by HTTP.

A notice is a row with the ways it is still owed by; `tell` goes through them on every
tick, so one that cannot be delivered is tried again a minute later. The standard
library's smtplib or Django's backends, not `smtp` or `backend`: what tells of a sender
in trouble must not need it.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

import httpx
from django.conf import settings
from django.core import mail
from django.db.models import F, Q

from subscriptions.models import Mailing, Notice

log = logging.getLogger(__name__)

TIMEOUT = 5.0
# One process tells at a time; one that died telling is followed after this.
_TRYING = timedelta(seconds=50)


def owe(key: str, kind: str, text: str = "") -> bool:
    """Let the operator be told once of what `key` names; False: they were, or will be.

    `text` names no address, token or filter.
    """
    wanted = ["ping"] if kind == Notice.Kind.COMPLETE else ["mail", "alert"]
    ways = [way for way in wanted if _is_set(way)]
    _, is_new = Notice.objects.get_or_create(
        key=key[:120], defaults={"kind": kind, "text": text[:600], "ways": ways}
    )
    return is_new


def tell(now: datetime) -> int:
    """Deliver what is owed, each way at most once a minute; how many arrived."""
    told = 0
    free = Q(tried_at=None) | Q(tried_at__lt=now - _TRYING)
    # The newest first, then by turns: what cannot be delivered keeps nothing back.
    turn = F("tried_at").asc(nulls_first=True), "-id"
    for pk in Notice.objects.exclude(ways=[]).order_by(*turn).values_list("pk")[:20]:
        mine = Notice.objects.filter(free, pk=pk[0]).exclude(ways=[])
        if mine.update(tried_at=now, attempts=F("attempts") + 1):
            told += _tell(Notice.objects.get(pk=pk[0]), now)
    return told


def _tell(notice: Notice, now: datetime) -> int:
    owed = [way for way in notice.ways if not _arrived(way, notice, now)]
    arrived = len(notice.ways) - len(owed)
    Notice.objects.filter(pk=notice.pk).update(ways=owed)
    return arrived


def _arrived(way: str, notice: Notice, now: datetime) -> bool:
    """False: to be tried again. A way that is not set any more is not owed either."""
    if not _is_set(way):
        return True
    try:
        _WAYS[way](notice, now)
    except Exception as error:  # a backend may raise anything
        # The error's own text may hold the address or the URL, which may be a secret.
        log.error("the operator could not be told by %s: %s", way, type(error).__name__)
        return False
    return True


def _is_set(way: str) -> bool:
    settled = {
        "mail": settings.OPERATOR_EMAIL,
        "alert": settings.ALERT_URL,
        "ping": settings.PING_URL,
    }
    return bool(settled[way])


def _mail(notice: Notice, now: datetime) -> None:
    subject = f"{settings.SITE_NAME}: {notice.get_kind_display()}"
    text = f"{notice.text}\n\n{settings.PUBLIC_URL}/admin/\n"
    headers = {
        "Date": format_datetime(now),
        "Message-ID": Mailing.message_id_for("notice", notice.pk),
        "Auto-Submitted": "auto-generated",
    }
    sender, recipient = settings.EMAIL_FROM, settings.OPERATOR_EMAIL or ""
    if path := settings.OPERATOR_SERVER.backend:
        message = mail.EmailMessage(subject, text, sender, [recipient], headers=headers)
        mail.get_connection(path).send_messages([message])
    else:
        head = {"From": sender, "To": recipient, "Subject": subject}
        _by_smtp(head | headers, text)


def _by_smtp(headers: dict[str, str], text: str) -> None:
    server = settings.OPERATOR_SERVER
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content(text)
    context = ssl.create_default_context()
    if server.security == "tls":
        relay: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT, context=context
        )
    else:
        relay = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    with relay:
        if server.security == "starttls":
            relay.starttls(context=context)
        if server.user:
            relay.login(server.user, server.password)
        relay.send_message(message)


def _alert(notice: Notice, now: datetime) -> None:
    said = {
        "site": settings.SITE_NAME,
        "kind": notice.kind,
        "text": notice.text,
        "at": notice.created_at.isoformat(timespec="seconds"),
        "url": f"{settings.PUBLIC_URL}/admin/",
    }
    httpx.post(settings.ALERT_URL or "", json=said, timeout=TIMEOUT).raise_for_status()


def _ping(notice: Notice, now: datetime) -> None:
    httpx.get(settings.PING_URL or "", timeout=TIMEOUT).raise_for_status()


_WAYS: dict[str, Callable[[Notice, datetime], None]] = {
    "mail": _mail,
    "alert": _alert,
    "ping": _ping,
}
