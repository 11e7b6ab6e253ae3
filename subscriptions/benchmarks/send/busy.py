"""A domain that is busy: of every fifth reader, and the relay answers it with 421.

421 ends the session (RFC 5321, section 3.8), so it costs the others a connection each
time. Counted are the others' mails alone, in the same round with 421 and without.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from subscriptions.models import Delivery, Subscriber

from .children import Failed
from .latency import BUSY, OK, Far, Session, far_away

DOMAIN = "busy.example.org"
SHARE = 5  # every fifth reader
_AT = f"@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Compared:
    """The others' mails a second, in a round without 421 and in the one after it."""

    without: float
    beside: float

    @property
    def ratio(self) -> float:
        return self.beside / self.without


def move_in() -> None:
    """Give every fifth reader an address of the busy domain, for good."""
    address = Concat(Value("reader"), Cast("pk", CharField()), Value(_AT))
    some = Subscriber.objects.annotate(place=F("pk") % SHARE).filter(place=0)
    some.update(email=address, email_folded=address, domain=DOMAIN)


@contextmanager
def relay(refuses: bool, core: int | None) -> Iterator[Far]:
    """A relay on loopback that counts the others' mails; it `refuses` the domain, or
    takes its mails too."""
    with far_away(0, core, _Refusing if refuses else _Taking) as far:
        yield far


def settle(day: date, refused: bool) -> None:
    """See that all went but what was refused, and let no reader wait for that: nobody
    has a second digest on the way. Raises Failed."""
    due = Delivery.objects.filter(due_date=day)
    open_ = due.exclude(state=Delivery.State.SENT)
    theirs = due.filter(subscriber__domain=DOMAIN).count() if refused else 0
    if (found := open_.count()) != theirs:
        raise Failed(f"{found} digests were not sent, {theirs} were to be refused")
    open_.update(state=Delivery.State.SENT)


class _Taking(Session):
    def asked_to_mail(self, line: bytes) -> bytes:
        self.counts = _AT.encode() not in line
        return OK


class _Refusing(_Taking):
    def asked_to_mail(self, line: bytes) -> bytes:
        taken = super().asked_to_mail(line)
        return taken if self.counts else BUSY
