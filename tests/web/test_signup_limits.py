"""What who is refused a sign-up gets to see, and what lets them in."""

import re
from itertools import count
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings

from subscriptions.models import Letter
from subscriptions.web import work
from subscriptions.web.text import duration


def typed(number: int) -> dict[str, Any]:
    return {"address": f"new{number}@example.org", "filters": "hessian"}


@pytest.mark.django_db
@override_settings(SIGNUPS_PER_NETWORK=1)
def test_who_is_refused_keeps_what_they_typed_and_is_told_when() -> None:
    client = Client(REMOTE_ADDR="203.0.114.77")
    assert client.post("/subscribe", typed(1)).status_code == 302
    refused = client.post("/subscribe", typed(2))
    html = refused.content.decode()
    assert refused.status_code == 429
    assert 3590 < int(refused["Retry-After"]) <= 3600
    assert "from your network lately" in html
    assert "try again in 1 hour." in html
    assert ">\nhessian</textarea>" in html
    assert 'value="new2@example.org"' in html
    assert Letter.objects.count() == 1
    # Somebody else is not in their way.
    other = Client(REMOTE_ADDR="203.0.115.1")
    assert other.post("/subscribe", typed(2)).status_code == 302


@pytest.mark.django_db
@override_settings(SIGNUPS_PER_DOMAIN=1)
def test_a_domain_that_is_flooded_is_said_to_be() -> None:
    client = Client()
    client.post("/subscribe", typed(1))
    html = client.post("/subscribe", typed(2)).content.decode()
    assert "for addresses at that domain lately" in html


def answer_to(task: str, right: bool = True) -> str:
    """By trying, as the browser does."""
    tried = map(str, count())
    return next(t for t in tried if work.is_done(task, t, "new2@example.org") is right)


@pytest.mark.django_db
@override_settings(SIGNUPS_PER_NETWORK=1)
def test_who_does_the_work_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BITS", 3)
    client = Client(REMOTE_ADDR="203.0.114.77")
    client.post("/subscribe", typed(1))
    html = client.post("/subscribe", typed(2)).content.decode()
    (task,) = re.findall('name="task" value="([^"]+)"', html)
    done = {"task": task, "answer": answer_to(task)}
    # Not for another address, not with another answer, not with a task of their own.
    for wrong in (
        typed(3) | done,
        typed(2) | done | {"answer": answer_to(task, right=False)},
        typed(2) | done | {"answer": "9" * 21},
        typed(2) | done | {"task": f"{task}x"},
    ):
        assert client.post("/subscribe", wrong).status_code == 429
    assert client.post("/subscribe", typed(2) | done).status_code == 302
    assert Letter.objects.count() == 2


@pytest.mark.django_db
def test_a_task_is_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "BITS", 0)
    with time_machine.travel("2026-07-07T12:00Z", tick=False) as clock:
        task = work.task_for("new@example.org").text
        assert work.is_done(task, "0", "New+tag@example.org")
        clock.shift(3601)
        assert not work.is_done(task, "0", "new@example.org")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 minute"), (61, "2 minutes"), (3541, "1 hour"), (3601, "2 hours")],
)
def test_a_duration_is_never_shorter_than_it_is(seconds: int, words: str) -> None:
    assert duration(seconds) == words
