"""Rules 8 and 9: a reader's coverage is a day per source, and which editions follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from subscriptions.models import Edition

# Weekly, pause and downtime alike: nothing older is mailed.
REACH = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Covering:
    """The editions of a digest, in day order, and whether older ones were left out."""

    editions: tuple[Edition, ...]
    cut: bool


def editions_for(
    covered: Mapping[str, str], published: Iterable[Edition], due: date
) -> Covering:
    """What a digest due on `due` covers: covered[source] < day <= due, at most 14 days
    old. A source without an entry: from its first edition on.
    """
    waiting = [
        edition
        for edition in published
        if edition.day <= due
        and edition.day.isoformat() > covered.get(edition.source, "")
    ]
    reached = [edition for edition in waiting if due - edition.day <= REACH]
    # Told once, by the digest that goes on after the gap. A source that no digest of
    # the reader covered is not cut: nobody promised its past.
    goes_on = {edition.source for edition in reached} & set(covered)
    cut = any(e.source in goes_on for e in waiting if due - e.day > REACH)
    return Covering(tuple(sorted(reached, key=lambda e: (e.day, e.source))), cut)


def advance(covered: Mapping[str, str], editions: Iterable[Edition]) -> dict[str, str]:
    """Coverage after a digest of `editions`: per source the newest one's day."""
    after = dict(covered)
    for edition in editions:
        day = edition.day.isoformat()
        after[edition.source] = max(after.get(edition.source, ""), day)
    return after
