"""Bytes to inboxes: what is owed in the ledger goes to the relay, once.

In: rows of Delivery and Letter, and a function that turns their ids into mails. Out:
their states, `DeliveryEvent`s, and how many of each. `loop` is the way of a batch:
`claims` says who may send what, `smtp` hands mails over with the stage of every
failure, `pace` says how fast, `journal` notes what is in hand, `ledger` what came of
it; `recovery` takes over from senders that died, `lost` has what they leave, `epoch`
notices a database that was restored. `pauses`, `window`, `canary` and `breaker` say
when nothing goes, `notices` tells the operator. `inbox` is the embedded inbox for a
trial without a relay.
"""

from .batch import Render
from .breaker import trip
from .canary import begin as begin_canary
from .canary import follow as follow_canary
from .canary import waits as canaries
from .epoch import accept_restored, hold_check
from .ledger import totals
from .loop import send
from .lost import held, release_held
from .notices import owe, tell
from .outcome import (
    Counts,
    LedgerRestored,
    NothingMade,
    Outcome,
    Outgoing,
    RelayDown,
)
from .pauses import (
    lasting,
    pause_all,
    pause_round,
    resume_all,
    resume_round,
    why_nothing_goes,
)

__all__ = [
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
    "totals",
    "trip",
    "why_nothing_goes",
]
