"""The tables of docs/matching.md, from the fixture and what the matcher finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean

from .topics import KINDS, Topic

Found = Mapping[str, frozenset[str]]


def figures(topics: Sequence[Topic], found: Found) -> str:
    """Each topic's recall and precision, and those of all."""
    rows, recalls, precisions = [], [], []
    relevant = right = everything = 0
    for topic in topics:
        papers = found[topic.filter]
        both = len(papers & topic.relevant)
        recalls.append(both / len(topic.relevant))
        precisions.append(both / len(papers))
        relevant, right = relevant + len(topic.relevant), right + both
        everything += len(papers)
        numbers = (len(topic.relevant), len(papers), both)
        shares = (recalls[-1], precisions[-1])
        rows.append(_figures_row(topic.name, _code(topic.filter), numbers, shares))
    numbers = (relevant, everything, right)
    shares = (right / relevant, right / everything)
    rows.append(_figures_row("all papers together", "", numbers, shares))
    shares = (mean(recalls), mean(precisions))
    rows.append(_figures_row("mean of the topics", "", (), shares))
    head = "topic | natural filter | relevant | found | of these relevant"
    return _table(f"{head} | recall | precision", rows)


def _figures_row(
    name: str, text: str, numbers: Sequence[int], shares: Sequence[float]
) -> list[str]:
    counts = [str(number) for number in numbers] or [""] * 3
    return [name, text, *counts, *map(_share, shares)]


def second_filters(topics: Sequence[Topic], found: Found) -> str:
    """For the topics that have a second filter, both figures of both filters."""
    rows = []
    for topic in topics:
        if topic.second:
            row = [topic.name, _code(topic.second)]
            for text in (topic.filter, topic.second):
                both = len(found[text] & topic.relevant)
                row.append(_share(both / len(topic.relevant)))
                row.append(_share(both / len(found[text])))
            rows.append(row)
    head = "topic | second filter | recall before | precision before"
    return _table(f"{head} | recall | precision", rows)


def misses(topics: Sequence[Topic]) -> str:
    """Every missed paper, by topic and reason."""
    rows = [
        [topic.name, miss.says, miss.kind, ", ".join(miss.papers)]
        for topic in topics
        for miss in topic.misses
    ]
    return _table("topic | the paper says | kind | papers", rows)


def kinds(topics: Sequence[Topic]) -> str:
    """How many papers each kind of miss cost."""
    counts = Counter[str]()
    for topic in topics:
        for miss in topic.misses:
            counts[miss.kind] += len(miss.papers)
    return _table("kind | missed", [[kind, str(counts[kind])] for kind in KINDS])


def _table(head: str, rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {head} |", "|" + "---|" * len(head.split(" | "))]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _share(part: float) -> str:
    return f"{100 * part:.0f} %"
