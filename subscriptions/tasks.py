"""Doorbells. Each may be lost, or rung twice: what to do is in the database."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic

from celery import Task, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from . import consent, pipeline
from .sending import RelayDown

# Work stops taking new items after this and rings its successor.
SHIFT = 45.0


def ring(bell: Task[[], None]) -> None:
    """Ask for work now instead of at the next tick; a dead broker delays nothing."""
    with suppress(OperationalError, OSError):
        bell.apply_async(retry=False)


@shared_task(expires=1200)
def ingest() -> None:
    pipeline.ingest()


@shared_task(expires=55)
def tick() -> None:
    now, until = timezone.now(), monotonic() + SHIFT
    try:
        pipeline.judge(now)
        pipeline.publish(now)
        composed = pipeline.compose(now, until)
        pipeline.close_rounds(now)
    finally:  # what is written already, and letters, wait for no fault of these
        send.delay()
    if not composed.done:
        tick.delay()
    pipeline.look_after(now)


@shared_task(expires=55)
def send() -> None:
    with suppress(RelayDown):  # logged by the sender; the next tick tries again
        pipeline.deliver(seconds=SHIFT)


@shared_task(expires=3600)
def forget() -> None:
    now = timezone.now()
    consent.forget(now)
    pipeline.forget(now)
    pipeline.forget_returns(now)


@shared_task(expires=3600)
def remind() -> None:
    pipeline.remind(timezone.now(), until=monotonic() + SHIFT)


@shared_task(expires=240)
def take_returns() -> None:
    pipeline.take_returns(until=monotonic() + SHIFT)
