"""Which of a reader's matches fill the digest: turns, groups, what they had before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple

from .index import numbers
from .ranking import Ranking


class Pick(NamedTuple):
    """A paper of the digest by the listing whose card it shows. `filters`: keys of the
    reader's filters that brought it, first the one in whose group it stands."""

    listing: int
    paper: int
    filters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Picked:
    """`picks` in the order of the mail; `matched`: papers before the cap, without those
    the reader had; `oldest`: the day of the oldest edition with one of them; `again`:
    listings of papers they had, newest of each paper."""

    picks: tuple[Pick, ...] = ()
    matched: int = 0
    oldest: date | None = None
    again: tuple[int, ...] = ()


def pick(
    ranking: Ranking,
    filters: Mapping[int, int],
    had: Set[int],
    cap: int,
    day: date,
    muted: int = 0,
) -> Picked:
    """The papers of one reader's digest of `day`, by the rules 10, 11, 20 and 21.

    `ranking`: of the editions the digest covers. `filters`: the reader's keys, in the
    reader's order, each with its filter's id. `had`: papers, by id. `cap`: of picks.
    `muted`: documents that are as if they were not there (`Ranking.muted`).
    """
    before = ranking.of_papers(had) if had else 0
    gone = before | muted
    documents, fresh = 0, {}
    for key, filter_id in filters.items():
        ranked = ranking.of(filter_id)
        documents |= ranked.documents
        if papers := ranked.papers & ~gone:
            fresh[key] = papers
    documents &= ~muted
    size = {key: papers.bit_count() for key, papers in fresh.items()}
    narrow_first = sorted(fresh, key=size.__getitem__)  # of equals the reader's first
    queues = [
        _best(ranking, filters[key], fresh[key])
        for key in _turned(narrow_first, cap, day)
    ]
    chosen = _by_turns(queues, cap)
    matched = documents & ~before
    oldest = (matched & -matched).bit_length() - 1
    return Picked(
        picks=tuple(
            Pick(*ranking.shown(number, documents), brought_by)
            for number, brought_by in _grouped(ranking, filters, fresh, size, chosen)
        ),
        matched=ranking.papers(matched).bit_count(),
        oldest=ranking.entries[oldest].day if matched else None,
        again=tuple(
            ranking.shown(number, documents)[0]
            for number in numbers(ranking.papers(documents & before))
        ),
    )


def _turned(keys: list[int], cap: int, day: date) -> list[int]:
    """With more filters than places the first turn begins elsewhere every day."""
    begin = day.toordinal() % len(keys) if len(keys) > cap else 0
    return keys[begin:] + keys[:begin]


def _best(ranking: Ranking, filter_id: int, fresh: int) -> Iterator[int]:
    """A filter's fresh papers, best first."""
    best = ranking.of(filter_id).best
    yield from (number for number in best if fresh >> number & 1)
    # Only now, since the whole order is seldom needed and not kept.
    rest = ranking.all_of(filter_id)[len(best) :]
    yield from (number for number in rest if fresh >> number & 1)


def _by_turns(queues: Sequence[Iterator[int]], cap: int) -> list[int]:
    """One paper from each queue, again and again, none twice, up to `cap`."""
    if len(queues) == 1:
        return list(islice(queues[0], cap))
    chosen: dict[int, None] = {}
    waiting = list(queues)
    while waiting:
        still = []
        for queue in waiting:
            for paper in queue:
                if paper not in chosen:
                    chosen[paper] = None
                    still.append(queue)
                    break
            if len(chosen) == cap:
                return list(chosen)
        waiting = still
    return list(chosen)


def _grouped(
    ranking: Ranking,
    filters: Mapping[int, int],
    fresh: Mapping[int, int],
    size: Mapping[int, int],
    chosen: Sequence[int],
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Papers with the keys that brought them, the narrowest first; in the reader's
    order of filters, and within a group as its filter ranks them."""
    if len(fresh) == 1:
        brought_by = tuple(fresh)
        yield from ((number, brought_by) for number in chosen)
        return
    groups: dict[int, list[tuple[int, tuple[int, ...]]]] = {key: [] for key in fresh}
    for number in chosen:
        keys = [key for key, papers in fresh.items() if papers >> number & 1]
        group = keys[0]
        if len(keys) > 1:
            group = min(keys, key=size.__getitem__)  # of equals the reader's first
            keys.remove(group)
            keys.insert(0, group)
        groups[group].append((number, tuple(keys)))
    for key, members in groups.items():
        if len(members) > 1:
            places = ranking.places(filters[key], [number for number, _ in members])
            members.sort(key=lambda member: places[member[0]])
        yield from members
