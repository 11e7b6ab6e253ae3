"""This process's matcher of all stored filters, kept up to date."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models.functions import Substr

from subscriptions.models import TopicFilter

from .language import FilterError
from .matcher import Matcher

_MANY = 10_000
_log = logging.getLogger(__name__)


class Compiled:
    """Every `TopicFilter`, compiled once and kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._matcher = Matcher()
        self._known: dict[int, str] = {}  # id -> the beginning of its fingerprint

    def current(self) -> Matcher:
        """New rows are added, deleted ones discarded, and the rest is left alone;
        built anew only when most of it is of deleted filters.

        The fingerprints are compared too, since a restored database may give an id
        anew.
        """
        with self._lock:
            rows = TopicFilter.objects.order_by()
            stored = dict(rows.values_list("id", Substr("fingerprint", 1, 16)))
            if self._matcher.discarded > len(stored) + 1000:
                self._matcher, self._known = Matcher(), {}
            for filter_id in self._known.keys() - stored.keys():
                self._matcher.discard(filter_id)
            known = self._known
            changed = [key for key, mark in stored.items() if known.get(key) != mark]
            with _kept_for_good(len(changed)):
                for start in range(0, len(changed), 500):
                    some = rows.filter(id__in=changed[start : start + 500])
                    for filter_id, text in some.values_list("id", "text"):
                        self._add(filter_id, text)
            self._known = stored
            return self._matcher

    def _add(self, filter_id: int, text: str) -> None:
        """One unreadable row must not keep everybody else's mail back."""
        try:
            self._matcher.add(filter_id, text)
        except FilterError as error:
            self._matcher.discard(filter_id)
            # Neither the filter nor the error's text, which quotes it.
            _log.error(
                "The stored filter %d cannot be read at character %d and matches "
                "nothing.",
                filter_id,
                error.position + 1,
            )


@contextmanager
def _kept_for_good(number: int) -> Iterator[None]:
    """Many new objects that stay: the garbage collector need not walk over them, now
    or later. For 300,000 filters each of its full rounds would take half a second."""
    if number < _MANY:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


compiled = Compiled().current
