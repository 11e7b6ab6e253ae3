"""Letters that nobody asked for: time has passed, and something is to be said."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic

from subscriptions import consent, links, matching, rounds, sending
from subscriptions.models import Letter, Listing, Source, Subscriber, Subscription

_SHOWN = 3
_MONTH = timedelta(days=30)


def remind(now: datetime, until: float | None = None) -> dict[str, int]:
    """Take the steps that are due because time has passed, until monotonic `until`; how
    many of each.

    A step is taken under the reader's lock and only if it is still due there, so that
    any number of beats takes it once. None while all sending is paused: a letter would
    name days that are over when it goes, and nobody is slowed down to whom nothing
    comes.
    """
    if sending.lasting():
        return {}
    counts = consent.follow_silence(now, until)
    return counts | {"unmatched": tell_nothing_matched(now, until)}


def tell_nothing_matched(now: datetime, until: float | None = None) -> int:
    """Letters to readers who had nothing for two weeks, with the papers that came
    nearest; how many.

    Nothing may match for months, so one letter a month is written. Not to readers who
    have just been told that a day had nothing: they get it in place of the next such
    letter.
    """
    told = Letter.objects.filter(kind=Letter.Kind.NO_MATCH, created_at__gt=now - _MONTH)
    readers = rounds.unmatched(now).exclude(pk__in=told.values("subscriber_id"))
    readers = readers.exclude(pk__in=consent.told_of_today(now))
    written = 0
    for pk in list(readers.values_list("pk", flat=True)):
        if until is not None and monotonic() > until:
            break
        reader = readers.filter(pk=pk).first()  # as it is when it is their turn
        context = _nearest(reader) if reader else None
        if reader and context:
            written += consent.tell_nothing_matched(reader.pk, context)
    return written


def _nearest(reader: Subscriber) -> dict[str, object] | None:
    """What the letter says; None where a paper does match: their next digest has it,
    or they had it in an earlier one."""
    filters, queries = [], []
    for each in reader.subscriptions.filter(enabled=True).select_related("filter"):
        with suppress(matching.FilterError):  # what cannot be read comes near nothing
            queries.append(_query(each))
            filters.append(each)
    nearest = matching.nearest(queries, most=_SHOWN, muted=_muted(reader))
    if nearest.matched or not nearest.papers:
        return None
    listings = Listing.objects.select_related("paper", "edition").in_bulk(
        [each.listing for each in nearest.found]
    )
    return {
        "papers": nearest.papers,
        "days": nearest.days,
        "filters": len(filters),
        "nearest": [
            {
                "title": listings[each.listing].card.title,
                "url": _url(listings[each.listing]),
                "filter": filters[each.filter].label,
                "missing": list(each.missing),
            }
            for each in nearest.found
        ],
    }


def _query(subscription: Subscription) -> matching.Query:
    """As the reader wrote it, so that a missing word is named as they know it."""
    try:
        return matching.parse(subscription.text)
    except matching.FilterError:  # written when the language was another
        return matching.parse_canonical(subscription.filter.text)


def _muted(reader: Subscriber) -> list[matching.Query]:
    """What keeps papers out of the reader's digests keeps them out of the letter."""
    queries = []
    for text in reader.mutes.values_list("filter__text", flat=True):
        with suppress(matching.FilterError):  # mutes nothing in a digest either
            queries.append(matching.parse_canonical(text))
    return queries


def _url(listing: Listing) -> str:
    """Its abstract at arXiv, so that the letter outlives this server; samples are on
    no other."""
    card = listing.card
    if listing.source == Source.SAMPLE:
        return links.paper(card.arxiv_id)
    return card.abstract_url
