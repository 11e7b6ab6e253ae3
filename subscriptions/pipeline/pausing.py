"""What operators do to sending, and what every tick does beside it."""

from __future__ import annotations

from datetime import date, datetime

from subscriptions import sending
from subscriptions.models import Round

from .completeness import check_complete
from .progress import note_pace


def pause(now: datetime, day: date | None = None, reason: str = "") -> bool:
    """Send nothing more of due date `day`, or nothing at all; what was being handed
    over is finished. False: it was paused already.

    A date without a round gets one, so that what is composed later waits.
    """
    if day is None:
        return sending.pause_all(now, reason=reason)
    round_, _ = Round.objects.get_or_create(due_date=day)
    was_paused = round_.paused
    sending.pause_round(round_, now)
    return not was_paused


def resume(now: datetime, day: date | None = None) -> bool:
    """Send exactly the rest; False: it was not paused.

    Without `day` all sending goes on, but for rounds that are paused themselves, and
    what tripped the circuit breaker counts as acknowledged; so does a database that was
    restored, if this machine sends.
    """
    if day is None:
        was_restored = bool(sending.hold_check())
        if was_restored:
            sending.accept_restored()
        return sending.resume_all(now) or was_restored
    round_ = Round.objects.filter(due_date=day, paused=True).first()
    if round_:
        sending.resume_round(round_, now)
    return round_ is not None


def decide_held(resend: bool, day: date | None = None) -> int:
    """Send the mails that are held in doubt once more, with the same Message-ID, or
    leave them so for good; how many: digests of due date `day`, or all, letters too."""
    return sending.release_held(day, resend=resend)


def judge(now: datetime) -> bool:
    """Let the circuit breaker judge what came back; True: it paused all sending."""
    return sending.trip(now)


def look_after(now: datetime) -> None:
    """What a tick does once it has rung for the senders: canaries, figures for the
    front page, the check that complete rounds add up, and notices to the operator."""
    sending.follow_canary(now)
    note_pace(now)
    check_complete(now)
    sending.tell(now)
