"""Offers to the relay, one after the other over one connection."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from . import smtp
from .outcome import Handed, Journal, Offer, Outcome, RelayDown


class Relay:
    """`smtp.Relay` for offers. One connection, whatever `connections` says."""

    def __init__(
        self,
        server: smtp.Server,
        name: str,
        connections: int = 1,
        timeouts: smtp.Timeouts | None = None,
    ) -> None:
        self._relay = smtp.Relay(server, name, timeouts)

    def __enter__(self) -> Self:
        self._relay.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._relay.__exit__(kind, error, traceback)

    def hand_over(
        self, offers: Sequence[Offer], journal: Journal, stop: float = math.inf
    ) -> Handed:
        """Offer them in order; none is begun after the monotonic `stop`."""
        handed = Handed()
        for position, offer in enumerate(offers):
            if time.monotonic() >= stop:
                handed.untried = list(offers[position:])
                break
            try:
                outcome = self._one(offer, journal)
            except RelayDown as down:
                handed.untried, handed.down = list(offers[position:]), down
                break
            journal.ended(offer.key, outcome)
            handed.outcomes[offer.key] = outcome
        return handed

    def _one(self, offer: Offer, journal: Journal) -> Outcome:
        try:
            message = offer.message()
        except Exception as error:
            return Outcome("deferred", "rendering", type(error).__name__)
        mail = smtp.Mail(offer.sender, offer.recipient, message)
        return self._relay.hand_over(mail, begun=lambda: journal.begun(offer.key))
