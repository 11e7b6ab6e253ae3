"""One reader's digest before it is written: picks, coverage, and why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from subscriptions import matching, rounds
from subscriptions.models import Delivery, Edition, Listing, Subscriber
from subscriptions.models.mailings import NO_NEW_EDITION, NOTHING_MATCHED

from .desk import Desk
from .had import Had
from .wishes import NOTHING, Wishes

State = Delivery.State


@dataclass(slots=True)
class Draft:
    """A delivery not yet written, and what its writing does to the reader.

    `matched`: distinct papers before the cap, less those had; `oldest` the day of the
    oldest edition with one of them; `has_row` False: only the welcome letter is owed.
    """

    reader: Subscriber
    delivery: Delivery
    wishes: Wishes = NOTHING
    editions: tuple[Edition, ...] = ()
    matched: int = 0
    oldest: date | None = None
    has_row: bool = True
    owes_welcome: bool = False

    @classmethod
    def skipped(cls, reader: Subscriber, day: date, reason: str) -> Draft:
        return cls(reader, _row(reader, day, State.SKIPPED, reason))

    @classmethod
    def welcome_only(cls, reader: Subscriber, wishes: Wishes, day: date) -> Draft:
        """Rule 15 with no edition at all: a letter now, the date stays free."""
        reader.awaits_first_digest = False
        row = _row(reader, day, State.SKIPPED, NO_NEW_EDITION)
        return cls(reader, row, wishes, has_row=False, owes_welcome=True)

    def welcome(self, desk: Desk, now: datetime) -> dict[str, Any]:
        """What the welcome letter says: the next date, whether there was a list to look
        at, what each filter would bring."""
        mine = self.wishes.wanted
        texts = [each.text for each in mine] if desk.editions else []
        counted = matching.volumes(texts, until=self.delivery.due_date)
        volumes = [
            {
                "name": each.name,
                "low": volume.low,
                "median": volume.median,
                "high": volume.high,
                "days": len(volume.days),
            }
            for each, volume in zip(mine, counted, strict=False)
            if volume.days
        ]
        return {
            "next_due": self._next_due(now).isoformat(),
            "listed": self.has_row,
            "volumes": volumes,
        }

    @property
    def owes_empty_day_letter(self) -> bool:
        """Nothing matched, and the reader asked for a letter on such days. Whoever has
        just confirmed gets the welcome letter instead."""
        row = self.delivery
        return (
            self.reader.nothing_today
            and row.reason == NOTHING_MATCHED
            and not row.first
        )

    def nothing_today(self, now: datetime) -> dict[str, Any]:
        """What that letter says: what was looked at, and the next date."""
        row = self.delivery
        return {
            "day": row.due_date.isoformat(),
            "weekly": row.weekly,
            "editions": row.editions,
            "filters": len(row.filters),
            "notes": row.notes,
            "next_due": self._next_due(now).isoformat(),
        }

    def _next_due(self, now: datetime) -> date:
        """The reader's first date without a row whose hour is still to come."""
        reader, day = self.reader, self.delivery.due_date
        after = day if self.has_row else day - timedelta(days=1)
        next_ = rounds.next_due(reader, after)
        while rounds.instant(next_, reader.hour, reader.zone) <= now:
            next_ = rounds.next_due(reader, next_)
        return next_


