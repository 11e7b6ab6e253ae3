"""An event loop in a thread of its own, for the connections of one relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any

import uvloop


class LoopThread:
    """A process may end in spite of it: mails under way are in a journal. `broken` is
    told what nobody caught in there: others wait for words that would never come."""

    def __init__(self, broken: Callable[[BaseException], None]) -> None:
        self.loop = uvloop.new_event_loop()
        self.loop.set_exception_handler(
            lambda loop, context: self.soon(
                broken, context.get("exception") or RuntimeError(context["message"])
            )
        )
        self._thread = Thread(target=self.loop.run_forever, name="relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def soon(self, call: Callable[..., object], *given: object) -> None:
        """Have it called in there; what comes of it is nobody's concern here."""
        self.loop.call_soon_threadsafe(call, *given)

    def end(self, last: Coroutine[Any, Any, None]) -> None:
        """Do the last thing in there, and wait until all is over."""
        try:
            asyncio.run_coroutine_threadsafe(last, self.loop).result()
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()
