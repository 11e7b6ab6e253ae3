"""Whose mail is next: domains in turn, as far as the pace of each admits it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from .brakes.pace import Pace
from .outcome import Offer

WORTH_WAITING = 2.0  # seconds; an offer whose domain takes longer stays untried


class Turns:
    """Offers that wait; those of a domain in their order. `untried`: those that were
    given up, because their domain cannot take them soon or the time is over."""

    def __init__(self, offers: Sequence[Offer], pace: Pace | None, stop: float) -> None:
        self.untried: list[Offer] = []
        self.count = len(offers)
        self.wait = 0.0  # seconds until the next may be admitted, where none was
        self._pace = pace
        self._stop = stop
        self._queues: dict[str, deque[Offer]] = {}
        for offer in offers:
            self._queues.setdefault(self._domain(offer), deque()).append(offer)
        self._turn = deque(self._queues)

    def take(self, now: float) -> Offer | None:
        """The next offer, counted as begun; None where none may begin now."""
        self.wait = math.inf
        for _ in range(len(self._turn)):
            domain = self._turn[0]
            wait = self._pace.admit(domain, now) if self._pace else 0.0
            if wait <= 0:
                return self._pop(domain)
            if wait >= WORTH_WAITING or now + wait >= self._stop:
                self._give_up(domain)
            else:
                self.wait = min(self.wait, wait)
                self._turn.rotate(-1)
        return None

    def put_back(self, offer: Offer) -> None:
        """To the front: nothing was said about it."""
        domain = self._domain(offer)
        if domain not in self._queues:
            self._queues[domain] = deque()
            self._turn.appendleft(domain)
        self._queues[domain].appendleft(offer)
        self.count += 1

    def give_up_all(self) -> None:
        for domain in tuple(self._turn):
            self._give_up(domain)

    def _domain(self, offer: Offer) -> str:
        return offer.domain if self._pace else ""

    def _pop(self, domain: str) -> Offer:
        queue = self._queues[domain]
        offer = queue.popleft()
        self.count -= 1
        if queue:
            self._turn.rotate(-1)
        else:
            self._forget(domain)
        return offer

    def _give_up(self, domain: str) -> None:
        queue = self._queues[domain]
        self.count -= len(queue)
        self.untried.extend(queue)
        self._forget(domain)

    def _forget(self, domain: str) -> None:
        del self._queues[domain]
        self._turn.remove(domain)
