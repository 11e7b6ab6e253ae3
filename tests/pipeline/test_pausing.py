"""Pause and resume as commands and the admin call them, and what compose does then."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from subscriptions import pipeline
from subscriptions.models import Delivery, DeliveryEvent, Notice, Round, Subscriber
from tests.end_to_end.service import eventually
from tests.factories import TUESDAY, an_edition
from tests.sending.oracle import Oracle

from .digests import WEDNESDAY, a_reader_of, at, listed, titles

pytestmark = pytest.mark.django_db
EIGHT = at("2026-07-07T08:00")
HOUR = timedelta(hours=1)


def a_reader_at_eight(**fields: Any) -> Subscriber:
    return a_reader_of("in:arxiv gradient", hour=8, **fields)


def test_rule_12_nobody_is_due_while_all_sending_is_paused() -> None:
    listed(an_edition(), "Gradient flows")
    reader = a_reader_at_eight()
    pipeline.pause(EIGHT - HOUR)
    pipeline.compose(EIGHT)
    assert not reader.deliveries.exists()
    pipeline.resume(EIGHT + HOUR)
    pipeline.compose(EIGHT + HOUR)
    assert titles(reader) == ["Gradient flows"]


def test_rule_12_a_pause_over_the_whole_window_combines_the_date_with_the_next() -> (
    None
):
    listed(an_edition(), "Gradient flows")
    reader = a_reader_at_eight()
    pipeline.pause(EIGHT)
    pipeline.compose(EIGHT)
    pipeline.resume(EIGHT + 7 * HOUR)
    pipeline.compose(EIGHT + 7 * HOUR)
    listed(an_edition(day=WEDNESDAY), "Gradient two")
    pipeline.compose(EIGHT + 24 * HOUR)
    assert sorted(titles(reader, WEDNESDAY)) == ["Gradient flows", "Gradient two"]


def test_a_date_without_a_round_can_be_paused_beforehand() -> None:
    listed(an_edition(), "Gradient flows")
    a_reader_at_eight()
    assert pipeline.pause(EIGHT - HOUR, TUESDAY)
    assert not pipeline.pause(EIGHT - HOUR, TUESDAY)
    pipeline.compose(EIGHT)
    round_ = Round.objects.get()
    assert (round_.paused, round_.deliveries.count()) == (True, 1)
    assert pipeline.resume(EIGHT, TUESDAY)
    assert not pipeline.resume(EIGHT, TUESDAY)


@pytest.mark.django_db(transaction=True)
def test_resuming_in_the_middle_sends_exactly_the_rest(
    relay: Oracle, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEND_BATCH = 2
    listed(an_edition(), "Gradient flows")
    for n in range(9):
        a_reader_at_eight(email=f"r{n}@example.org")

    def stop_after_three(moment: Any) -> None:
        if moment.stage == "MAIL" and moment.mail == 3:
            eventually(is_paused)

    def is_paused() -> bool:
        with suppress(OperationalError):  # SQLite in memory does not wait for others
            return pipeline.pause(timezone.now())
        return False

    relay.script = stop_after_three
    report = pipeline.run(TUESDAY)
    sent = len(relay.taken())
    assert sent in {4, 6}  # the batch in hand is finished, and one that was prepared
    assert (report.sent, report.totals["pending"]) == (sent, 9 - sent)
    assert report.problem == "All sending paused by the operator"
    relay.script = lambda moment: None
    pipeline.resume(timezone.now())
    assert pipeline.run(TUESDAY).sent == 9 - sent
    assert sorted(relay.recipients()) == [f"r{n}@example.org" for n in range(9)]


def test_an_import_makes_a_canary_of_those_never_mailed(settings: Any) -> None:
    settings.CANARY = 2
    listed(an_edition(), "Gradient flows")
    long_since = datetime(2026, 7, 6, 8, tzinfo=UTC)
    for _ in range(3):
        a_reader_at_eight(last_mail_at=long_since)
    new = [a_reader_at_eight(due_after=long_since) for _ in range(3)]
    pipeline.compose(EIGHT)
    first = Delivery.objects.filter(pk__in=Round.objects.get().canary)
    assert [each.subscriber for each in first.order_by("pk")] == new[:2]


def test_an_imported_reader_who_is_always_refused_holds_no_later_round_up(
    settings: Any,
) -> None:
    settings.CANARY = 2
    listed(an_edition(), "Gradient flows")
    long_since = datetime(2026, 7, 6, 8, tzinfo=UTC)
    for _ in range(40):
        a_reader_at_eight(last_mail_at=long_since)
    refused = a_reader_at_eight(due_after=long_since)
    DeliveryEvent.objects.create(subscriber=refused, type="bounced", verdict="policy")
    pipeline.compose(EIGHT)
    assert Round.objects.get().deliveries.filter(state="pending").count() == 41
    assert Round.objects.get().canary == []


def test_who_has_just_confirmed_is_no_reason_for_a_canary(settings: Any) -> None:
    settings.CANARY = 2
    listed(an_edition(source="hf"), "Gradient flows")
    for _ in range(5):
        a_reader_of("gradient", awaits_first_digest=True, confirmed_at=EIGHT)
    pipeline.compose(EIGHT)
    assert Round.objects.get().canary == []


def test_a_tick_follows_the_canary(settings: Any) -> None:
    settings.CANARY = 2
    listed(an_edition(), "Gradient flows")
    for _ in range(5):
        a_reader_at_eight()
    pipeline.compose(EIGHT)
    Delivery.objects.filter(pk__in=Round.objects.get().canary).update(state="sent")
    pipeline.look_after(EIGHT)
    assert Round.objects.get().canary_until == EIGHT + timedelta(minutes=30)


def test_a_round_that_is_complete_is_told_of_once(settings: Any) -> None:
    settings.PING_URL = "http://127.0.0.1:1"
    round_ = Round.objects.create(due_date=TUESDAY)
    closes = at("2026-07-08T18:00")
    pipeline.close_rounds(closes)
    Round.objects.filter(pk=round_.pk).update(state="open")
    pipeline.close_rounds(closes + HOUR)
    notice = Notice.objects.get()
    assert (notice.kind, notice.ways) == ("complete", ["ping"])


# --- the warm-up ---------------------------------------------------------------------


@pytest.fixture
def ramp(settings: Any) -> None:
    """Two readers on Tuesday, three on Wednesday, then everybody."""
    settings.DAILY_RAMP, settings.RAMP_FROM = (2, 3), TUESDAY


def composed(moment: datetime) -> list[int]:
    """Who is sent a digest by this tick; each is sent at once."""
    with time_machine.travel(moment, tick=False):
        pipeline.compose(moment)
        new = Delivery.objects.filter(state="pending").order_by("subscriber")
        ids = list(new.values_list("subscriber", flat=True))
        new.update(state="sent", sent_at=moment)
        Subscriber.objects.filter(pk__in=ids).update(last_mail_at=moment)
    return ids


def test_readers_beyond_the_ramp_start_on_a_later_day(ramp: None) -> None:
    first = listed(an_edition(), "Gradient flows")
    readers = [a_reader_at_eight().pk for _ in range(5)]
    assert composed(EIGHT) == readers[:2]
    assert composed(EIGHT + HOUR) == []
    listed(an_edition(day=WEDNESDAY), "Gradient two")
    assert composed(EIGHT + 24 * HOUR) == readers[:3]
    assert composed(EIGHT + 25 * HOUR) == []
    late = Subscriber.objects.get(pk=readers[2])
    assert len(titles(late, WEDNESDAY)) == 2  # nothing is lost by waiting
    listed(an_edition(day=WEDNESDAY + timedelta(1)), "Gradient three")
    assert composed(EIGHT + 48 * HOUR) == readers
    assert first


def test_those_who_started_are_not_crowded_out_by_an_earlier_hour(ramp: None) -> None:
    listed(an_edition(), "Gradient flows")
    late = [a_reader_of("in:arxiv gradient", hour=9).pk for _ in range(2)]
    assert composed(EIGHT + HOUR) == late
    early = [a_reader_at_eight().pk for _ in range(2)]
    listed(an_edition(day=WEDNESDAY), "Gradient two")
    assert composed(EIGHT + 24 * HOUR) == early[:1]
    assert composed(EIGHT + 25 * HOUR) == late


def test_a_refused_digest_takes_its_place_in_the_ramp(ramp: None) -> None:
    listed(an_edition(), "Gradient flows")
    readers = [a_reader_at_eight().pk for _ in range(4)]
    assert composed(EIGHT) == readers[:2]
    with time_machine.travel(EIGHT, tick=False):
        Subscriber.objects.update(last_mail_at=None)
        Delivery.objects.update(state="failed")
    assert composed(EIGHT + HOUR) == []


def test_what_still_waits_from_yesterday_takes_its_place_too(ramp: None) -> None:
    def on_the_way(moment: datetime) -> int:
        with time_machine.travel(moment, tick=False):
            pipeline.compose(moment)  # the relay is slow: nothing is sent
        return Delivery.objects.values("subscriber").distinct().count()

    for hour in (21, 21, 8, 8, 8):
        a_reader_of("in:arxiv gradient", hour=hour)
    listed(an_edition(), "Gradient flows")
    assert on_the_way(EIGHT + 13 * HOUR) == 2
    listed(an_edition(day=WEDNESDAY), "Gradient two")
    assert on_the_way(EIGHT + 24 * HOUR) == 3


def test_who_has_nothing_to_read_takes_no_place(ramp: None) -> None:
    listed(an_edition(), "Gradient flows")
    for _ in range(2):
        a_reader_of("in:arxiv hessian", hour=8)
    readers = [a_reader_at_eight().pk for _ in range(3)]
    assert composed(EIGHT) == readers[:2]
    assert Delivery.objects.filter(state="skipped").count() == 2


def test_a_reader_from_before_the_ramp_starts_anew(ramp: None) -> None:
    listed(an_edition(), "Gradient flows")
    old = datetime(2026, 7, 6, 8, tzinfo=UTC)
    readers = [a_reader_at_eight(last_mail_at=old).pk for _ in range(4)]
    assert composed(EIGHT) == readers[:2]
