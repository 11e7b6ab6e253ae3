"""A batch on its way to the relay: how large it is, what is made of it, and when."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from subscriptions.crashpoint import crashpoint

from .ledger.attempts import Lease
from .outcome import UNMADE, NothingMade, Offer, Outcome, Outgoing, kind_and_place
from .recovery.journal import Journal
from .run import Run

Render = Callable[[Sequence[int]], Mapping[int, Outgoing]]
Fault = tuple[str, str]  # the kind of an error, and where it was raised
log = logging.getLogger(__name__)

_MISSING = Outcome("deferred", "rendering", UNMADE + "nothing came")
_TOO_LATE = Outcome("deferred", "message", "its lease was over before it went out")
_QUICK = 3.0  # seconds a batch may take, about: what a pause has to wait for


@dataclass
class Size:
    """How many mails the next batch has: twice as many after a quick one, half as many
    after a slow one, from `least` to `most`. So a relay that takes five seconds for a
    mail does not keep those who unsubscribe waiting, and a quick one is not kept
    waiting by the database."""

    least: int
    most: int
    now: int = 0

    def __post_init__(self) -> None:
        # Two at first: a fault common to all mails does not look like one mail's own.
        self.now = min(max(self.least, 2), self.most)

    def after(self, seconds: float) -> None:
        if seconds < _QUICK:
            self.now = min(self.now * 2, self.most)
        else:
            self.now = max(self.now // 2, min(self.least, self.most))


class LeaseOver(Exception):
    """Too late to begin a mail, or to end it: another sender may hold it by now."""


@dataclass
class Making:
    """The mails of a batch while they are made and offered, each when it is its turn.

    After `begin_by` (seconds of `awake`) no attempt is made: those mails are `late`.
    After `end_by` not even a final dot is written: whoever was stopped in the middle
    of a mail must not end it. Of a mail that cannot be made `faults` has why.
    """

    journal: Journal
    begin_by: float
    end_by: float
    faults: dict[Lease, Fault] = field(default_factory=dict)
    late: set[Lease] = field(default_factory=set)

    def offer(self, lease: Lease, mail: Outgoing) -> Offer:
        def message() -> bytes:
            if awake() > self.begin_by:
                self.late.add(lease)
                raise LeaseOver
            self.journal.making(lease)
            crashpoint("render.before")
            try:
                octets = mail.message()
            except Exception as error:
                self.faults[lease] = kind_and_place(error)
                raise
            crashpoint("render.made")
            return octets

        return Offer(lease, mail.sender, mail.recipient, message, mail.is_tidy)

    def begun(self, lease: Lease) -> None:
        """Noted before the clock is looked at: a process that is stopped between the
        two has begun it for all others; one that is stopped before them finds its time
        over."""
        self.journal.begun(lease)
        if awake() > self.end_by:
            self.journal.ended(lease, _TOO_LATE)
            raise LeaseOver("stopped in the middle of a mail until its lease was over")

    def ended(self, lease: Lease, outcome: Outcome) -> None:
        self.journal.ended(lease, outcome)

    def outcome(self, lease: Lease, outcome: Outcome) -> Outcome:
        """What came of it, in our words where it could not be made."""
        if lease not in self.faults:
            return outcome
        kind, place = self.faults[lease]
        log.error("mail %d could not be made: %s at %s", lease.id, kind, place)
        return Outcome("deferred", "rendering", UNMADE + kind)


@dataclass(frozen=True)
class UnderWay:
    """A batch with the relay since the monotonic `begun`; `unmade`: mails that could
    not be handed in, and why."""

    run: Run
    making: Making
    unmade: dict[Lease, Outcome]
    begun: float


def awake() -> float:
    """Seconds since the machine was started, those it slept included: a lease runs on
    while a laptop sleeps, which time.monotonic does not see."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def prepared(
    leases: Sequence[Lease], render: Render
) -> dict[Lease, Outgoing | Outcome]:
    """The mail of each lease, or why there is none: one bad row spoils no other.

    Raises NothingMade where none can be made even alone: then it is not the rows, and
    they must not be quarantined for it.
    """
    try:
        mails = render([lease.id for lease in leases])
    except Exception as error:
        fault = kind_and_place(error)
    else:
        return {one: mails.get(one.id, _MISSING) for one in leases}
    made: dict[Lease, Outgoing | Outcome] = {}
    faults: dict[Lease, Fault] = {}
    for one in leases:
        try:
            made[one] = render([one.id]).get(one.id, _MISSING)
        except Exception as error:
            faults[one] = kind_and_place(error)
    if not made:
        refuse_common(faults)
    log.warning("mails could not be made at once: %s at %s", *fault)
    for one, (kind, place) in faults.items():
        log.error("mail %d could not be made: %s at %s", one.id, kind, place)
        made[one] = Outcome("deferred", "rendering", UNMADE + kind)
    return made


def refuse_common(faults: Mapping[Lease, Fault]) -> None:
    """Raise NothingMade where these, all there were, cannot be for faults of their own.

    That takes two that did not fail among good ones before; bad rows that are due
    again together are no common fault.
    """
    if sum(not lease.unmade for lease in faults) > 1:
        kind, place = next(iter(faults.values()))
        raise NothingMade(f"no mail could be made: {kind} at {place}")
