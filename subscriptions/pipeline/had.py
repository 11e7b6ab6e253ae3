"""Rule 10: which papers a reader had before."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from subscriptions import rounds
from subscriptions.models import Delivery, Subscriber, among
from subscriptions.models.mailings import KEPT_FOR

from .desk import Desk


class Before(NamedTuple):
    """How a reader had a paper: due date of the digest, and the listing it showed."""

    due: date
    listing: int


State = Delivery.State
Had = dict[int, Before]  # by paper id
_PAPER = re.compile(r'"paper": ?(\d+)')


def had_by(
    readers: Sequence[Subscriber],
    covering: Mapping[int, rounds.Covering],
    desk: Desk,
    day: date,
) -> dict[int, Had]:
    """Per reader what they had, up to `day`, of the papers these editions list.

    Most readers can only have had papers that two sources list, and are asked about
    those alone; readers whose coverage moved back or who signed up again, about all.
    One query for each stretch of due dates, mostly one in all; none where no reader can
    have had anything.
    """
    had: dict[int, Had] = {reader.pk: {} for reader in readers}
    recheck = [reader.pk for reader in readers if reader.recheck_had]
    several = {id(each): each for each in covering.values()}.values()
    editions = list({e.pk: e for each in several for e in each.editions}.values())
    relisted = {k: v for e in editions for k, v in desk.relisted(e).items()}
    days = {found for each in relisted.values() for found in each}
    others = [reader.pk for reader in readers if not reader.recheck_had]
    if relisted and others:
        _look_up(others, _due(days, day), relisted.keys(), had)
    if recheck:
        days |= {edition.day for edition in editions}
        _look_up(recheck, _due(days, day), desk.papers(editions), had)
    return had


def _due(days: Iterable[date], day: date) -> list[tuple[date, date]]:
    """The stretches of due dates that can have digests with a paper of an edition of
    these days.

    Several, because one paper that is listed again after a month must not cause a month
    of everybody's digests to be read.
    """
    spans: list[tuple[date, date]] = []
    for each in sorted(days):
        first, last = max(each, day - KEPT_FOR), each + rounds.REACH
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], last)
        elif first <= last:
            spans.append((first, last))
    return spans


def had_later(readers: Sequence[Subscriber], day: date) -> set[int]:
    """Of the readers to look up whole, those who have digests of dates after `day`.

    What those held is not covered by a digest of `day` (a zone further west, an
    earlier `round --day`), so the next one must look them up again.
    """
    ids = [reader.pk for reader in readers if reader.recheck_had]
    if not ids:
        return set()
    later = Delivery.objects.filter(subscriber_id__in=among(ids), due_date__gt=day)
    return set(later.values_list("subscriber_id", flat=True))


def _look_up(
    ids: Sequence[int],
    spans: Sequence[tuple[date, date]],
    candidates: Set[int],
    had: dict[int, Had],
) -> None:
    rows = Delivery.objects.filter(subscriber_id__in=among(ids)).exclude(picks=[])
    rows = rows.kept() | rows.filter(state=State.QUARANTINED)
    shown = ("subscriber_id", "due_date", "held", "left_out", "state")
    told = rows.annotate(held=Cast("picks", TextField())).values_list(*shown)
    # A query for each: PostgreSQL asks its index for one range, not for two.
    asked = [told.filter(due_date__range=span).iterator() for span in reversed(spans)]
    lost: dict[int, Counter[int]] = defaultdict(Counter)
    for reader, due, held, left_out, state in chain.from_iterable(asked):
        picks = _picks(held, candidates)
        if state != State.QUARANTINED:
            picks = picks[: len(picks) - left_out]
        for pick in picks:
            # A paper that was in two quarantined digests may be what breaks them.
            if state == State.QUARANTINED:
                lost[reader][pick["paper"]] += 1
                if lost[reader][pick["paper"]] < 2:
                    continue
            had[reader].setdefault(pick["paper"], Before(due, pick["listing"]))


def _picks(held: str, candidates: Set[int]) -> list[dict[str, Any]]:
    """All picks of a digest if it holds a candidate, else none: reading the ids takes a
    fifth of the time, and hardly any digest holds what is listed again."""
    if candidates.isdisjoint(map(int, _PAPER.findall(held))):
        return []
    picks: list[dict[str, Any]] = json.loads(held)
    return picks
