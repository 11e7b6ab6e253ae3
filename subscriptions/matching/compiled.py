"""This process's matcher of all stored filters, kept up to date."""

from __future__ import annotations

import logging
import threading

from django.db.models.functions import Substr

from subscriptions.models import TopicFilter

from .language import FilterError
from .matcher import Matcher

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_matcher = Matcher()
_known: dict[int, str] = {}  # id -> the beginning of its fingerprint


def compiled() -> Matcher:
    """Every `TopicFilter`, compiled. New rows are added, deleted ones discarded, and
    the rest is left alone; built anew only when most of it is of deleted filters.

    The fingerprints are compared too, since a restored database may give an id anew.
    """
    global _matcher, _known
    with _lock:
        rows = TopicFilter.objects.order_by()
        stored = dict(rows.values_list("id", Substr("fingerprint", 1, 16)))
        if _matcher.discarded > len(stored) + 1000:
            _matcher, _known = Matcher(), {}
        for filter_id in _known.keys() - stored.keys():
            _matcher.discard(filter_id)
        changed = [key for key, mark in stored.items() if _known.get(key) != mark]
        for start in range(0, len(changed), 500):
            some = rows.filter(id__in=changed[start : start + 500])
            for filter_id, text in some.values_list("id", "text"):
                _add(filter_id, text)
        _known = stored
        return _matcher


def _add(filter_id: int, text: str) -> None:
    """One unreadable row must not keep everybody else's mail back."""
    try:
        _matcher.add(filter_id, text)
    except FilterError as error:
        _matcher.discard(filter_id)
        # Neither the filter nor the error's text, which quotes it.
        _log.error(
            "The stored filter %d cannot be read at character %d and matches nothing.",
            filter_id,
            error.position + 1,
        )
