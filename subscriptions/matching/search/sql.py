"""Parts of statements, and what search asks of a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from subscriptions.matching.language.tree import Leaf, Query
from subscriptions.models.among import among


@dataclass(frozen=True, slots=True)
class Sql:
    """Part of a statement. What a reader wrote is in `parameters` only."""

    text: str
    parameters: tuple[Any, ...] = ()

    @classmethod
    def of(cls, text: str, *parts: Sql) -> Sql:
        """`text` with each `{}` replaced by a part."""
        return cls(
            text.format(*(part.text for part in parts)),
            tuple(each for part in parts for each in part.parameters),
        )

    @classmethod
    def joined(cls, by: str, parts: Iterable[Sql]) -> Sql:
        some = tuple(parts)
        return cls.of(by.join(["{}"] * len(some)), *some)

    @classmethod
    def among(cls, ids: Sequence[int]) -> Sql:
        """Selects these ids, by one parameter however many they are."""
        selected = among(ids)
        return cls(selected.sql, tuple(selected.params))


class Engine(Protocol):
    """A database's full-text index of the stored papers."""

    papers: str  # the table, where only `id` and `day` are read
    listings: str  # the table, where only the columns of `listing_in_search` are

    def index(self, leaf: Leaf) -> str:
        """The name of the index that decides this leaf; "" if none does."""

    def ids(self, index: str, query: Query) -> Sql:
        """Selects `id` of the papers of which `index` says that they satisfy `query`,
        which is positive and all of whose leaves it decides."""

    def ranks(self, query: Query) -> Sql | None:
        """Selects `id` and `score`, higher for better, by the words that `query` asks
        for; None if it asks for none. Of the table `found`, but some that are not in it
        may be there, and those without any of the words may be missing."""

    def prepared(self) -> AbstractContextManager[None]:
        """Held around the statements of a search."""
