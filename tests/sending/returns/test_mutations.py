"""Bytes of strangers: whatever is done to a report, it is read or refused."""

from __future__ import annotations

import os
import random

from subscriptions.models import Delivery, DeliveryEvent
from subscriptions.sending import returns

from .mails import Target, failed
from .samples import SAMPLES

SEED = 20260707
HOW_MANY = 10_000 if os.environ.get("TEST_FULL") else 1_000
_NOISE = (b"\x00", b"\xff", b"\r", b"\n\n", b"=?utf-8?q?=ff?=", b";", b'"', b"\xe2\x80")


def test_mutated_reports_raise_nothing(digest: Delivery) -> None:
    """Their number, and the seed that repeats them, stand above."""
    target = Target.of(digest)
    raws = [sample.raw(target) for sample in SAMPLES]
    raws = [raw for raw in raws if len(raw) < 20_000]
    chance = random.Random(SEED)
    results = set()
    for number in range(HOW_MANY):
        raw = mutated(chance, raws)
        known = [target.bounce] if number % 2 else []
        taken = returns.take(raw, known)
        assert bool(taken.type) != bool(taken.why)
        results.add(taken.type or "refused")
    assert results >= {"bounced", "deferred", "complained", "autoreplied", "refused"}
    assert DeliveryEvent.objects.count() < 20  # one of a type for a mail, or a reader


def test_no_charset_that_cannot_be_one_costs_a_report(digest: Delivery) -> None:
    """Of 10,000 mutated reports one had a NUL in it: the standard library raises what
    it raises for no other name of a charset."""
    raw = failed(Target.of(digest), "5.1.1", text="unknown: Jos\xe9".encode("latin-1"))
    raw = raw.replace(b"charset=utf-8", b"charset=us\x00ascii")
    assert returns.take(raw).type == "bounced"


def mutated(chance: random.Random, raws: list[bytes]) -> bytes:
    """One of `raws` after one to six changes."""
    raw = bytearray(chance.choice(raws))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(raw) + 1)
        size = chance.choice([1, 3, 20, 200])
        match chance.randrange(7):
            case 0:
                del raw[at : at + size]
            case 1:
                raw[at:at] = raw[at : at + size]
            case 2:
                raw[at:at] = chance.choice(_NOISE) * chance.randint(1, 4)
            case 3:
                raw[at : at + size] = chance.randbytes(len(raw[at : at + size]))
            case 4:
                other = chance.choice(raws)
                start = chance.randrange(len(other) + 1)
                raw[at:at] = other[start : start + size * 3]
            case 5:
                del raw[at:]
            case _:
                raw[at : at + size] = raw[at : at + size].swapcase()
    return bytes(raw)
