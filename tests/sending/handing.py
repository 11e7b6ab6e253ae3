"""Mails handed to a relay, and what a journal heard of it."""

from __future__ import annotations

import math
from collections.abc import Hashable

from subscriptions.sending.outcome import Offer, Outcome, Outgoing
from subscriptions.sending.run import Handed
from subscriptions.sending.smtp import Relay


class Notes:
    """A journal in memory: ("begun", key) and (kind, key), in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Hashable]] = []

    def begun(self, key: Hashable) -> None:
        self.lines.append(("begun", key))

    def ended(self, key: Hashable, outcome: Outcome) -> None:
        self.lines.append((outcome.kind, key))

    def of(self, key: Hashable) -> list[str]:
        return [line for line, whose in self.lines if whose == key]


def an_offer(mail: Outgoing, key: Hashable = 0) -> Offer:
    return Offer(key, mail.sender, mail.recipient, mail.message)


def hand_over(relay: Relay, *mails: Outgoing, stop: float = math.inf) -> Handed:
    """All at once; keys are their numbers from 0."""
    offers = [an_offer(mail, key) for key, mail in enumerate(mails)]
    return relay.hand_in(offers, Notes(), stop).result()


def outcomes(relay: Relay, *mails: Outgoing) -> list[Outcome]:
    """Of all of them, in their order; raises RelayDown where the relay is down."""
    handed = hand_over(relay, *mails)
    if handed.down:
        raise handed.down
    assert handed.untried == []
    return [handed.outcomes[key] for key in range(len(mails))]