def draft_digest(
    reader: Subscriber,
    wishes: Wishes,
    day: date,
    covering: rounds.Covering,
    had: Had,
    desk: Desk,
    notes: Sequence[str] = (),
) -> Draft:
    """Pick the reader's papers out of the editions due to them (rounds.md 10, 20, 21).

    Advances `reader.covered` in memory; the caller saves it with the delivery.
    """
    filters = {each.id: each.filter for each in wishes.wanted}
    muting = [each.filter for each in wishes.mutes]
    ranking = desk.ranking(covering.editions, [*filters.values(), *muting])
    muted = ranking.muted(muting)
    picked = matching.pick(ranking, filters, had.keys(), reader.cap, day, muted)
    state, reason = State.PENDING, ""
    if not picked.picks:
        state, reason = State.SKIPPED, NOTHING_MATCHED
    row = _row(reader, day, state, reason)
    _tell(row, wishes, covering, picked, ranking, muted)
    row.also = _again(picked.again, had) if picked.picks and picked.again else []
    unsure = _unsure_notes(covering, wishes, desk)
    row.notes = [*notes, *unsure, *_cut_note(covering)]
    row.first = reader.awaits_first_digest
    row.weekly = reader.cadence == Subscriber.Cadence.WEEKLY
    row.full_abstracts = reader.full_abstracts
    row.covered_from = reader.covered
    reader.covered = rounds.advance(reader.covered, covering.editions)
    row.covered_to = reader.covered
    draft = Draft(reader, row, wishes, covering.editions, picked.matched)
    draft.oldest = picked.oldest
    draft.owes_welcome = row.first and not picked.picks
    reader.awaits_first_digest = False
    reader.recheck_had = False
    return draft


def _tell(
    row: Delivery,
    wishes: Wishes,
    covering: rounds.Covering,
    picked: matching.Picked,
    ranking: matching.Ranking,
    muted: int,
) -> None:
    """What was picked, out of what, and by which filters, as they are now."""
    row.editions = [
        {"source": each.source, "day": each.day.isoformat(), "papers": each.papers}
        for each in covering.editions
    ]
    row.filters = [
        {
            "id": each.id,
            "filter": each.filter,
            "text": each.text,
            "name": each.name,
            "matched": (ranking.of(each.filter).papers & ~muted).bit_count(),
        }
        for each in wishes.wanted
    ]
    row.mutes = [{"text": each.text, "filter": each.canonical} for each in wishes.mutes]
    row.picks = [
        {"listing": each.listing, "paper": each.paper, "filters": list(each.filters)}
        for each in picked.picks
    ]
    row.matched = picked.matched


def _row(reader: Subscriber, day: date, state: str, reason: str) -> Delivery:
    return Delivery(
        subscriber=reader,
        due_date=day,
        state=state,
        reason=reason,
        message_id=Delivery.message_id_for("digest", reader.pk, day),
    )


def _again(listings: Sequence[int], had: Had) -> list[dict[str, Any]]:
    """Rule 10: papers had, where the later listing brings something to tell."""
    both = {*listings, *(before.listing for before in had.values())}
    rows = Listing.objects.filter(pk__in=both).select_related("paper")
    found = {each.pk: each for each in rows}
    return [
        {"listing": pk, "sent_on": had[each.paper_id].due.isoformat()}
        for pk, each in found.items()
        if pk in listings and _brings(each, found.get(had[each.paper_id].listing))
    ]


def _brings(later: Listing, earlier: Listing | None) -> bool:
    """Does the later card show something that the reader was not shown? The list that
    comes second need not be the one that knows more of the paper."""
    now, before = later.card, earlier and earlier.card
    return any(
        getattr(now, told) and not (before and getattr(before, told))
        for told in ("upvotes", "code_url", "summary")
    )


def _unsure_notes(covering: rounds.Covering, wishes: Wishes, desk: Desk) -> list[str]:
    """A sentence for each list that may be incomplete (rounds.md 3) and that one of the
    reader's filters could need. Of a source only the newest list counts: what was
    missing in an earlier one came with the next."""
    newest = {each.source: each for each in covering.editions}
    if not any(each.partial for each in newest.values()):
        return []
    needed = desk.sources_needed(each.text for each in wishes.wanted)
    return [
        f"The list of {each.get_source_display()}, {each.day:%a} {each.day.day} "
        f"{each.day:%b}, may be incomplete; what is missing comes with its next one."
        for source, each in newest.items()
        if each.partial and source in needed
    ]


def _cut_note(covering: rounds.Covering) -> list[str]:
    if not covering.cut:
        return []
    days = rounds.REACH.days
    return [f"This reaches back {days} days; older lists are on the web."]
