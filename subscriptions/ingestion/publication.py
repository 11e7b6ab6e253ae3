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
    frozen = (_freeze(each.pk, now) for each in editions)
    return [each for each in frozen if each is not None]


def _freeze(key: int, now: datetime) -> Edition | None:
    """Copy what a card shows into each listing and close the edition, at once."""
    with transaction.atomic():
        alone()
        edition = Edition.objects.open().select_for_update().filter(pk=key).first()
        if edition is None:
            return None
        listings = list(edition.listings.select_related("paper"))
        for listing in listings:
            listing.frozen = listing.paper.card().to_json()
        edition.listings.bulk_update(listings, ["frozen"], batch_size=100)
        run = last_run(edition.source, edition.day)
        edition.state = Edition.State.PUBLISHED
        edition.published_at = now
        edition.papers = len(listings)
        edition.partial = run is not None and not run.complete
        edition.save(update_fields=["state", "published_at", "papers", "partial"])
        crashpoint("publish.frozen")
    crashpoint("publish.published")
    return edition
