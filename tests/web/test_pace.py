"""Whoever opens a reader's "save or tune" pages without end waits; nobody else does."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions import links
from subscriptions.web import pace, tune
from subscriptions.web.pace import Pace, TooOften
from tests.factories import a_delivery, a_listing, a_paper, a_reader, an_edition

from .world import path_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is, in seconds, as its one item."""
    now = [1000.0]
    monkeypatch.setattr(pace, "monotonic", lambda: now[0])
    return now


def test_beyond_the_limit_one_waits_until_the_stretch_is_over(
    clock: list[float],
) -> None:
    counted = Pace(most=3, seconds=60)
    for _ in range(3):
        counted.count(1)
    clock[0] += 20.5
    with pytest.raises(TooOften) as often:
        counted.count(1)
    assert often.value.seconds == 40
    counted.count(2)
    clock[0] += 39.5
    for _ in range(3):
        counted.count(1)


def test_only_so_many_are_remembered(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "_KEPT", 2)
    counted = Pace(most=1, seconds=60)
    for key in (1, 2, 3):
        counted.count(key)
    counted.count(1)  # forgotten
    with pytest.raises(TooOften):
        counted.count(3)


@pytest.mark.django_db
def test_the_pages_of_one_digest_answer_so_often_and_the_site_goes_on(
    client: Client, clock: list[float]
) -> None:
    paper, other = a_paper(), a_paper()
    a_listing(paper, an_edition())
    digest = a_delivery(a_reader(), paper, other)
    mine = path_of(links.tune(digest, paper.arxiv_id))
    for _ in range(tune.PACE.most):
        tune.PACE.count(digest.pk)
    for again in (mine, path_of(links.tune(digest, other.arxiv_id))):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = client.get(again)
        assert (answer.status_code, answer["Retry-After"]) == (429, "60")
        assert "<h1>Asked too often</h1>" in answer.content.decode()
        assert not asked.captured_queries
    assert client.post(mine, {"action": "save"}).status_code == 429
    assert client.get(f"/papers/{paper.arxiv_id}").status_code == 200
    theirs = path_of(links.tune(a_delivery(a_reader(), paper), paper.arxiv_id))
    assert client.get(theirs).status_code == 200
    clock[0] += 60
    assert client.get(mine).status_code == 200


@pytest.mark.django_db
def test_a_forged_link_counts_for_nobody(client: Client) -> None:
    paper = a_paper()
    link = path_of(links.tune(a_delivery(a_reader(), paper), paper.arxiv_id))
    token = link.split("/")[2]
    for _ in range(tune.PACE.most + 1):
        forged = link.replace(token, f"{token[:-3]}AAA")
        assert client.get(forged).status_code == 404
    assert client.get(link).status_code == 200
