"""What the "save or tune" page shows of a paper, and what it asks the database for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import F, FilteredRelation, Q, QuerySet

from subscriptions import matching
from subscriptions.models import (
    Edition,
    Listing,
    Mute,
    Paper,
    Subscriber,
    Subscription,
)

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Worded:
    """A query that is put into SQL once. To do that for each page takes Django ten
    times as long as the database takes to answer, and scanners open a page for every
    paper of every mail.

    `query` makes it with any values; `rows` asks with others in their places. What it
    annotates comes as the database has it.
    """

    def __init__(self, query: Callable[[], QuerySet[Any]]) -> None:
        self._query = query

    @cached_property
    def _sql(self) -> tuple[type[Any], str]:
        query = self._query()
        return query.model, query.query.sql_with_params()[0]

    def rows(self, *values: object) -> list[Any]:
        model, sql = self._sql
        return list(model.objects.raw(sql, values))


_KEPT = FilteredRelation("saved_by", condition=Q(saved_by__subscriber=0))
_PAPERS = Worded(
    lambda: (
        Paper.objects.annotate(kept=_KEPT, saved=F("kept__id"))
        .filter(arxiv_id="")
        .defer("title_words", "abstract_words", "facts")
    )
)
_LISTINGS = Worded(
    lambda: (
        Listing.objects.filter(paper=0)
        .annotate(edition_day=F("edition__day"))
        .only("paper", "source", "listed_on", "frozen")
    )
)
_SUBSCRIPTIONS = Worded(
    lambda: Subscription.objects.filter(subscriber=0).annotate(
        canonical=F("filter__text")
    )
)
_MUTES = Worded(
    lambda: Mute.objects.filter(subscriber=0).annotate(canonical=F("filter__text"))
)
_DAY = Edition._meta.get_field("day")


class _Canonical(TypedDict):
    """The text of the filter that a row is about."""

    canonical: str


@dataclass(frozen=True, slots=True)
class Brought:
    """One of the reader's filters that finds the paper, the words by which it does,
    those of them to mark in its title and abstract, and what the filter could leave out
    so that it did not find it."""

    subscription: Subscription
    words: tuple[str, ...]
    marks: tuple[str, ...]
    less: tuple[matching.Exclusion, ...]


class Tuned:
    """A paper as its reader looks at it; read from the database, never written.

    Raises Paper.DoesNotExist.
    """

    def __init__(self, reader: Subscriber, arxiv_id: str) -> None:
        found = _PAPERS.rows(reader.pk, arxiv_id)
        if not found:
            raise Paper.DoesNotExist
        self.reader = reader
        self.paper: Paper = found[0]
        self.is_saved = found[0].saved is not None
        self.document = matching.Document.of_paper(self.paper)

    @cached_property
    def listings(self) -> list[Listing]:
        found = _LISTINGS.rows(self.paper.pk)
        for each in found:
            day = _DAY.to_python(each.edition_day)
            each.edition = Edition(day=day) if day else None
        return found

    @cached_property
    def documents(self) -> list[matching.Document]:
        """What filters are held against: the listings, or the paper by itself."""
        listed = [matching.Document.of_listing(each) for each in self.listings]
        return listed or [self.document]

    @cached_property
    def tuning(self) -> matching.Tuning:
        return matching.Tuning(self.document)

    @cached_property
    def subscriptions(self) -> list[WithAnnotations[Subscription, _Canonical]]:
        return _SUBSCRIPTIONS.rows(self.reader.pk)

    @cached_property
    def brought(self) -> list[Brought]:
        found = [
            (each, spans)
            for each in self.subscriptions
            if each.enabled and (spans := self.found_by(each.canonical)) is not None
        ]
        less = self.tuning.less(_as_written(each) for each, _ in found)
        return [
            Brought(
                subscription=each,
                words=_distinct(span.text for span in spans),
                marks=tuple(s.text for s in spans if s.field in {"title", "abstract"}),
                less=tuple(some),
            )
            for (each, spans), some in zip(found, less, strict=True)
        ]

    @property
    def more(self) -> list[matching.Alike]:
        """What the reader does not have yet."""
        have = {each.canonical for each in self.subscriptions}
        return [each for each in self.tuning.more if each.canonical not in have]

    @cached_property
    def mutes(self) -> list[WithAnnotations[Mute, _Canonical]]:
        """Those of the reader's that this paper has."""
        every = _MUTES.rows(self.reader.pk)
        return [each for each in every if self.found_by(each.canonical) is not None]

    @property
    def may_mute(self) -> list[str]:
        """Phrases of the paper and its first authors, as a reader writes them."""
        offered = [each for each in self.tuning.more if each.kind != "category"]
        muted = {each.canonical for each in self.mutes}
        offered.sort(key=lambda each: each.kind == "author")
        return [each.text for each in offered if each.canonical not in muted]

    def found_by(self, canonical: str) -> tuple[matching.Span, ...] | None:
        """The words by which a filter finds the paper; None: it does not."""
        return matching.found_by(canonical, self.documents)


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, however it is written."""
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(word.casefold(), word)
    return tuple(first.values())


def _as_written(
    each: WithAnnotations[Subscription, _Canonical],
) -> tuple[matching.Query, str]:
    """So that its reader knows the filter again, and how they write NOT."""
    try:
        query = matching.parse(each.text)
    except matching.FilterError:  # from a time with other limits
        query = matching.parse_canonical(each.canonical)
    return query, "NOT " if " NOT " in f" {each.text}" else "-"
