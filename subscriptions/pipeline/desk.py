"""The editions on the desk: their papers held against every filter, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

from django.conf import settings
from django.db.models import Count, Min

from subscriptions import matching
from subscriptions.models import Edition, Listing, Source, Subscriber, TopicFilter

# Older ones are in no digest and no welcome letter.
_FAR_BACK = timedelta(days=60)


class Desk:
    """Published editions up to a date, matched on first use and kept.

    Memory: the documents of the editions asked for and one bitset per filter that
    matches; nothing of the size readers x papers.
    """

    def __init__(self, until: date | None = None) -> None:
        editions = Edition.objects.published().order_by("day", "source")
        if until is not None:
            editions = editions.filter(day__range=(until - _FAR_BACK, until))
        if not samples_are_shown():
            editions = editions.exclude(source=Source.SAMPLE)
        self.editions = list(editions)
        self._compiled: set[int] = set()
        self._matches: dict[int, matching.Matches] = {}
        self._relisted: dict[int, dict[int, date]] = {}

    def hits(
        self, filter_id: int, editions: Iterable[Edition]
    ) -> Sequence[matching.Hit]:
        """A filter's listings in these editions, best first."""
        if filter_id not in self._compiled:
            # Written after this desk was laid; it must not look as if it found nothing.
            self._compile(filter_id)
            self._matches.clear()
        found = [hit for each in editions for hit in self._match(each).hits(filter_id)]
        return sorted(found, key=lambda hit: -hit.score)

    def _compile(self, wanted: int) -> None:
        # Ids first: what is written in between is compiled and not known, which only
        # costs another look. Ids are not given in the order of commits.
        stored = TopicFilter.objects.values_list("pk", flat=True)
        self._compiled = {wanted, *stored}
        self._matcher = matching.compiled()

    def relisted(self, edition: Edition) -> dict[int, date]:
        """Papers of the edition that another source lists too -> first day listed.

        Only these can have been had before by a reader whose coverage never moved
        back (rounds.md 10).
        """
        if edition.pk not in self._relisted:
            here = Listing.objects.filter(edition=edition).values("paper_id")
            several = (
                Listing.objects.filter(paper_id__in=here)
                .order_by()
                .values("paper_id")
                .annotate(times=Count("pk"), first=Min("listed_on"))
                .filter(times__gt=1)
            )
            self._relisted[edition.pk] = {
                row["paper_id"]: row["first"] for row in several
            }
        return self._relisted[edition.pk]

    def volumes(self, filter_id: int, days: int = 10) -> list[int]:
        """How many papers the filter finds on each of the newest `days` days."""
        newest = sorted({edition.day for edition in self.editions})[-days:]
        return [
            len({hit.paper for hit in self.hits(filter_id, self._of(day))})
            for day in newest
        ]

    def _of(self, day: date) -> list[Edition]:
        return [edition for edition in self.editions if edition.day == day]

    def _match(self, edition: Edition) -> matching.Matches:
        if edition.pk not in self._matches:
            listings = Listing.objects.filter(edition=edition).select_related(
                "paper", "edition"
            )
            documents = [matching.Document.of_listing(each) for each in listings]
            self._matches[edition.pk] = self._matcher.match(documents)
        return self._matches[edition.pk]

    def sources_needed(self, reader: Subscriber) -> frozenset[str]:
        """The configured sources that one of the reader's filters could need."""
        texts = [each.filter.text for each in reader.subscriptions.all()]
        return frozenset(
            source
            for source in settings.SOURCES
            if any(_could_need(text, source) for text in texts)
        )


def samples_are_shown() -> bool:
    """Rule 7: only while no other source has an edition, only to the embedded inbox."""
    return settings.EMBEDDED_INBOX and not Edition.objects.real().exists()


@lru_cache(maxsize=100_000)
def _could_need(text: str, source: str) -> bool:
    return matching.could_match(matching.parse_canonical(text), source)
