"""`bench search`: how long a search over all stored papers takes, by kinds of queries.

For a database of one's own: the papers to measure with are stored there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import connection

from subscriptions.matching import Document, Order, Results, parse, search
from subscriptions.matching.tokens import words

from .baselines import Disagreement, by_like
from .mix import CATEGORIES, DAY, Mix
from .stored import store, tidy

QUERIES = 20  # of each kind
_A_DAY = 1000
_PAGE = 25
# Of the papers: words in so many of them.
_RARE, _SOME, _COMMON = 0.0002, 0.03, 0.5
# Kinds that a database without an index of words can be asked for too, and how many
# of their queries: each takes it as long as any other.
_BY_LIKE = ("a rare word", "a common word", "two words")
_LIKE = 5
_ORDERS: tuple[Order, ...] = ("best", "newest")


def measure(papers: int, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Figures by kind of query, each of them asked in both orders every round.

    In milliseconds from the text of a query to 25 papers with the words that found
    them and the number of all. `found`: the median of that number. `like_ms`: the same
    page by `LIKE '%word%'` on title and abstract, without words to mark; `vs_like`
    that to the order it has too, the newest first.
    """
    mix, counts = Mix(), Counter[str]()
    say(f"storing {papers:,} papers")
    begin = perf_counter()
    store(_counted(_documents(mix, papers), counts))
    stored = perf_counter() - begin
    tidy()
    asked = queries(mix, counts, papers)
    taken: dict[str, _Taken] = defaultdict(_Taken)
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}: {', '.join(asked)}")
        for kind, texts in asked.items():
            for at, text in enumerate(texts):
                taken[kind].ask(text, like=kind in _BY_LIKE and at < _LIKE)
    version = ".".join(map(str, connection.get_database_version()))
    return {
        "engine": f"{connection.display_name} {version}",
        "papers": papers,
        "queries": QUERIES,
        "rounds": rounds,
        "store_s": stored,
        "kinds": {kind: each.figures() for kind, each in taken.items()},
    }


def _documents(mix: Mix, papers: int) -> Iterator[Document]:
    """A thousand a day, the newest last."""
    days = range(-(-papers // _A_DAY))
    for number in days:
        first = number * _A_DAY
        day = DAY - timedelta(days[-1] - number)
        yield from mix.papers(min(_A_DAY, papers - first), day, first=1 + first)


def _counted(documents: Iterable[Document], counts: Counter[str]) -> Iterator[Document]:
    """And in `counts`, in how many of them each word stands."""
    for document in documents:
        counts.update({*words(document.title), *words(document.abstract)})
        yield document


# --- what is asked -----------------------------------------------------------------
def queries(mix: Mix, counts: Counter[str], papers: int) -> dict[str, list[str]]:
    """As many queries of each kind, by words that stand in shares of the papers."""
    many = range(QUERIES)
    rare, common = _words(counts, papers * _RARE), _words(counts, papers * _COMMON)
    some = _words(counts, papers * _SOME, 3 * QUERIES)
    starts = _starts(counts)
    random = Random("worst searches")
    return {
        "a rare word": rare,
        "a common word": common,
        "two words": [f"{some[n]} {some[-1 - n]}" for n in many],
        "a phrase": [f'"{mix.concepts[10 + 40 * n]}"' for n in many],
        "a prefix of four letters": [f"{word[:4]}*" for word in some[:QUERIES]],
        "an author": [f'author:"{mix.authors[40 * n]}"' for n in many],
        "any of three words": [" OR ".join(some[n::QUERIES]) for n in many],
        "a word without another": [f"{some[n]} -{common[n]}" for n in many],
        "a category": [f"cat:{CATEGORIES[n]}" for n in many],
        "a word in a category": [f"{some[n]} cat:cs.lg" for n in many],
        "everything": ["*"] * QUERIES,
        "any of fifty prefixes": [
            " OR ".join(random.sample(starts, settings.FILTER_TERMS)) for _ in many
        ],
    }


def _words(counts: Counter[str], wanted: float, number: int = QUERIES) -> list[str]:
    """Those in as near to `wanted` papers as there are, each in one at least."""
    known = sorted(counts, key=lambda word: (abs(counts[word] - wanted), word))
    return known[:number]


def _starts(counts: Counter[str]) -> list[str]:
    """The prefixes that find most, of three letters, as short as one may be: a query of
    nothing else finds nearly every paper, by each of its terms."""
    found = Counter[str]()
    for word, papers in counts.items():
        if len(word) > 3:
            found[f"{word[:3]}*"] += papers
    return [start for start, _ in found.most_common(4 * settings.FILTER_TERMS)]


# --- what it takes -----------------------------------------------------------------
class _Taken:
    """Milliseconds of all queries of one kind."""

    def __init__(self) -> None:
        self.found: list[int] = []
        self.by_order: dict[Order, list[float]] = {order: [] for order in _ORDERS}
        self.by_like: list[float] = []
        self.ratios: list[float] = []

    def ask(self, text: str, like: bool) -> None:
        for order in _ORDERS:
            begin = perf_counter()
            results = search(parse(text), limit=_PAGE, order=order)
            self.by_order[order].append((perf_counter() - begin) * 1000)
        self.found.append(results.total)
        if like:
            begin = perf_counter()
            ids = by_like(text.split(), _PAGE)
            self.by_like.append((perf_counter() - begin) * 1000)
            self.ratios.append(self.by_like[-1] / self.by_order["newest"][-1])
            _check(text, results, ids)

    def figures(self) -> dict[str, float]:
        found: dict[str, float] = {"found": round(median(self.found))}
        for order, taken in self.by_order.items():
            found[f"{order}_ms"] = median(taken)
            found[f"{order}_p95_ms"] = quantiles(taken, n=20)[18]
        if self.by_like:
            found["like_ms"] = median(self.by_like)
            found["vs_like"] = median(self.ratios)
        return found


def _check(text: str, results: Results, ids: Sequence[int]) -> None:
    """LIKE looks into longer words too, so it finds those papers and maybe others."""
    if not {each.paper for each in results.found} <= set(ids):
        raise Disagreement(f"LIKE on {text!r}")
