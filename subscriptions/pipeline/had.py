"""Rule 10: which papers a reader had before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from subscriptions import rounds
from subscriptions.models import Delivery, Subscriber

from .desk import Desk


class Before(NamedTuple):
    """How a reader had a paper: due date of the digest, and the listing it showed."""

    due: date
    listing: int


Had = dict[int, Before]  # by paper id
KEPT = timedelta(days=90)


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
    editions = {e.pk: e for c in covering.values() for e in c.editions}.values()
    relisted = {k: v for e in editions for k, v in desk.relisted(e).items()}
    if relisted:
        since = max(min(relisted.values()), day - KEPT)
        _look_up([r.pk for r in readers if not r.recheck_had], since, had)
    if recheck:
        _look_up(recheck, day - KEPT, had)
    return had


def had_later(readers: Sequence[Subscriber], day: date) -> set[int]:
    """Of the readers to look up whole, those who have digests of dates after `day`.

    What those held is not covered by a digest of `day` (a zone further west, an
    earlier `round --day`), so the next one must look them up again.
    """
    ids = [reader.pk for reader in readers if reader.recheck_had]
    if not ids:
        return set()
    later = Delivery.objects.filter(subscriber_id__in=ids, due_date__gt=day)
    return set(later.values_list("subscriber_id", flat=True))


def _look_up(ids: Sequence[int], since: date, had: dict[int, Had]) -> None:
    rows = Delivery.objects.filter(subscriber_id__in=ids, due_date__gte=since)
    rows = rows.exclude(picks=[])
    lost: dict[int, Counter[int]] = defaultdict(Counter)
    shown = ("subscriber_id", "due_date", "picks", "left_out")
    for reader, due, picks, left_out in rows.kept().values_list(*shown).iterator():
        for pick in picks[: len(picks) - left_out]:
            had[reader].setdefault(pick["paper"], Before(due, pick["listing"]))
    # A paper that was in two quarantined digests may be what breaks them.
    broken = rows.filter(state=Delivery.State.QUARANTINED)
    for reader, due, picks, _ in broken.values_list(*shown).iterator():
        for pick in picks:
            lost[reader][pick["paper"]] += 1
            if lost[reader][pick["paper"]] > 1:
                had[reader].setdefault(pick["paper"], Before(due, pick["listing"]))
