"""An event loop in a thread of its own, for the connections of one relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any

import uvloop


class LoopThread:
    """It keeps no process from ending: mails under way stand in a journal. `broken`
    gets any error that nobody caught in the loop, since others wait for outcomes that
    would never come."""

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
        """Have it called in the loop's thread, and do not wait for it."""
        self.loop.call_soon_threadsafe(call, *given)

    def end(self, last: Coroutine[Any, Any, None]) -> None:
        """Run `last` in the loop's thread, stop the loop and wait for its end."""
        try:
            asyncio.run_coroutine_threadsafe(last, self.loop).result()
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join()
            self.loop.close()
