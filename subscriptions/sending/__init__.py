"""Bytes to inboxes: what is owed in the ledger goes to the relay, once.

In: rows of Delivery and Letter, and a function that turns their ids into mails. Out:
their states, `DeliveryEvent`s, and how many of each. `loop` is the way of a batch:
`ledger` says who may send what and keeps what came of it, `batch` has the mails made,
`smtp` or a Django e-mail `backend` hands them over, a `run` at a time and in `turns`,
with the stage of every failure (`outcome`), `recovery` notes what is in hand and takes
over from senders that died. `brakes` say how fast, and when nothing goes; `notices`
tells the operator. `returns` is what comes back later. `inbox` is the embedded inbox
for a trial without a relay. Each imports only what stands to its right: loop, batch and
backend, smtp, run, turns, recovery, ledger, brakes, notices, `verdicts` (the table of
what servers say of an address) and outcome.
"""

from .batch import Render
from .brakes.breaker import trip
from .brakes.canary import begin as begin_canary
from .brakes.canary import follow as follow_canary
from .brakes.canary import waits as canaries
from .brakes.pauses import (
    lasting,
    pause_all,
    pause_round,
    resume_all,
    resume_round,
    why_nothing_goes,
)
from .ledger.attempts import DOUBTED
from .ledger.epoch import accept_restored, hold_check
from .loop import send
from .notices import owe, tell
from .outcome import (
    Counts,
    LedgerRestored,
    NothingMade,
    Outcome,
    Outgoing,
    RelayDown,
)
from .recovery.lost import held, release_held

__all__ = [
    "DOUBTED",
    "Counts",
    "LedgerRestored",
    "NothingMade",
    "Outcome",
    "Outgoing",
    "RelayDown",
    "Render",
    "accept_restored",
    "begin_canary",
    "canaries",
    "follow_canary",
    "held",
    "hold_check",
    "lasting",
    "owe",
    "pause_all",
    "pause_round",
    "release_held",
    "resume_all",
    "resume_round",
    "send",
    "tell",
    "trip",
    "why_nothing_goes",
]
