"""Mails that were handed in together: what goes out, and is known by and by.

Whoever hands mails over, `smtp.Relay` or `backend.Service`, is a `Way`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event
from types import TracebackType
from typing import Any, Protocol, Self

from .brakes.pace import Pace
from .outcome import Offer, Outcome, RelayDown
from .turns import Turns


class Journal(Protocol):
    """Who keeps what must outlive this process. Called in the threads of the way
    out; what these raise ends all that is under way."""

    def begun(self, key: Any) -> None:
        """Called right before the octets that hold the final dot are written, or a
        service is called: from now on the mail is in doubt."""

    def ended(self, key: Any, outcome: Outcome) -> None:
        """Called as soon as the outcome of an offer that was tried is known."""


@dataclass
class Handed:
    """What came of the offers. `untried`: nothing was said about them; the time was
    over, their domain must wait, or the relay is `down`. Keys are the offers'."""

    outcomes: dict[Any, Outcome]
    untried: list[Offer]
    down: RelayDown | None


@dataclass(eq=False)
class Run:
    """`number` offers that were handed in together. The next run is handed in once only
    `few` of them still wait, so that no connection is ever without work."""

    turns: Turns
    number: int
    few: int
    journal: Journal
    stop: float
    outcomes: dict[Any, Outcome] = field(default_factory=dict)
    down: RelayDown | None = None
    is_over: bool = False  # there is word on each
    _handed: Future[Handed] = field(default_factory=Future)
    _is_nearly_over: Event = field(default_factory=Event)

    @classmethod
    def of(
        cls,
        offers: Sequence[Offer],
        connections: int,
        pace: Pace | None,
        journal: Journal,
        stop: float,
    ) -> Run:
        few = max(connections, len(offers) // 4)
        return cls(Turns(offers, pace, stop), len(offers), few, journal, stop)

    # --- for whoever handed it in

    def wait(self) -> None:
        """Until few of them wait for their turn, or all is over."""
        self._is_nearly_over.wait()

    def result(self) -> Handed:
        """What came of all, once there is; raises what ended the relay's work."""
        return self._handed.result()

    # --- for the way out, in its threads

    def settle(self) -> None:
        """Say so where few still wait, and where there is word on each."""
        if self.turns.count <= self.few:
            self._is_nearly_over.set()
        if len(self.outcomes) + len(self.turns.untried) >= self.number:
            self.is_over = True
            self._handed.set_result(
                Handed(self.outcomes, self.turns.untried, self.down)
            )

    def break_off(self, error: BaseException) -> None:
        self.is_over = True
        self._handed.set_exception(error)
        self._is_nearly_over.set()


class Way(Protocol):
    """What hands mails over, by several connections; open within its `with`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def hand_in(self, offers: Sequence[Offer], journal: Journal, stop: float) -> Run:
        """Offer all of them, behind those that were handed in before, and go on."""

    def cut_short(self) -> None:
        """Begin nothing more of what was handed in."""
