"""`bench match`: many filters against a day's papers, and the picks of many readers."""

from __future__ import annotations

import resource
import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

from django.conf import settings

from subscriptions.matching import (
    Document,
    Index,
    Matcher,
    Ranking,
    parse_canonical,
    pick,
)
from subscriptions.matching.compiled import Compiled
from subscriptions.matching.index import numbers
from subscriptions.models import TopicFilter

from .baselines import Disagreement, FullText, full_text, naive
from .mix import DAY, Mix

_SLICE = 20_000
_NAIVE = 40


def measure(
    papers: int,
    filters: int,
    subscribers: int,
    rounds: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Figures in seconds, milliseconds (`_ms`) and as ratios (`vs_`, `growth_`).

    Writes `filters` rows into the default database, which should be a temporary one.
    """
    mix = Mix()
    say(f"making {papers:,} papers and {filters:,} distinct filters")
    documents = list(mix.papers(papers))
    texts = mix.filters(filters)
    _store(texts)
    say("compiling them from the database")
    compile_s, matcher = _timed(Compiled().current)
    figures = _against_others(mix, documents, texts, matcher, rounds, say)
    figures |= {"compile_s": compile_s, "add_one_ms": _add_one(mix, matcher)}
    say(f"picks for {subscribers:,} readers, cap 12")
    figures |= _picks(mix, documents, matcher, filters, subscribers, rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures | {
        "peak_rss_mb": peak,
        "papers": papers,
        "filters": filters,
        "subscribers": subscribers,
        "rounds": rounds,
    }


def _store(texts: Sequence[str]) -> None:
    TopicFilter.objects.bulk_create(
        (
            TopicFilter(text=text, fingerprint=TopicFilter.fingerprint_of(text))
            for text in texts
        ),
        batch_size=5000,
    )


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = perf_counter()
    result = call()
    return perf_counter() - start, result


def _against_others(
    mix: Mix,
    documents: Sequence[Document],
    texts: Sequence[str],
    matcher: Matcher,
    rounds: int,
    say: Callable[[str], None],
) -> dict[str, float]:
    """Interleaved: every round asks each engine once."""
    thirtieth = Matcher()
    for number, text in enumerate(texts[::30]):
        thirtieth.add(number, text)
    queries = list(map(parse_canonical, texts))
    asked = list(map(full_text, queries))
    sample = Random(1).sample(range(len(texts)), min(_NAIVE, len(texts)))
    day = FullText(documents)
    taken: dict[str, list[float]] = {"own": [], "fewer": [], "fts5": [], "naive": []}
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: this matcher, FTS5, a naive loop")
        seconds, matches = _timed(lambda: matcher.match(Index(documents)))
        taken["own"].append(seconds)
        seconds, _ = _timed(lambda: thirtieth.match(Index(documents)))
        taken["fewer"].append(seconds)
        seconds, found = _timed(lambda: day.run(asked))
        taken["fts5"].append(seconds)
        seconds, slowly = _timed(lambda: naive([queries[n] for n in sample], documents))
        taken["naive"].append(seconds * len(texts) / len(sample))
        ids = list(TopicFilter.objects.order_by("pk").values_list("pk", flat=True))
        for n, filter_id in enumerate(ids):
            own = list(numbers(matches.documents(filter_id)))
            if own != [row for (row,) in found[n]]:
                raise Disagreement(f"FTS5 on {texts[n]!r}")
        for n, rows in zip(sample, slowly, strict=True):
            if rows != list(numbers(matches.documents(ids[n]))):
                raise Disagreement(f"the naive loop on {texts[n]!r}")
    return {
        "match_s": median(taken["own"]),
        "fts5_s": median(taken["fts5"]),
        "naive_s": median(taken["naive"]),
        "vs_fts5": _ratio(taken["fts5"], taken["own"]),
        "vs_naive": _ratio(taken["naive"], taken["own"]),
        "growth_30x": _ratio(taken["own"], taken["fewer"]),
        "filters_with_papers": len(matches.filters()) / len(texts),
    }


def _ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The median of the rounds' ratios, which a machine's bad minutes touch less."""
    return median(a / b for a, b in zip(one, other, strict=True))


def _add_one(mix: Mix, matcher: Matcher) -> float:
    """Milliseconds until one more filter would be found, the median of a thousand."""
    taken = []
    for number, text in enumerate(islice(mix.more_filters(), 1000)):
        seconds, _ = _timed(partial(matcher.add, -1 - number, text))
        taken.append(seconds)
    return 1000 * median(taken)


# --- readers -----------------------------------------------------------------------
def _picks(
    mix: Mix,
    documents: Sequence[Document],
    matcher: Matcher,
    filters: int,
    subscribers: int,
    rounds: int,
) -> dict[str, float]:
    """Of all readers, as if all were due; per million of them."""
    ids = list(TopicFilter.objects.order_by("pk").values_list("pk", flat=True))
    path = Path(settings.VAR_DIR) / "readers.sqlite3"
    rows = _store_readers(mix, path, ids, subscribers)
    taken, loading, served, picked = [], [], 0, 0
    matches = matcher.match(Index(documents))
    for _ in range(rounds):
        seconds, (readers, wanted) = _timed(lambda: _load_readers(path))
        loading.append(seconds)
        start = perf_counter()
        ranking = Ranking([matches])
        served = picked = 0
        for mine in _slices(readers, wanted):
            picks = pick(ranking, mine, frozenset(), 12, DAY).picks
            served += bool(picks)
            picked += len(picks)
        taken.append(perf_counter() - start)
    million = 1_000_000 / subscribers
    return {
        "picks_1m_s": median(taken) * million,
        "picks_load_s": median(loading) * million,
        "filters_a_reader": rows / subscribers,
        "readers_with_papers": served / subscribers,
        "papers_a_digest": picked / max(served, 1),
    }


def _store_readers(mix: Mix, path: Path, ids: Sequence[int], subscribers: int) -> int:
    """A table of reader and filter, as `Subscription` has them; returns its rows."""
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE wanted (reader INTEGER, filter INTEGER)")
    pairs = (
        (reader, ids[place])
        for reader, places in enumerate(mix.readers(subscribers, len(ids)))
        for place in places
    )
    rows = database.executemany("INSERT INTO wanted VALUES (?, ?)", pairs).rowcount
    database.commit()
    database.close()
    return rows


def _load_readers(path: Path) -> tuple[array[int], array[int]]:
    """Both columns, in the order of readers."""
    readers, wanted = array("q"), array("q")
    database = sqlite3.connect(path)
    rows = database.execute("SELECT reader, filter FROM wanted ORDER BY rowid")
    while some := rows.fetchmany(_SLICE):
        readers.extend([reader for reader, _ in some])
        wanted.extend([filter_id for _, filter_id in some])
    database.close()
    return readers, wanted


def _slices(readers: array[int], wanted: array[int]) -> Iterator[dict[int, int]]:
    """Each reader's filters, by their place among all rows, as `pick` takes them."""
    at, end = 0, len(readers)
    while at < end:
        first = at
        reader = readers[at]
        while at < end and readers[at] == reader:
            at += 1
        yield {place: wanted[place] for place in range(first, at)}
