"""Open editions -> published ones (rounds.md 3, 4, 5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db import transaction

from subscriptions.crashpoint import crashpoint
from subscriptions.models import Edition
from subscriptions.models.papers import settles_at

from .lock import alone
from .runs import last_run

AT_THE_LATEST = timedelta(hours=6)


def publish_settled(now: datetime) -> list[Edition]:
    """Publish what has settled by `now`, with every earlier open day of its source."""
    published: list[Edition] = []
    for _, waiting in groupby(_open_editions(), key=lambda edition: edition.source):
        editions = list(waiting)
        ready = [n for n, edition in enumerate(editions, 1) if _is_ready(edition, now)]
        published += _publish(editions[: max(ready, default=0)], now)
    return published


def publish_until(
    day: date, now: datetime, sources: Collection[str] | None = None
) -> list[Edition]:
    """Publish everything stored with a day up to `day`, settled or not; of `sources`
    only, if given."""
    waiting = (each for each in _open_editions() if each.day <= day)
    chosen = [each for each in waiting if sources is None or each.source in sources]
    return _publish(chosen, now)


def _open_editions() -> list[Edition]:
    return list(Edition.objects.open().order_by("source", "day"))


def _is_ready(edition: Edition, now: datetime) -> bool:
    settled = settles_at(edition.source, edition.day)
    if now >= settled + AT_THE_LATEST:
        return True
    run = last_run(edition.source, edition.day)
    return (
        now >= settled
        and run is not None
        and run.complete
        and run.finished_at >= settled
    )


def _publish(editions: list[Edition], now: datetime) -> list[Edition]:
    """Those that this call published: another process may have been first."""
    return [closed for each in editions for closed in _freeze(each.pk, now)]


def _freeze(key: int, now: datetime) -> list[Edition]:
    """Close the edition, and before it all open ones of its source and earlier days.
    One of these may have been opened since the open ones were read; published after
    this one, it would never be covered."""
    with transaction.atomic():
        alone()
        edition = Edition.objects.open().filter(pk=key).first()
        if edition is None:
            return []
        until = Edition.objects.open().filter(
            source=edition.source, day__lte=edition.day
        )
        waiting = list(until.select_for_update().order_by("day"))
        for each in waiting:
            _close(each, now)
        crashpoint("publish.frozen")
    crashpoint("publish.published")
    return waiting


def _close(edition: Edition, now: datetime) -> None:
    """Copy what a card shows into each listing and close the edition."""
    listings = list(edition.listings.select_related("paper"))
    for listing in listings:
        listing.frozen = listing.paper.card().to_json()
    edition.listings.bulk_update(listings, ["frozen"], batch_size=100)
    edition.state = Edition.State.PUBLISHED
    edition.published_at = now
    edition.papers = len(listings)
    edition.partial = _is_partial(edition, now)
    edition.save(update_fields=["state", "published_at", "papers", "partial"])


def _is_partial(edition: Edition, now: datetime) -> bool:
    """May something be missing? It was last heard in part; or before its source had
    settled, which it has by now. Whoever publishes before that wants what is there."""
    run = last_run(edition.source, edition.day)
    if run is None:
        return False
    settled = settles_at(edition.source, edition.day)
    return not run.complete or run.finished_at < settled <= now
