"""The front page stops all sending and lets it go on, and shows a round run."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from subscriptions import pipeline, sending
from subscriptions.admin import dashboard, figures
from subscriptions.models import LedgerEpoch, Notice, Pause, Round
from subscriptions.sending.ledger import epoch
from tests.factories import a_reader

from .making import a_delivery, a_round
from .test_front_page import front, today

__all__ = ["today"]
PAUSE, RESUME = "admin:subscriptions_pause_all", "admin:subscriptions_resume_all"
PROGRESS = "admin:subscriptions_progress"


@pytest.fixture
def viewer(db: None) -> Client:
    """A browser of somebody who may only look."""
    user = User.objects.create(username="viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    return client


def test_it_asks_before_it_pauses_and_both_are_on_record(desk: Client) -> None:
    assert reverse(PAUSE) in front(desk)
    assert "Pause all sending?" in desk.get(reverse(PAUSE)).content.decode()
    assert not Pause.objects.exists()
    desk.post(reverse(PAUSE))
    assert Pause.objects.get().lasts
    shown = front(desk)
    assert reverse(RESUME) in shown
    assert "All sending paused by the operator" in shown
    desk.post(reverse(RESUME))
    assert not Pause.objects.get().lasts
    said = LogEntry.objects.order_by("id").values_list("change_message", flat=True)
    assert list(said) == ["Paused.", "Resumed."]


def test_resuming_says_what_tripped_the_breaker(desk: Client) -> None:
    why = "5 hard bounces of 9 digests to few.example"
    Pause.objects.create(by="breaker", reason=why, started_at=timezone.now())
    assert f"All sending paused by the circuit breaker: {why}" in front(desk)
    assert why in desk.get(reverse(RESUME)).content.decode()


def test_resuming_a_restored_database_says_so_and_is_on_record(
    desk: Client, tmp_path: Path, settings: Any
) -> None:
    settings.VAR_DIR = tmp_path
    epoch.advance()
    LedgerEpoch.objects.update(number=0)
    assert "restored from a backup" in desk.get(reverse(RESUME)).content.decode()
    assert desk.post(reverse(RESUME)).status_code == 302
    assert not sending.hold_check()
    assert LogEntry.objects.get().change_message == "Resumed."


def test_staff_who_may_only_look_are_shown_no_button_and_refused(
    viewer: Client,
) -> None:
    assert reverse(PAUSE) not in front(viewer)
    assert viewer.post(reverse(PAUSE)).status_code == 403
    assert viewer.get(reverse(PROGRESS)).status_code == 200
    assert not Pause.objects.exists()


@pytest.mark.parametrize("name", [PAUSE, RESUME, PROGRESS])
def test_nobody_else_is_let_in(client: Client, db: None, name: str) -> None:
    assert client.post(reverse(name)).status_code == 302


def test_the_card_asks_for_itself_until_the_round_is_complete(
    desk: Client, today: date
) -> None:
    round_ = a_round(today)
    a_delivery(round_, "pending")
    card = desk.get(reverse(PROGRESS)).content.decode()
    assert f'hx-get="{reverse(PROGRESS)}"' in card
    assert "<html" not in card
    Round.objects.update(state="complete")
    assert "hx-get" not in desk.get(reverse(PROGRESS)).content.decode()


def test_it_shows_how_fast_the_round_goes_and_for_how_long(
    desk: Client, today: date
) -> None:
    round_ = a_round(today)
    for _ in range(7):
        a_delivery(round_, "pending")
    ago = timezone.now() - timedelta(minutes=2)
    Round.objects.update(pace=[[ago.isoformat(), 0]])
    for each in round_.deliveries.all()[:4]:
        each.state = "sent"
        each.save()
    assert "2 a minute, 2 min to go." in front(desk)


def test_hours_are_told_as_hours() -> None:
    counts = dict.fromkeys(("pending", "leased", "deferred"), 0) | {"pending": 900}
    going = pipeline.Progress(date(2026, 7, 7), counts, 10.0, "")
    assert dashboard.pace(going) == "10 a minute, 1 h 30 min to go."


def test_a_round_that_waits_says_why(desk: Client, today: date) -> None:
    a_delivery(a_round(today), "pending")
    Pause.objects.create(by="operator", started_at=timezone.now())
    assert "1 wait: All sending paused by the operator." in front(desk)


def test_the_warm_up_is_shown(desk: Client, today: date, settings: object) -> None:
    settings.DAILY_RAMP, settings.RAMP_FROM = (500, 1000), today  # type: ignore[attr-defined]
    a_reader()
    assert "Warm-up, day 1 of 2: at most 500 digests; 1 reader has not started." in (
        front(desk)
    )


def test_what_does_not_add_up_and_what_was_not_told_need_a_person(
    desk: Client, today: date
) -> None:
    a_round(today, faults="3 rows, and 4 were written")
    Notice.objects.create(key="check 1", kind="check", ways=["mail"], attempts=3)
    Notice.objects.create(key="check 2", kind="check", ways=["mail"], attempts=2)
    shown = front(desk)
    assert "does not add up: 3 rows, and 4 were written" in shown
    assert "1 of the notices to the operator did not arrive" in shown
    for notice in dashboard.wanted(figures.attention(today), today):
        assert desk.get(notice.url).status_code == 200
