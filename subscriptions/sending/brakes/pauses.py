"""When nothing is sent: pauses of all sending or of one round, and the closed window.

Horizons stand still meanwhile (rounds.md 18). A time is given back once, when it is
over, however many of these lay over one another: `_given_until` says how far.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from subscriptions.models import Delivery, Letter, Mailing, Pause, Round
from subscriptions.models.mailings import HORIZON_ENDS

from . import window

By = Pause.By


def pause_all(now: datetime, by: str = By.OPERATOR, reason: str = "") -> bool:
    """Send nothing more, letters included; False: it was paused already."""
    # In a night without sending, horizons stand still since the evening.
    since = now if window.is_open(now) else window.last_closing(now)
    try:
        with transaction.atomic():
            Pause.objects.create(by=by, reason=reason[:300], started_at=since)
    except IntegrityError:
        return False
    return True


def resume_all(now: datetime) -> bool:
    """Let all go on from where it stood; False: it was not paused.

    What tripped the circuit breaker is thereby acknowledged (`breaker`).
    """
    with transaction.atomic():
        lasting = Pause.objects.select_for_update().filter(lasts=True).first()
        if lasting is None:
            return False
        since = max(lasting.started_at, _given_until() or lasting.started_at)
        lasting.lasts, lasting.ended_at = False, max(now, lasting.started_at)
        lasting.save(update_fields=["lasts", "ended_at"])
        _give_to_all(since, now)
    return True


def lasting() -> Pause | None:
    """The pause of all sending, if there is one."""
    return Pause.objects.filter(lasts=True).first()


def why_nothing_goes(now: datetime) -> str:
    """Why nothing may be sent at `now`, in words for the operator; "": it may."""
    if paused := lasting():
        return f"{paused}" + (f": {paused.reason}" if paused.reason else "")
    if not window.is_open(now):
        return f"the send window opens at {window.next_opening(now):%H:%M} UTC"
    return ""


def note_opening(now: datetime) -> None:
    """Give the horizons the time that the send window was closed, once it is open
    again: called before each claim, and done by the first one."""
    opened, closed = window.last_opening(now), window.last_closing(now)
    if opened == closed:
        return  # it is always open
    given = _given_until() or closed
    if given >= opened:
        return
    with transaction.atomic():
        _, is_new = Pause.objects.get_or_create(
            by=By.WINDOW,
            ended_at=opened,
            defaults={"started_at": closed, "lasts": False},
        )
        if is_new:
            _give_to_all(max(closed, given), opened)


def pause_round(round_: Round, now: datetime) -> None:
    """Let what is not sent yet of this round wait for `resume_round`."""
    waiting = Round.objects.filter(pk=round_.pk, paused=False)
    waiting.update(paused=True, paused_at=now)
    round_.refresh_from_db(fields=["paused", "paused_at"])


def resume_round(round_: Round, now: datetime) -> None:
    """Let what waits go on from where it stood. Resuming what is not paused moves no
    horizon."""
    with transaction.atomic():
        # Locked, and first as in `resume_all`: else neither gives the time of all.
        all_paused = Pause.objects.select_for_update().filter(lasts=True).first()
        paused = Round.objects.select_for_update().filter(pk=round_.pk, paused=True)
        if (found := paused.first()) is not None:
            # While all is paused the rest of the time is given when that ends.
            until = min(now, all_paused.started_at) if all_paused else now
            since = found.paused_at or found.started_at
            _give(found.deliveries.all(), since, until)
            paused.update(paused=False, paused_at=None)
    round_.refresh_from_db(fields=["paused", "paused_at"])


def may_go(model: type[Delivery] | type[Letter]) -> Q:
    """Which rows of `model` may be claimed, as far as their rounds are concerned:
    not those of a paused one, and only the canary of one that waits for it."""
    allowed = Q()
    if model is Letter:
        return allowed
    has_canary = Q(state=Round.State.OPEN) & ~Q(canary=[])
    held = Round.objects.filter(Q(paused=True) | has_canary)
    now = timezone.now()
    for round_ in held.only("paused", "canary", "canary_until"):
        if round_.paused:
            allowed &= ~Q(round=round_.pk)
        elif round_.canary_until is None or round_.canary_until > now:
            allowed &= ~Q(round=round_.pk) | Q(pk__in=round_.canary)
    return allowed


def held_among(mails: QuerySet[Any]) -> set[int]:
    """Ids of claimed mails that must wait after all: asked before a batch goes."""
    if Pause.objects.filter(lasts=True).exists():
        return set(mails.values_list("pk", flat=True))
    if mails.model is Letter:
        return set()
    return set(mails.filter(round__paused=True).values_list("pk", flat=True))


def _given_until() -> datetime | None:
    """Up to when time that stood still has been given to the horizons."""
    ends = Pause.objects.filter(lasts=False).order_by("-ended_at")
    return ends.values_list("ended_at", flat=True).first()


def _give_to_all(since: datetime, until: datetime) -> None:
    _give(Letter.objects.all(), since, until)
    _give(Delivery.objects.exclude(round__in=_paused_rounds()), since, until)
    # A paused round's time goes on; it began when the first of the two did.
    _paused_rounds().filter(paused_at__gt=since).update(paused_at=since)


def _paused_rounds() -> QuerySet[Round]:
    return Round.objects.filter(paused=True)


def _give(mails: QuerySet[Any], since: datetime, until: datetime) -> None:
    """Move the horizons of what is open by the time from `since` to `until`, for a
    mail made meanwhile by what was left of it."""
    stood = Value(until) - Greatest(F("created_at"), Value(since))
    if until > since:
        waiting = mails.filter(state__in=Mailing.WAITING, created_at__lt=until)
        waiting.update(expires_at=HORIZON_ENDS + stood)
