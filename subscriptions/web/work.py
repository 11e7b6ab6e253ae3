"""A little work for the browser, which a sign-up beyond the limits is asked for: once
it takes a reader some seconds, for a thousand letters an hour of a processor.

It is to find an answer whose PBKDF2 with the task as salt begins with so many zero
bits. Browsers have that as fast as programs do, as they have no plain hash. A task is
for one address, which gets one letter a day: doing it again with the same answer is no
use, so that none has to be remembered.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from django.core import signing
from django.utils.crypto import constant_time_compare

from subscriptions.addresses import inbox_of
from subscriptions.models import Suppression

BITS, ITERATIONS = 7, 50_000  # 128 answers are tried in the mean, of about 10 ms each
_SECONDS = 3600
_tasks = signing.TimestampSigner(salt="paper-round.work")


class Task(NamedTuple):
    """As the page hands it to the browser."""

    text: str
    bits: int
    iterations: int


def task_for(address: str) -> Task:
    return Task(_tasks.sign(_named(address)), BITS, ITERATIONS)


def is_done(task: str, answer: str, address: str) -> bool:
    """Is it ours, of the last hour, for this address, and the answer right?"""
    try:
        whose = _tasks.unsign(task, max_age=_SECONDS)
    except signing.BadSignature:
        return False
    if not constant_time_compare(whose, _named(address)) or len(answer) > 20:
        return False
    found = hashlib.pbkdf2_hmac("sha256", answer.encode(), task.encode(), ITERATIONS, 2)
    return int.from_bytes(found) >> (16 - BITS) == 0


def _named(address: str) -> str:
    return Suppression.hash_of(inbox_of(address))[:32]
