"""All connections to one relay, and the thread they live in.

Mails are handed in a run at a time, the next one while the last of those before are on
their way, so that no connection waits for the database. In the thread nothing may touch
that: outside, its connection is another thread's, and slow.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Hashable, Sequence
from types import TracebackType
from typing import Self

from subscriptions.sending.brakes.pace import Pace
from subscriptions.sending.outcome import Offer, Outcome, RelayDown
from subscriptions.sending.run import Journal, Run
from subscriptions.sending.turns import WORTH_WAITING

from .connection import Connection
from .session import Server, Timeouts, opened
from .thread import LoopThread
from .transaction import Transaction, made

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
        self._thread = LoopThread(self.broken)
        self._loop = self._thread.loop
        self._connections: set[Connection] = set()
        self._idle: list[Connection] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._runs: list[Run] = []
        self._under_way: dict[Hashable, tuple[Run, Offer]] = {}  # by the offer's key
        self._watching: asyncio.Task[None] | None = None
        self._fault: BaseException | None = None
        self._fruitless = 0
        self._reopen_at = 0.0
        self._look_timer: asyncio.TimerHandle | None = None
        self._is_looking = False
        self._gone: asyncio.Future[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.end(self._leave(gently=kind is None))

    def hand_in(
        self, offers: Sequence[Offer], journal: Journal, stop: float = math.inf
    ) -> Run:
        """Offer all of them, behind those that were handed in before, and go on.

        After the monotonic `stop` no transaction begins; those under way end, but a
        body is not begun later than `Timeouts.begin` after it. Keys must differ from
        all that are under way. What a journal raises is raised by each run's `result`,
        with all connections closed.
        """
        run = Run.of(offers, self._most, self._pace, journal, stop)
        self._thread.soon(self._take_in, run)
        return run

    def cut_short(self) -> None:
        """Begin nothing more of what was handed in."""
        self._thread.soon(self._stop_all)

    # --- in the thread, from here on

    def _take_in(self, run: Run) -> None:
        if self._fault:
            run.break_off(self._fault)
            return
        self._runs.append(run)
        for connection in self._idle:
            connection.is_fresh = False  # it may have been closed since
        if self._watching is None:
            self._watching = self._loop.create_task(self._watch())
        if run.stop < math.inf:
            seconds = run.stop - time.monotonic()
            self._loop.call_later(min(max(seconds, 0) + 0.005, 1e6), self._look)
        self._settle(run)  # there may be none
        self._look()

    def _stop_all(self) -> None:
        for run in self._runs:
            run.stop = 0.0
        self._look()

    async def _leave(self, gently: bool) -> None:
        if gently and self._connections:
            await self._say_goodbye()
        self._abort()
        unfinished = [*self._opening, *([self._watching] if self._watching else [])]
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        self._rest()

    # --- the desk of the connections

    def next(self, connection: Connection) -> Transaction | None:
        """The next mail for this connection, made and counted."""
        now = time.monotonic()
        for run in tuple(self._runs):
            while not run.down and now < run.stop and (offer := run.turns.take(now)):
                self._under_way[offer.key] = run, offer
                mail = made(offer, connection.features)
                if isinstance(mail, Transaction):
                    self._settle(run)
                    return mail
                self.ended(offer, mail)
        self._look_soon()
        return None

    def may_begin(self, offer: Offer) -> bool:
        return time.monotonic() < self._under_way[offer.key][0].stop + self._times.begin

    def begun(self, offer: Offer) -> None:
        self._under_way[offer.key][0].journal.begun(offer.key)

    def ended(self, offer: Offer, outcome: Outcome) -> None:
        run, _ = self._under_way.pop(offer.key)
        run.outcomes[offer.key] = outcome
        if outcome.stage in {"RCPT", "DATA", "payload", "dot"}:
            self._fruitless = 0
        if self._pace:
            self._pace.told(offer.domain, outcome, time.monotonic())
        run.journal.ended(offer.key, outcome)
        if self._idle and self._waiting:
            self._look_soon()
        self._settle(run)

    def again(self, offer: Offer) -> None:
        """Nothing was said about it: it goes back to the front."""
        run, _ = self._under_way.pop(offer.key)
        self._untold(offer)
        run.turns.put_back(offer)
        self._look_soon()

    def refused(self, offer: Offer, why: str) -> None:
        """The relay takes nothing from us; that is no word on this mail."""
        self.again(offer)
        self._is_down(why)

    def idle(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._waiting:
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
        """Something that must not be swallowed was raised inside the loop. It is over:
        with a full disk another batch would leave as many mails in doubt again."""
        self._fault = self._fault or error
        try:
            self._abort()
        finally:
            for run in self._runs:
                run.break_off(error)
            self._runs.clear()

    # --- who does what

    def _look_soon(self) -> None:
        if not self._is_looking:
            self._look_in(0)

    def _look_in(self, seconds: float) -> None:
        self._rest()
        if self._runs:
            self._look_timer = self._loop.call_later(seconds, self._look)

    def _rest(self) -> None:
        if self._look_timer:
            self._look_timer.cancel()
        self._look_timer = None

    def _look(self) -> None:
        """Give idle connections work, open more where there is more than they do."""
        if not self._runs or self._is_looking:
            return
        self._is_looking = True
        try:
            self._share_out()
        except BaseException as error:
            self.broken(error)
        finally:
            self._is_looking = False
        for run in tuple(self._runs):
            self._settle(run)

    def _share_out(self) -> None:
        self._rest()
        now = time.monotonic()
        if self._pace and (seconds := self._pace.relay_rests(now)) >= WORTH_WAITING:
            why = self._pace.why_relay_rests
            self._is_down(f"{why}; it is left alone for {seconds:.0f} s more")
        for run in self._runs:
            if run.down or now >= run.stop:
                run.turns.give_up_all()
        while self._idle and self._waiting:
            connection = self._idle.pop()
            connection.go_on()
            if self._idle and self._idle[-1] is connection:
                break  # nothing may begin now
        if self._waiting and self._idle:
            wait = min(run.turns.wait for run in self._runs if run.turns.count)
            self._look_in(min(max(wait, 0.001), 1.0))
        elif self._waiting:
            self._open_more(self._waiting)

    @property
    def _waiting(self) -> int:
        """How many offers have not had their turn."""
        return sum([run.turns.count for run in self._runs])

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
            if not self._connections and len(self._opening) <= 1:
                self._all_down(error)
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
        where = f"{self._server.host}:{self._server.port}"
        self._all_down(RelayDown(f"{where} {why}"))
        self._look_soon()

    def _all_down(self, error: RelayDown) -> None:
        for run in self._runs:
            run.down = run.down or error

    def _settle(self, run: Run) -> None:
        run.settle()
        if run.is_over:
            self._runs.remove(run)

    async def _say_goodbye(self) -> None:
        self._gone = self._loop.create_future()
        for connection in tuple(self._connections):
            connection.quit()
        await asyncio.wait([self._gone], timeout=_GOODBYE)

    def _abort(self) -> None:
        """Close everything at once, without a word to anybody."""
        for connection in self._connections:
            connection.abort()
        self._connections.clear()
        self._idle.clear()
        for _, offer in self._under_way.values():
            self._untold(offer)
        self._under_way.clear()

    def _untold(self, offer: Offer) -> None:
        """Tell the pace, which outlives this relay: the mail is not under way."""
        if self._pace:
            self._pace.told(offer.domain, None, time.monotonic())
