"""Bytes to inboxes: what is owed in the ledger goes to the relay, once.

In: rows of Delivery and Letter, and a function that turns their ids into mails. Out:
their states, `DeliveryEvent`s, and how many of each. `loop` is the way of a batch:
`claims` says who may send what, `smtp` hands mails over with the stage of every
failure, `pace` says how fast, `journal` notes what is in hand, `ledger` what came of
it; `recovery` takes over from senders that died, `lost` has what they leave, `epoch`
notices a database that was restored. `inbox` is the embedded inbox for a trial without
a relay.
"""

from .batch import Render
from .epoch import accept_restored, hold_check
from .ledger import totals
from .loop import send
from .lost import held, release_held
from .outcome import (
    Counts,
    LedgerRestored,
    NothingMade,
    Outcome,
    Outgoing,
    RelayDown,
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
    "held",
    "hold_check",
    "release_held",
    "send",
    "totals",
]
