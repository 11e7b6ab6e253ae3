"""The tables, their constraints and the questions they answer.

What every other package reads and writes goes through here; nothing here imports
anything else of ours. Nothing here sends, fetches or renders.
"""

from .actions import Mute, SavedPaper
from .among import among, among_texts
from .epoch import LedgerEpoch
from .events import DeliveryEvent
from .mailings import Delivery, Letter, Mailing
from .operating import Notice, Pause
from .papers import Card, Edition, Listing, Paper, Source, SourceRun
from .readers import (
    ConsentRecord,
    Subscriber,
    Subscription,
    TopicFilter,
)
from .rounds import Round
from .suppressions import Suppression

__all__ = [
    "Card",
    "ConsentRecord",
    "Delivery",
    "DeliveryEvent",
    "Edition",
    "LedgerEpoch",
    "Letter",
    "Listing",
    "Mailing",
    "Mute",
    "Notice",
    "Paper",
    "Pause",
    "Round",
    "SavedPaper",
    "Source",
    "SourceRun",
    "Subscriber",
    "Subscription",
    "Suppression",
    "TopicFilter",
    "among",
    "among_texts",
]
