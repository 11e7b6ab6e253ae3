"""All connections to one relay, and the event loop they live in.

Synchronous outside: `hand_over` runs the loop until there is word on every mail. Inside
it nothing may touch the database.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import uvloop

from subscriptions.sending.brakes.pace import Pace
from subscriptions.sending.outcome import (
    UNMADE,
    Offer,
    Outcome,
    RelayDown,
)

from .connection import Connection
from .run import Handed, Journal, Run
from .session import Server, Timeouts, opened
from .transaction import Transaction, prepared
from .turns import WORTH_WAITING, Turns

_FRUITLESS = 5  # sessions in a row that end before any mail got past MAIL
_REOPEN = 10.0  # seconds until a relay that refused one more connection is asked again
_GOODBYE = 2.0  # seconds for the answers to QUIT
log = logging.getLogger(__name__)


class Relay:
    """Up to `connections` sessions, opened when there are mails for them and kept until
    the end. The first is opened alone, so that a wrong password is tried once.

    `name` is what EHLO says: a host name or an address literal (RFC 5321 4.1.3).
    """

    def __init__(
        self,
        server: Server,
        name: str,
        connections: int = 1,
        timeouts: Timeouts | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._server = server
        self._name = name
        self._most = connections
        self._times = timeouts or Timeouts()
        self._pace = pace
        self._loop = uvloop.new_event_loop()
        self._connections: set[Connection] = set()
        self._idle: list[Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._run: Run | None = None
        self._fruitless = 0
        self._reopen_at = 0.0
        self._look_timer: asyncio.TimerHandle | None = None
        self._is_looking = False
        self._gone: asyncio.Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._loop.is_closed():
            return
        if kind is None and self._connections:
            self._run_until(self._say_goodbye())
        self._abort()
        self._loop.close()

    def hand_over(
        self, offers: Sequence[Offer], journal: Journal, stop: float = math.inf
    ) -> Handed:
        """Offer all of them; returns when there is word on each or it stays untried.

        After the monotonic `stop` no transaction begins; those under way end, but a
        body is not begun later than `Timeouts.begin` after it. Keys must differ. What
        a journal raises is raised, with all connections closed.
        """
        turns = Turns(offers, self._pace, stop)
        done = self._loop.create_future()
        run = self._run = Run(turns, len(offers), journal, stop, done)
        is_whole = False
        try:
            if offers:
                self._run_until(self._work(run))
            is_whole = True
        finally:
            self._run = None
            if not is_whole:
                self._abort()
        return Handed(run.outcomes, turns.untried, run.down)

    async def _work(self, run: Run) -> None:
        for connection in self._connections:
            connection.is_fresh = False  # it may have been closed since
        seconds = run.stop - time.monotonic()
        at_stop = self._loop.call_later(min(max(seconds, 0) + 0.001, 1e6), self._look)
        watch = asyncio.ensure_future(self._watch())
        self._look()
        try:
            await run.done
        finally:
            at_stop.cancel()
            self._rest()
            unfinished = [watch, *self._opening]
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    # --- the desk of the connections

    def next(self, connection: Connection) -> Transaction | None:
        """The next mail for this connection, made and counted."""
        run, now = self._run, time.monotonic()
        if run is None or run.down or now >= run.stop:
            return None
        while (offer := run.turns.take(now)) is not None:
            made = _made(offer, connection.features)
            if isinstance(made, Transaction):
                return made
            self.ended(offer, made)
        self._look_soon()
        return None

    def may_begin(self) -> bool:
        run = self._run
        return run is None or time.monotonic() < run.stop + self._times.begin

    def begun(self, offer: Offer) -> None:
        if self._run:
            self._run.journal.begun(offer.key)

    def ended(self, offer: Offer, outcome: Outcome) -> None:
        run = self._run
        if run is None:
            return
        run.outcomes[offer.key] = outcome
        if outcome.stage in {"RCPT", "DATA", "payload", "dot"}:
            self._fruitless = 0
        if self._pace:
            self._pace.told(offer.domain, outcome, time.monotonic())
        run.journal.ended(offer.key, outcome)
        if self._idle and run.turns.count:
            self._look_soon()
        self._settle(run)

    def again(self, offer: Offer) -> None:
        """Nothing was said about it: it goes back to the front."""
        if self._run:
            if self._pace:
                self._pace.told(offer.domain, None, time.monotonic())
            self._run.turns.put_back(offer)
            self._look_soon()

    def refused(self, offer: Offer, why: str) -> None:
        """The relay takes nothing from us; that is no word on this mail."""
        self.again(offer)
        self._is_down(why)

    def idle(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._run and self._run.turns.count:
            self._look_soon()

    def lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if connection.is_fresh and connection.was_offered:
            self._fruitless += 1
            if self._fruitless >= _FRUITLESS:
                self._is_down("closes every session before it takes a mail")
        if self._gone and not self._connections and not self._gone.done():
            self._gone.set_result(None)
        self._look_soon()

    def broken(self, error: BaseException) -> None:
        """Something that must not be swallowed was raised inside the loop."""
        if self._run and not self._run.done.done():
            self._run.done.set_exception(error)

    # --- who does what

    def _look_soon(self) -> None:
        if not self._is_looking:
            self._look_in(0)

    def _look_in(self, seconds: float) -> None:
        self._rest()
        if self._run and not self._run.done.done():
            self._look_timer = self._loop.call_later(seconds, self._look)

    def _rest(self) -> None:
        if self._look_timer:
            self._look_timer.cancel()
        self._look_timer = None

    def _look(self) -> None:
        """Give idle connections work, open more where there is more than they do."""
        run = self._run
        if run is None or run.done.done() or self._is_looking:
            return
        self._is_looking = True
        try:
            self._share_out(run)
        except BaseException as error:
            self.broken(error)
        finally:
            self._is_looking = False
        self._settle(run)

    def _share_out(self, run: Run) -> None:
        self._rest()
        if self._pace and not run.down:
            seconds = self._pace.relay_rests(time.monotonic())
            if seconds >= WORTH_WAITING:
                self._is_down(f"asks for a pause, {seconds:.0f} s are left of it")
        if run.down or time.monotonic() >= run.stop:
            run.turns.give_up_all()
        while self._idle and run.turns.count:
            connection = self._idle.pop()
            connection.go_on()
            if self._idle and self._idle[-1] is connection:
                break  # nothing may begin now
        if run.turns.count and self._idle:
            self._look_in(min(max(run.turns.wait, 0.001), 1.0))
        elif run.turns.count:
            self._open_more(run.turns.count)

    def _open_more(self, wanted: int) -> None:
        standing, opening = len(self._connections), len(self._opening)
        if not standing:
            number = 0 if opening else 1
        elif time.monotonic() < self._reopen_at:
            number = 0
        else:
            number = min(self._most - standing, wanted) - opening
        for _ in range(number):
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened)

    async def _open(self) -> None:
        try:
            session = await opened(self._server, self._name, self._times)
        except RelayDown as error:
            self._reopen_at = time.monotonic() + _REOPEN
            if not self._connections and len(self._opening) <= 1 and self._run:
                self._run.down = self._run.down or error
            else:
                log.warning("one connection less: %s", error)
            return
        connection = Connection(session, self._times, self)
        self._connections.add(connection)
        connection.go_on()

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.broken(error)
        self._look_soon()

    async def _watch(self) -> None:
        """Drop connections whose reply is overdue. One look at all of them instead of a
        timer for each command, which would cost more than the command."""
        times = self._times
        shortest = min(
            times.mail, times.rcpt, times.data, times.payload, times.dot, 4.0
        )
        while True:
            await asyncio.sleep(shortest / 4)
            now = time.monotonic()
            try:
                for connection in tuple(self._connections):
                    if now > connection.deadline:
                        connection.drop("no answer in time")
            except BaseException as error:
                self.broken(error)
                raise

    def _is_down(self, why: str) -> None:
        if self._run and not self._run.down:
            where = f"{self._server.host}:{self._server.port}"
            self._run.down = RelayDown(f"{where} {why}")
            self._look_soon()

    def _settle(self, run: Run) -> None:
        """End the call where there is word on every mail, or none to be waited for."""
        told = len(run.outcomes) + len(run.turns.untried)
        if told >= run.open and not run.done.done():
            run.done.set_result(None)

    async def _say_goodbye(self) -> None:
        self._gone = self._loop.create_future()
        for connection in tuple(self._connections):
            connection.quit()
        await asyncio.wait([self._gone], timeout=_GOODBYE)

    def _abort(self) -> None:
        """Close everything at once; without a word to anybody, the run is over."""
        for connection in self._connections:
            connection.abort()
        self._connections.clear()
        self._idle.clear()
        if not self._loop.is_running():
            self._run_until(asyncio.sleep(0))

    def _run_until(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the loop; also inside another one of this thread, which stands still
        meanwhile as it does for any synchronous call."""
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            self._loop.run_until_complete(work)
        finally:
            asyncio._set_running_loop(outer)


def _made(offer: Offer, features: Mapping[str, str]) -> Transaction | Outcome:
    try:
        message = offer.message()
    except Exception as error:
        return Outcome("deferred", "rendering", UNMADE + type(error).__name__)
    return prepared(offer, message, features)
