"""Which of a reader's matches fill the digest: turns, groups, what they had before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from .matcher import Hit, rank


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper of the digest by the listing whose card it shows. `filters`: keys of the
    reader's filters that brought it, first the one in whose group it stands."""

    listing: int
    paper: int
    filters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Picked:
    """`picks` in the order of the mail; `matched`: papers before the cap, without those
    the reader had; `again`: listings of papers they had, newest of each paper."""

    picks: tuple[Pick, ...]
    matched: int
    again: tuple[int, ...]


def pick(
    hits: Mapping[int, Sequence[Hit]], had: Set[int], cap: int, day: date
) -> Picked:
    """The papers of one reader's digest of `day`, by the rules 10, 11, 20 and 21.

    `hits`: by the reader's filters in the reader's order, each best first, of all the
    editions the digest covers. `had`: papers (not listings). At most `cap` picks.
    """
    cards = _cards(hit for some in hits.values() for hit in some)
    fresh = {
        key: [paper for paper in _papers(some) if paper not in had]
        for key, some in hits.items()
    }
    place = {key: at for at, key in enumerate(hits)}
    narrow_first = sorted(
        (key for key in hits if fresh[key]),
        key=lambda key: (len(fresh[key]), place[key]),
    )
    chosen = _by_turns([fresh[key] for key in _turned(narrow_first, cap, day)], cap)

    members = {key: set(papers) for key, papers in fresh.items()}
    groups: dict[int, list[Pick]] = {key: [] for key in hits}
    for paper in chosen:
        group = next(key for key in narrow_first if paper in members[key])
        others = (key for key in hits if key != group and paper in members[key])
        groups[group].append(Pick(cards[paper].listing, paper, (group, *others)))
    for key, picks in groups.items():
        best_first = {paper: at for at, paper in enumerate(fresh[key])}
        picks.sort(key=lambda one: best_first[one.paper])
    return Picked(
        picks=tuple(one for picks in groups.values() for one in picks),
        matched=len(set().union(*members.values())),
        again=tuple(card.listing for paper, card in cards.items() if paper in had),
    )


def _cards(hits: Iterable[Hit]) -> dict[int, Hit]:
    """Per paper the newest of its listings that match; of one day, Hugging Face's."""
    cards: dict[int, Hit] = {}
    for hit in hits:
        if hit.paper not in cards or _age(hit) > _age(cards[hit.paper]):
            cards[hit.paper] = hit
    return cards


def _age(hit: Hit) -> tuple[date, bool]:
    return hit.day or date.min, hit.source == "hf"


def _papers(hits: Sequence[Hit]) -> list[int]:
    """Distinct, best first, each by the best of its listings."""
    return list(dict.fromkeys(hit.paper for hit in sorted(hits, key=rank)))


def _turned(keys: list[int], cap: int, day: date) -> list[int]:
    """With more filters than places the first turn begins elsewhere every day."""
    begin = day.toordinal() % len(keys) if len(keys) > cap else 0
    return keys[begin:] + keys[:begin]


def _by_turns(queues: list[list[int]], cap: int) -> list[int]:
    """One paper from each queue, again and again, none twice, up to `cap`."""
    chosen: dict[int, None] = {}
    waiting = [iter(queue) for queue in queues]
    while waiting and len(chosen) < cap:
        still = []
        for queue in waiting:
            paper = next((paper for paper in queue if paper not in chosen), None)
            if paper is None:
                continue
            if len(chosen) < cap:
                chosen[paper] = None
            still.append(queue)
        waiting = still
    return list(chosen)
