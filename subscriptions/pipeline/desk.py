"""The editions on the desk: their papers held against every filter, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache

from django.conf import settings

from subscriptions import matching, rounds
from subscriptions.models import Edition, Listing, Source, TopicFilter

# Older ones are in no digest and no welcome letter.
_FAR_BACK = timedelta(days=60)
# Most readers of a slice are due the same editions: those since yesterday's digest.
_RANKINGS = 8
# Editions held against all filters at a time, 25 MB each with 300,000 filters and a
# thousand papers: a week of both sources. More only for a digest that covers more.
_MATCHED = 14


class Desk:
    """Published editions up to a date, matched on first use and kept.

    Memory: the words of the editions asked for; for the digests of late, one bitset
    per edition and filter that matches and the order of a hundred papers per filter;
    nothing of the size readers x papers.
    """

    def __init__(self, until: date | None = None) -> None:
        self._until = until or date.max
        editions = Edition.objects.published().order_by("day", "source")
        if until is not None:
            editions = editions.filter(day__range=(until - _FAR_BACK, until))
        if not samples_are_shown():
            editions = editions.exclude(source=Source.SAMPLE)
        self.editions = list(editions)
        self._matcher: matching.Matcher | None = None
        self._compiled: set[int] = set()
        self._indexes: dict[int, matching.Index] = {}
        self._matches: dict[int, matching.Matches] = {}
        self._rankings: dict[tuple[int, ...], matching.Ranking] = {}
        self._relisted: dict[int, dict[int, list[date]]] = {}
        self._coverings: dict[tuple[tuple[str, str], ...], rounds.Covering] = {}

    def covering(self, covered: Mapping[str, str]) -> rounds.Covering:
        """What a digest due on the desk's last date covers for a reader who has got as
        far as `covered`. Most have got equally far."""
        key = tuple(sorted(covered.items()))
        if key not in self._coverings:
            self._coverings[key] = rounds.editions_for(
                covered, self.editions, self._until
            )
        return self._coverings[key]

    def ranking(
        self, editions: Iterable[Edition], filters: Iterable[int]
    ) -> matching.Ranking:
        """These editions' papers, to be ranked for any of these filters."""
        if self._matcher is None or not self._compiled.issuperset(filters):
            # Written after this desk was laid; it must not look as if it found nothing.
            self._compile(filters)
            self._matches.clear()
            self._rankings.clear()
        key = tuple(edition.pk for edition in editions)
        ranking = self._rankings.pop(key, None)
        if ranking is None:
            self._make_room(key)
            ranking = matching.Ranking([self._match(each) for each in editions])
        self._rankings[key] = ranking  # the one last used is the last to go
        return ranking

    def _make_room(self, key: tuple[int, ...]) -> None:
        """For a ranking of these editions: forget those used longest ago, and what
        was matched for them alone."""
        used = {*key}.union(*self._rankings)
        while self._rankings and (
            len(self._rankings) >= _RANKINGS or len(used) > _MATCHED
        ):
            del self._rankings[next(iter(self._rankings))]
            used = {*key}.union(*self._rankings)
        for edition in self._matches.keys() - used:
            del self._matches[edition]

    def _compile(self, wanted: Iterable[int]) -> None:
        # Ids first: what is written in between is compiled and not known, which only
        # costs another look. Ids are not given in the order of commits.
        stored = TopicFilter.objects.values_list("pk", flat=True)
        self._compiled = {*wanted, *stored}
        self._matcher = matching.compiled()

    def relisted(self, edition: Edition) -> dict[int, list[date]]:
        """Papers of the edition that another source lists too -> the days of all
        editions they are in.

        Only these can have been had before by a reader whose coverage never moved
        back (rounds.md 10).
        """
        if edition.pk not in self._relisted:
            here = Listing.objects.filter(edition=edition).values("paper_id")
            rows = Listing.objects.filter(paper_id__in=here, edition__isnull=False)
            days = defaultdict(list)
            for paper, day in rows.order_by().values_list("paper_id", "edition__day"):
                days[paper].append(day)
            several = {paper: found for paper, found in days.items() if len(found) > 1}
            self._relisted[edition.pk] = several
        return self._relisted[edition.pk]

    def papers(self, editions: Iterable[Edition]) -> set[int]:
        """The ids of all papers that these editions list."""
        return {entry.paper for each in editions for entry in self._index(each).entries}

    def _match(self, edition: Edition) -> matching.Matches:
        if edition.pk not in self._matches:
            matcher = self._matcher or matching.compiled()
            self._matches[edition.pk] = matching.Asked(matcher, self._index(edition))
        return self._matches[edition.pk]

    def _index(self, edition: Edition) -> matching.Index:
        if edition.pk not in self._indexes:
            listings = Listing.objects.filter(edition=edition).select_related(
                "paper", "edition"
            )
            self._indexes[edition.pk] = matching.Index(
                map(matching.Document.of_listing, listings)
            )
        return self._indexes[edition.pk]

    def sources_needed(self, filters: Iterable[str]) -> frozenset[str]:
        """The configured sources that one of these filters could need, each in
        canonical form."""
        texts = list(filters)
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
    try:
        return matching.could_match(matching.parse_canonical(text), source)
    except matching.FilterError:  # one that finds nothing; nobody else's mail waits
        return False
