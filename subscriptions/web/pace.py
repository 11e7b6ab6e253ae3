"""How often one reader's pages are made, counted in this process and nowhere else.

For pages that anybody who has a mail may open and that cost the database some
questions: whoever opens one again and again waits, and nobody else does. `networks`
counts what is sent from one network in the same way.
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil
from threading import Lock
from time import monotonic

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

_KEPT = 10_000  # readers or networks, the least recently seen forgotten first


class TooOften(Exception):
    """`seconds`: after which it may be asked again, from 1 up."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"asked too often; again in {seconds} s")
        self.seconds = seconds


class Pace:
    """At most `most` times in each stretch of `seconds` for each key."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._lock = Lock()
        self._seen: OrderedDict[int | str, tuple[float, int]] = OrderedDict()

    def count(self, key: int | str) -> None:
        """Raises TooOften beyond `most`."""
        now = monotonic()
        with self._lock:
            begin, times = self._seen.pop(key, (now, 0))
            if now - begin >= self.seconds:
                begin, times = now, 0
            self._seen[key] = begin, times + 1
            if len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        if times >= self.most:
            raise TooOften(max(1, ceil(begin + self.seconds - now)))


def too_often(request: HttpRequest, often: TooOften) -> HttpResponse:
    answer = render(
        request, "429.html", {"minutes": ceil(often.seconds / 60)}, status=429
    )
    answer["Retry-After"] = str(often.seconds)
    return answer
