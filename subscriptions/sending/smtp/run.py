"""One call of `Relay.hand_over`: what it is given, and what it knows by and by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from subscriptions.sending.outcome import Offer, Outcome, RelayDown

from .turns import Turns


class Journal(Protocol):
    """Who keeps what must outlive this process. What these raise ends `hand_over`."""

    def begun(self, key: Any) -> None:
        """Called right before the octets that hold the final dot are written: from now
        on the mail is in doubt."""

    def ended(self, key: Any, outcome: Outcome) -> None:
        """Called as soon as the outcome of an offer that was tried is known."""


@dataclass
class Handed:
    """What came of the offers. `untried`: nothing was said about them; the time was
    over, their domain must wait, or the relay is `down`. Keys are the offers'."""

    outcomes: dict[Any, Outcome]
    untried: list[Offer]
    down: RelayDown | None


@dataclass
class Run:
    """One call of `hand_over`."""

    turns: Turns
    open: int  # offers there is no word on yet
    journal: Journal
    stop: float
    done: asyncio.Future[None]
    outcomes: dict[Any, Outcome] = field(default_factory=dict)
    down: RelayDown | None = None
