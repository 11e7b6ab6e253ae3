"""All lines to one mail service, a thread each, and who has which mail.

Everything they share is behind one lock, which is never held during a call. Nothing in
these threads may touch the database: a connection is opened for each thread.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from threading import Condition, Lock, Thread
from types import TracebackType
from typing import Self

from django.core.mail import EmailMultiAlternatives

from subscriptions.crashpoint import crashpoint
from subscriptions.sending.brakes.pace import Pace
from subscriptions.sending.outcome import UNMADE, Offer, Outcome, RelayDown
from subscriptions.sending.run import Journal, Run
from subscriptions.sending.turns import WORTH_WAITING

from .answers import STAGE
from .line import Line
from .message import as_django

_BEGIN = 120.0  # seconds after its time was over in which a mail may still begin
_GOODBYE = 2.0  # seconds to close a line
log = logging.getLogger(__name__)


class Service:
    """Up to `connections` calls at once of the backend with the dotted name `path`.

    Until one mail was taken or refused there is one call at a time, so that a wrong key
    is tried once. Without word on it a mail goes to the front again; the service is
    then down for all that was handed in.
    """

    def __init__(self, path: str, connections: int = 1, pace: Pace | None = None):
        self._pace = pace
        self._news = Condition()
        self._making = Lock()  # one mail at a time is made, as by a relay's one thread
        self._runs: list[Run] = []
        self._calls = 0
        self._is_proven = False
        self._is_closed = False
        self._fault: BaseException | None = None
        self._threads = [
            Thread(target=self._work, args=[Line(path)], name="service", daemon=True)
            for _ in range(connections)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Calls that are open are not waited for: their mails are in the journal."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()
        until = time.monotonic() + (_GOODBYE if kind is None else 0)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def hand_in(
        self, offers: Sequence[Offer], journal: Journal, stop: float = math.inf
    ) -> Run:
        """Offer all of them, behind those that were handed in before, and go on.

        After the monotonic `stop` no call begins; those that are open end. Keys must
        differ from all that are under way. What a journal raises is raised by each
        run's `result`.
        """
        run = Run.of(offers, len(self._threads), self._pace, journal, stop)
        with self._news:
            if self._fault:
                run.break_off(self._fault)
            else:
                self._runs.append(run)
                self._settle_all()
            self._news.notify_all()
        return run

    def cut_short(self) -> None:
        """Begin nothing more of what was handed in."""
        with self._news:
            for run in self._runs:
                run.stop = 0.0
            self._news.notify_all()

    # --- in the threads

    @property
    def _is_over(self) -> bool:
        """Nobody waits for outcomes any more, and a journal may be another batch's."""
        return self._is_closed or self._fault is not None

    def _work(self, line: Line) -> None:
        try:
            while taken := self._next():
                self._offer(line, *taken)
        except BaseException as error:
            self._broken(error)
        finally:
            line.close()

    def _next(self) -> tuple[Run, Offer] | None:
        """The next mail and its run, counted, once one may go; None: it is over."""
        with self._news:
            while not self._is_over:
                now = time.monotonic()
                taken = None
                if self._is_proven or not self._calls:
                    self._give_up(now)
                    taken = self._take(now)
                self._settle_all()  # to take may be to give a domain's mails up
                if taken:
                    self._calls += 1
                    return taken
                self._news.wait(self._seconds(now))
        return None

    def _take(self, now: float) -> tuple[Run, Offer] | None:
        for run in self._runs:
            if offer := run.turns.take(now):
                return run, offer
        return None

    def _seconds(self, now: float) -> float | None:
        """Until one may go without any news; None where that cannot be."""
        waiting = [run for run in self._runs if run.turns.count]
        if not waiting or (self._calls and not self._is_proven):
            return None
        wait = min(min(run.turns.wait, run.stop - now) for run in waiting)
        return None if wait == math.inf else max(wait, 0.001)

    def _give_up(self, now: float) -> None:
        """What may not begin any more stays untried."""
        if self._pace and (seconds := self._pace.relay_rests(now)) >= WORTH_WAITING:
            why = f"the mail service {self._pace.why_relay_rests}"
            self._all_down(RelayDown(f"{why}; left alone for {seconds:.0f} s more"))
        for run in self._runs:
            if run.down or now >= run.stop:
                run.turns.give_up_all()

    def _offer(self, line: Line, run: Run, offer: Offer) -> None:
        message = self._made(offer)
        if isinstance(message, Outcome):
            return self._ended(run, offer, message)
        try:
            line.open()
        except RelayDown as down:
            return self._is_down(run, offer, down)
        if not self._may_call(run, offer):
            return None
        try:
            outcome = line.send(message, offer)
        except RelayDown as down:
            # It took nothing with it: from now on the mail is not in doubt.
            self._note(run, offer, Outcome("deferred", STAGE, str(down)))
            return self._is_down(run, offer, down)
        crashpoint("call.answered")
        return self._ended(run, offer, outcome)

    def _made(self, offer: Offer) -> EmailMultiAlternatives | Outcome:
        try:
            with self._making:
                return as_django(offer.message(), offer.recipient)
        except Exception as error:
            return Outcome("deferred", "rendering", UNMADE + type(error).__name__)

    def _may_call(self, run: Run, offer: Offer) -> bool:
        """Note that the call begins; not if opening the line took too long for that."""
        with self._news:
            if self._is_over:
                self._untold(offer)
                return False
            if run.down or time.monotonic() > run.stop + _BEGIN:
                self._again(run, offer)
                return False
            try:
                run.journal.begun(offer.key)
            except BaseException:
                self._untold(offer)
                raise
            return True

    def _ended(self, run: Run, offer: Offer, outcome: Outcome) -> None:
        with self._news:
            if self._is_over:
                self._untold(offer)
                return
            self._calls -= 1
            if outcome.stage != "rendering":
                self._is_proven = True
            run.outcomes[offer.key] = outcome
            if self._pace:
                self._pace.told(offer.domain, outcome, time.monotonic())
            run.journal.ended(offer.key, outcome)
            self._settle_all()
            self._news.notify_all()

    def _is_down(self, run: Run, offer: Offer, down: RelayDown) -> None:
        """The service takes nothing from us; that is no word on this mail."""
        with self._news:
            if self._is_over:
                self._untold(offer)
                return
            self._is_proven = False
            self._all_down(down)
            self._again(run, offer)

    def _note(self, run: Run, offer: Offer, outcome: Outcome) -> None:
        with self._news:
            if not self._is_over:
                run.journal.ended(offer.key, outcome)

    def _again(self, run: Run, offer: Offer) -> None:
        self._calls -= 1
        self._untold(offer)
        run.turns.put_back(offer)
        self._news.notify_all()

    def _untold(self, offer: Offer) -> None:
        """Tell the pace, which outlives this service: the mail is not under way."""
        if self._pace:
            self._pace.told(offer.domain, None, time.monotonic())

    def _broken(self, error: BaseException) -> None:
        """Something that must not be swallowed was raised. It is over: with a full disk
        another batch would leave as many mails in doubt again."""
        with self._news:
            self._fault = self._fault or error
            for run in self._runs:
                run.break_off(error)
            self._runs.clear()
            self._news.notify_all()

    def _all_down(self, error: RelayDown) -> None:
        for run in self._runs:
            run.down = run.down or error

    def _settle_all(self) -> None:
        for run in tuple(self._runs):
            run.settle()
            if run.is_over:
                self._runs.remove(run)
