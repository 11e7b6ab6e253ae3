"""What is kept of the editions on the desk while readers of all kinds are composed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from subscriptions.models import Edition
from subscriptions.pipeline import desk
from subscriptions.pipeline.desk import Desk
from tests.factories import TUESDAY, a_filter, an_edition

from .digests import listed

pytestmark = pytest.mark.django_db


def editions(number: int) -> list[Edition]:
    made = [an_edition(day=TUESDAY - timedelta(ago)) for ago in range(number)]
    for each in made:
        listed(each, "Gradient flows")
    return made[::-1]


def test_no_more_editions_are_matched_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_MATCHED", 3)
    laid, made, wanted = Desk(TUESDAY), editions(7), a_filter("gradient").pk
    for first in (0, 4, 5, 6, 2, 6):
        ranking = laid.ranking(made[first:], [wanted])
        assert ranking.of(wanted).documents.bit_count() == 7 - first
        assert len(laid._matches) <= max(3, 7 - first)


def test_what_the_next_digest_needs_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_MATCHED", 3)
    laid, made, wanted = Desk(TUESDAY), editions(4), a_filter("gradient").pk
    daily = laid.ranking(made[3:], [wanted])
    assert laid.ranking(made[2:], [wanted]) is not daily
    assert laid.ranking(made[3:], [wanted]) is daily
    laid.ranking(made, [wanted])
    assert laid.ranking(made[3:], [wanted]) is not daily


def test_only_the_last_rankings_are_kept() -> None:
    laid, made, wanted = Desk(TUESDAY), editions(12), a_filter("gradient").pk
    for first in range(12):
        laid.ranking(made[first : first + 1], [wanted])
    assert len(laid._rankings) == len(laid._matches) == desk._RANKINGS
