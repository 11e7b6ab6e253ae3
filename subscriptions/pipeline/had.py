"""Rule 10: which papers a reader had before."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from subscriptions import rounds
from subscriptions.models import Delivery, Subscriber, among

from .desk import Desk


class Before(NamedTuple):
    """How a reader had a paper: due date of the digest, and the listing it showed."""

    due: date
    listing: int


Had = dict[int, Before]  # by paper id
KEPT = timedelta(days=90)
_PAPER = re.compile(r'"paper": ?(\d+)')


def had_by(
    readers: Sequence[Subscriber],
    covering: Mapping[int, rounds.Covering],
    desk: Desk,
    day: date,
) -> dict[int, Had]:
    """Per reader what they had, up to `day`, of the papers these editions list.

    One query for readers who can only have had what two sources list, one for those
    whose coverage moved back or who signed up again; none where nothing is in doubt.
    """
    had: dict[int, Had] = {reader.pk: {} for reader in readers}
    recheck = [reader.pk for reader in readers if reader.recheck_had]
    several = {id(each): each for each in covering.values()}.values()
    editions = list({e.pk: e for each in several for e in each.editions}.values())
    relisted = {k: v for e in editions for k, v in desk.relisted(e).items()}
    if relisted:
        since = max(min(relisted.values()), day - KEPT)
        others = [reader.pk for reader in readers if not reader.recheck_had]
        _look_up(others, since, desk.papers(editions), had)
    if recheck:
        _look_up(recheck, day - KEPT, desk.papers(editions), had)
    return had


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
    ids: Sequence[int], since: date, candidates: Set[int], had: dict[int, Had]
) -> None:
    rows = Delivery.objects.filter(subscriber_id__in=among(ids), due_date__gte=since)
    rows = rows.exclude(picks=[]).annotate(held=Cast("picks", TextField()))
    lost: dict[int, Counter[int]] = defaultdict(Counter)
    shown = ("subscriber_id", "due_date", "held", "left_out")
    for reader, due, held, left_out in rows.kept().values_list(*shown).iterator():
        picks = _picks(held, candidates)
        for pick in picks[: len(picks) - left_out]:
            had[reader].setdefault(pick["paper"], Before(due, pick["listing"]))
    # A paper that was in two quarantined digests may be what breaks them.
    broken = rows.filter(state=Delivery.State.QUARANTINED)
    for reader, due, held, _ in broken.values_list(*shown).iterator():
        for pick in _picks(held, candidates):
            lost[reader][pick["paper"]] += 1
            if lost[reader][pick["paper"]] > 1:
                had[reader].setdefault(pick["paper"], Before(due, pick["listing"]))


def _picks(held: str, candidates: Set[int]) -> list[dict[str, Any]]:
    """All picks of a digest if it holds a candidate, else none: reading the ids takes a
    fifth of the time, and hardly any digest holds what is listed again."""
    if candidates.isdisjoint(map(int, _PAPER.findall(held))):
        return []
    picks: list[dict[str, Any]] = json.loads(held)
    return picks
