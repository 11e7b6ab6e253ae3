"""Nothing is sent while all sending is paused or the window is closed, and no horizon
loses time by it (rounds.md 18)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.models import Delivery, Letter, Mailing, Pause, Round
from subscriptions.models.mailings import HORIZON
from subscriptions.sending.brakes import pauses, window
from subscriptions.sending.ledger import claims

from .rows import a_digest, a_letter

pytestmark = pytest.mark.django_db
State = Mailing.State
HOUR = timedelta(hours=1)
EVENING = datetime(2026, 7, 7, 20, tzinfo=UTC)


def claimed(model: type[Delivery] | type[Letter] = Delivery) -> list[int]:
    return [lease.id for lease in claims.claim(model, "host:1:a", 50)]


def a_digest_of(at: datetime, left: timedelta = 5 * HOUR, **fields: Any) -> Delivery:
    """Composed at `at`, with so much of its horizon left then."""
    digest = a_digest(**fields)
    Delivery.objects.filter(pk=digest.pk).update(created_at=at, expires_at=at + left)
    return digest


def expires(mail: Delivery | Letter) -> datetime:
    mail.refresh_from_db()
    assert mail.expires_at
    return mail.expires_at


def test_all_sending_means_letters_and_every_date():
    letter, digest = a_letter("preferences"), a_digest()
    now = timezone.now()
    assert pauses.pause_all(now)
    assert (claimed(), claimed(Letter)) == ([], [])
    assert pauses.resume_all(now)
    assert (claimed(), claimed(Letter)) == ([digest.pk], [letter.pk])


def test_a_mail_that_was_claimed_before_the_pause_goes_back():
    digest = a_digest()
    (lease,) = claims.claim(Delivery, "host:1:a", 50)
    pauses.pause_all(timezone.now())
    assert not claims.still_wanted([lease])
    digest.refresh_from_db()
    assert (digest.state, digest.attempts) == (State.PENDING, 0)


def test_a_second_pause_is_none_and_neither_is_a_second_resuming():
    now = timezone.now()
    assert [pauses.pause_all(now), pauses.pause_all(now)] == [True, False]
    assert [pauses.resume_all(now), pauses.resume_all(now)] == [True, False]
    assert Pause.objects.count() == 1


def test_horizons_stand_still_exactly_as_long_as_the_pause():
    before = a_digest_of(EVENING)
    pauses.pause_all(EVENING + HOUR)
    meanwhile = a_digest_of(EVENING + 2 * HOUR)
    pauses.resume_all(EVENING + 4 * HOUR)
    assert expires(before) == EVENING + 8 * HOUR
    assert expires(meanwhile) == EVENING + 9 * HOUR


def test_the_horizon_of_a_letter_stands_still_too():
    letter = a_letter("preferences")
    Letter.objects.update(created_at=EVENING)
    pauses.pause_all(EVENING + HOUR)
    pauses.resume_all(EVENING + 3 * HOUR)
    assert expires(letter) == EVENING + HORIZON + 2 * HOUR


def test_what_has_ended_keeps_its_horizon():
    sent = a_digest_of(EVENING, state=State.SENT)
    pauses.pause_all(EVENING)
    pauses.resume_all(EVENING + HOUR)
    assert expires(sent) == EVENING + 5 * HOUR


@pytest.mark.parametrize("first", ["the round", "all"])
@pytest.mark.parametrize("last", ["the round", "all"])
def test_two_pauses_over_one_another_give_their_time_once(first: str, last: str):
    digest = a_digest_of(EVENING, left=9 * HOUR)
    round_ = Round.objects.get()
    starts = {"the round": EVENING + HOUR, "all": EVENING + 2 * HOUR}
    if first == "all":
        starts = {"the round": EVENING + 2 * HOUR, "all": EVENING + HOUR}
    ends = {"the round": EVENING + 5 * HOUR, "all": EVENING + 4 * HOUR}
    if last == "all":
        ends = {"the round": EVENING + 4 * HOUR, "all": EVENING + 5 * HOUR}
    for what in sorted(starts, key=lambda name: starts[name]):
        if what == "all":
            pauses.pause_all(starts[what])
        else:
            pauses.pause_round(round_, starts[what])
    for what in sorted(ends, key=lambda name: ends[name]):
        if what == "all":
            pauses.resume_all(ends[what])
        else:
            pauses.resume_round(round_, ends[what])
    assert expires(digest) == EVENING + 9 * HOUR + 4 * HOUR


@pytest.fixture
def nights_off(settings: Any) -> None:
    settings.SEND_WINDOW = (time(6), time(22))


def test_the_window_opens_and_closes_by_the_home_zones_clock(
    settings: Any, nights_off: None
):
    from zoneinfo import ZoneInfo

    settings.HOME_ZONE = ZoneInfo("Europe/Berlin")  # two hours ahead in July
    assert window.is_open(datetime(2026, 7, 7, 4, tzinfo=UTC))
    assert not window.is_open(datetime(2026, 7, 7, 3, 59, tzinfo=UTC))
    assert window.is_open(datetime(2026, 7, 7, 19, 59, tzinfo=UTC))
    assert not window.is_open(datetime(2026, 7, 7, 20, tzinfo=UTC))


def test_a_window_may_lie_over_midnight(settings: Any):
    settings.SEND_WINDOW = (time(22), time(6))
    open_hours = [
        hour
        for hour in range(24)
        if window.is_open(datetime(2026, 7, 7, hour, tzinfo=UTC))
    ]
    assert open_hours == [0, 1, 2, 3, 4, 5, 22, 23]


def test_nothing_is_claimed_outside_the_window(settings: Any):
    a_digest()
    now = timezone.now()
    hour = (now + 2 * HOUR).time().replace(second=0, microsecond=0)
    settings.SEND_WINDOW = (hour, (now + 3 * HOUR).time())
    assert claimed() == []
    assert "the send window opens at" in pauses.why_nothing_goes(now)
    settings.SEND_WINDOW = None
    assert len(claimed()) == 1


def test_the_night_is_given_to_the_horizons_once_when_the_window_opens(
    nights_off: None,
):
    before, late = a_digest_of(EVENING), a_digest_of(EVENING + 3 * HOUR)
    opens = EVENING + 10 * HOUR
    for minutes in (0, 1, 90):
        pauses.note_opening(opens + timedelta(minutes=minutes))
    assert expires(before) == EVENING + 5 * HOUR + 8 * HOUR
    assert expires(late) == opens + 5 * HOUR


@pytest.mark.parametrize("starts", [1, 3])
@pytest.mark.parametrize("ends", [8, 11])
def test_a_pause_that_reaches_into_the_night_gives_no_time_twice(
    nights_off: None, starts: int, ends: int
):
    """The window is closed from the 2nd to the 10th hour."""
    digest = a_digest_of(EVENING)
    pauses.pause_all(EVENING + starts * HOUR)
    pauses.resume_all(EVENING + ends * HOUR)
    pauses.note_opening(EVENING + 12 * HOUR)
    stood = (max(ends, 10) - min(starts, 2)) * HOUR
    assert expires(digest) == EVENING + 5 * HOUR + stood


def test_two_pauses_in_one_night_give_the_night_once(nights_off: None):
    digest = a_digest_of(EVENING)
    for starts, ends in [(3, 5), (6, 8)]:
        pauses.pause_all(EVENING + starts * HOUR)
        pauses.resume_all(EVENING + ends * HOUR)
    pauses.note_opening(EVENING + 10 * HOUR)
    assert expires(digest) == EVENING + 5 * HOUR + 8 * HOUR
