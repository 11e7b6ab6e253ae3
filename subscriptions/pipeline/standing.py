"""Where readers stand: what compose reads of them and writes with their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from subscriptions.models import Subscriber, among

# Coverage, awaits the first digest, recheck had.
Standing = tuple[tuple[tuple[str, str], ...], bool, bool]


def standing_of(reader: Subscriber) -> Standing:
    covered = tuple(sorted(reader.covered.items()))
    return covered, reader.awaits_first_digest, reader.recheck_had


def advance(readers: Sequence[Subscriber], before: Mapping[int, Standing]) -> None:
    """Write where these readers stand now, where that has changed. Most stand at the
    same place, so that it is one statement for many."""
    changed: dict[Standing, list[int]] = defaultdict(list)
    for reader in readers:
        if (now := standing_of(reader)) != before[reader.pk]:
            changed[now].append(reader.pk)
    for (covered, awaits_first_digest, recheck_had), ids in changed.items():
        Subscriber.objects.filter(pk__in=among(ids)).update(
            covered=dict(covered),
            awaits_first_digest=awaits_first_digest,
            recheck_had=recheck_had,
        )
