"""How long a reader waits for the preview of a filter, the database included.

For a database of one's own: the papers to measure with are stored there.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

from subscriptions.matching import Document, preview, warm_up

from .stored import store


def measure(
    filters: Iterable[str], documents: Iterable[Document] = ()
) -> dict[str, float | int]:
    """Milliseconds per filter, as readers write them, each looked at once.

    `documents` are stored before, as published editions by their source and day;
    without any, the editions that are stored already are measured. `cold_s` is what
    the first reader of a process would wait in addition, `papers` and `days` what the
    filters were held against.
    """
    store(documents)
    begin = time.perf_counter()
    warm_up()
    cold = time.perf_counter() - begin
    taken = []
    for text in filters:
        begin = time.perf_counter()
        preview(text)
        taken.append((time.perf_counter() - begin) * 1000)
    everything = preview("*")
    return {
        "p50_ms": statistics.median(taken),
        "p95_ms": statistics.quantiles(taken, n=20)[18],
        "cold_s": cold,
        "papers": everything.papers,
        "days": len(everything.volume.days),
    }
