"""Chaos by the dice: senders are started, stopped, killed and cut off from their relay
and database while readers leave, then everything comes to rest and is looked at.

Which senders, when and how comes from one seed; what the operating system makes of it
does not, so a seed repeats the plan and not each interleaving.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from subscriptions.crashpoint import POINTS
from tests.end_to_end.service import DAY
from tests.ingestion.invented import an_hf_item
from tests.sending.mail_service import Answer, Call
from tests.sending.oracle import Do, Moment
from tests.up.program import Program
from tests.up.running import ROOT

from .service import world_by_service
from .world import World, world

# A mail whose batch was claimed before its reader left may be past MAIL already.
_UNDER_WAY = 15.0
_SENDERS = 3


@dataclass
class Weather:
    """How the relay or service behaves; `calm` ends it."""

    dice: random.Random
    calm: bool = False

    def of_service(self, call: Call) -> Answer:
        if self.calm or self.dice.random() > 0.12:
            return None
        slowly = {"Retry-After": "1"}
        return self.dice.choice(
            [
                (429, "too many requests", slowly),
                (503, "later", slowly),
                (500, "an error of ours"),
                Do.CLOSE,
                Do.TAKE_AND_CLOSE,
            ]
        )

    def of_relay(self, moment: Moment) -> str | Do | None:
        if self.calm or self.dice.random() > 0.12:
            return None
        if moment.stage == "dot":
            return self.dice.choice(
                ["451 4.3.0 later", Do.TAKE_AND_CLOSE, Do.CLOSE, "452 4.2.2 full"]
            )
        return self.dice.choice(
            ["450 4.2.0 later", "421 4.7.0 too many", "451 4.7.1 greylisted", Do.CLOSE]
        )


@dataclass
class Chaos:
    """One run. `broken` what did not hold, `log` how often what was done."""

    seed: int
    broken: list[str] = field(default_factory=list)
    log: Counter[str] = field(default_factory=Counter)


def chaos(seed: int, seconds: float, kind: str, folder: Path) -> Chaos:
    """Break one world for that long, let it come to rest, say what does not hold. Each
    third seed's mails go out by a service."""
    result = Chaos(seed)
    dice = random.Random(seed)
    weather = Weather(random.Random(seed + 1))
    by_service = seed % 3 == 0
    result.log["runs by a mail service" if by_service else "runs by a relay"] = 1
    made = (
        world_by_service(kind, folder, weather.of_service)
        if by_service
        else world(kind, folder, weather.of_relay)
    )
    with made as here, _hand(here) as hand:
        left = _break(here, hand, dice, time.monotonic() + seconds, result.log)
        weather.calm = True
        hand.ask("resume")
        result.log["taken without an answer"] = here.relay.unanswered
        here.settle(within=120)
        days = "SELECT count(DISTINCT due_date) FROM subscriptions_delivery"
        result.log["due dates"] = here.one(days)[0]
        result.log["mails taken"] = len(here.relay.taken())
        result.log["kills"] = here.kills
        result.log["second copies"] = here.copies()
        result.broken = [*here.broken(), *_mailed_after(here, left)]
    return result


# --- the plan -----------------------------------------------------------------------


def _break(
    here: World, hand: Hand, dice: random.Random, until: float, log: Counter[str]
) -> dict[str, float]:
    """Returns who left, and when that was done."""
    readers, left, running = here.addresses(), {}, []
    days = 0
    while time.monotonic() < until:
        running = [each for each in running if not over(here, each)]
        step = dice.choices(
            ["start", "kill", "stop", "leave", "day", "pause", "cut", "hurry", "wait"],
            [10, 3, 2, 1, 1, 1, 2, 3, 4],
        )[0]
        log[step] += 1
        if step == "start" and len(running) < _SENDERS:
            armed = dice.random() < 0.5
            crash = f"{dice.choice(POINTS)}:{dice.randint(1, 6)}:KILL" if armed else ""
            day = DAY + timedelta(dice.randint(0, days))
            running.append(here.start("round", "--day", str(day), crash=crash))
        elif step == "kill" and running:
            dice.choice(running).send_signal(signal.SIGKILL)
        elif step == "stop" and running:
            _stop(dice.choice(running), dice.uniform(0.1, 1.5))
        elif step == "leave" and len(left) < len(readers) // 3:
            who = dice.choice(sorted(set(readers) - left.keys()))
            left[who] = hand.ask(f"unsubscribe {who}")
        elif step == "day" and days < 3:
            days += 1
            hand.ask(f"day {a_later_day(here.folder, days)}")
        elif step == "pause":
            hand.ask("pause")
            time.sleep(dice.uniform(0, 1))
            hand.ask("resume")
        elif step == "cut":
            here.cut_off()
        elif step == "hurry":
            here.hurry()
        else:
            time.sleep(dice.uniform(0.05, 0.5))
    for each in running:
        if each.poll() is None:
            each.send_signal(signal.SIGKILL)
        here.ended(each)
    return left


def over(here: World, program: Program) -> bool:
    return program.poll() is not None and here.ended(program) is not None


def _stop(process: Program, seconds: float) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        process.send_signal(signal.SIGCONT)


def a_later_day(folder: Path, number: int) -> Path:
    """A later day: five new papers and one that was listed before."""
    day = DAY + timedelta(number)
    first = 1 + 5 * number
    items = [an_hf_item(f"2607.{first + at:05}", day) for at in range(5)]
    path = folder / f"{day}.json"
    path.write_text(json.dumps([*items, an_hf_item("2607.00001", day)]))
    return path


def _mailed_after(here: World, left: dict[str, float]) -> Iterator[str]:
    late = [
        each
        for each in here.relay.digests()
        if each.at > left.get(each.recipient, float("inf")) + _UNDER_WAY
    ]
    if late:
        yield f"{len(late)} digests to readers who had left"


# --- the hand -----------------------------------------------------------------------


class Hand:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, line: str) -> float:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def _hand(here: World) -> Iterator[Hand]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.hand"],
        cwd=ROOT,
        env=here.settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Hand(process)
    finally:
        process.kill()
        process.wait()
