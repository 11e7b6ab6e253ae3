"""Complete rounds add up, and when they do not it is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from subscriptions import consent, pipeline
from subscriptions.models import Delivery, Notice, Pause, Round, Subscriber
from subscriptions.pipeline import completeness
from subscriptions.pipeline.completeness import check_complete, unserved
from subscriptions.sending.ledger import claims
from subscriptions.sending.ledger.attempts import HELD
from subscriptions.sending.recovery.lost import AWAY
from tests.factories import TUESDAY, an_edition

from .digests import MONDAY, a_reader_of, at, listed

pytestmark = pytest.mark.django_db
COMPLETE = at("2026-07-08T18:00")
LONG_AGO = at("2026-06-01T08:00")
HOUR = timedelta(hours=1)


def faults(at_: Any = COMPLETE) -> str:
    check_complete(at_)
    return Round.objects.get(due_date=TUESDAY).faults


@pytest.fixture
def readers() -> list[Subscriber]:
    """Four who have had their Tuesday, one of them with nothing in it."""
    listed(an_edition(), "Gradient flows")
    found = [a_reader_of("in:arxiv gradient", hour=8) for _ in range(3)]
    found.append(a_reader_of("in:arxiv hessian", hour=8))
    Subscriber.objects.update(last_action_at=LONG_AGO, confirmed_at=LONG_AGO)
    pipeline.compose(at("2026-07-07T08:00"))
    Delivery.objects.filter(state="pending").update(state="sent")
    Delivery.objects.update(updated_at=at("2026-07-07T08:01"))
    pipeline.close_rounds(COMPLETE)
    return found


def test_a_complete_round_adds_up(readers: list[Subscriber]) -> None:
    assert check_complete(COMPLETE) == 0
    assert faults() == ""
    assert not Notice.objects.filter(kind="check").exists()


def test_an_open_digest_of_a_complete_round_is_seen(readers: list[Subscriber]) -> None:
    readers[0].deliveries.update(state="deferred")
    assert faults() == "1 digests of it are not at an end"


@pytest.mark.parametrize(
    "others", [{"first": True}, {"state": "skipped", "reason": "no new edition"}]
)
def test_an_hour_at_which_the_machine_slept_is_no_lost_row(
    readers: list[Subscriber], others: dict[str, Any]
) -> None:
    """Their papers come with the next date; who confirms later that day has a row."""
    readers[0].deliveries.all().delete()
    round_ = Round.objects.get(due_date=TUESDAY)
    assert list(unserved(round_)) == [readers[0]]
    Delivery.objects.update(**others)
    assert not unserved(round_).exists()


@pytest.mark.parametrize("state", ["expired", "in_doubt"])
def test_a_round_that_nobody_took_is_told_and_does_not_ping(
    readers: list[Subscriber], state: str
) -> None:
    """Whatever the reason: a password that was changed, a relay that is gone."""
    Round.objects.update(state="open")
    Notice.objects.all().delete()
    Delivery.objects.filter(state="sent").update(state=state)
    pipeline.close_rounds(COMPLETE)
    assert Round.objects.get().state == "complete"
    assert "0 were sent" in faults()
    assert [each.kind for each in Notice.objects.all()] == ["check"]


def test_a_reader_who_is_erased_while_it_looks_is_no_lost_row(
    readers: list[Subscriber], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = TUESDAY + timedelta(days=1)
    Round.objects.create(due_date=later, state="complete", completed_at=COMPLETE)

    def unserved_meanwhile(round_: Round) -> Any:
        if round_.due_date == later:  # looked at before Tuesday's
            consent.erase(readers[0].pk)
        return unserved(round_)

    monkeypatch.setattr(completeness, "unserved", unserved_meanwhile)
    assert faults() == ""
    assert Round.objects.get(due_date=TUESDAY).readers_due == 3


def test_a_second_copy_on_its_way_is_no_open_digest(readers: list[Subscriber]) -> None:
    in_doubt = readers[0].deliveries.get()
    in_doubt.state, in_doubt.lease_owner, in_doubt.reason = "in_doubt", HELD, AWAY
    in_doubt.save()
    assert pipeline.decide_held(resend=True) == 1
    (lease,) = claims.claim(Delivery, "host:1:a", 50)
    assert (lease.id, lease.again) == (in_doubt.pk, True)
    assert faults() == ""


def test_a_lost_row_is_seen_as_a_row_too_few_and_a_reader_without(
    readers: list[Subscriber],
) -> None:
    readers[0].deliveries.all().delete()
    assert faults() == ("3 rows, and 4 were written; 1 readers without a digest of it")


def test_a_row_too_many_is_seen(readers: list[Subscriber]) -> None:
    round_ = Round.objects.get()
    another = a_reader_of("gradient")
    Delivery.objects.create(
        subscriber=another, round=round_, due_date=TUESDAY, state="sent"
    )
    assert faults() == "5 rows, and 4 were written"


def test_it_is_logged_and_told_once_and_no_more_when_it_adds_up_again(
    readers: list[Subscriber], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPERATOR_EMAIL = "operator@example.org"
    readers[0].deliveries.update(state="deferred")
    for minutes in range(3):
        check_complete(COMPLETE + timedelta(minutes=minutes))
    assert len(caplog.records) == 1
    assert "does not add up" in caplog.text
    assert Notice.objects.get(kind="check").ways == ["mail"]
    readers[0].deliveries.update(state="sent")
    assert faults(COMPLETE + HOUR) == ""


def test_readers_without_a_row_are_looked_for_once_an_hour(
    readers: list[Subscriber], django_assert_num_queries: Any
) -> None:
    check_complete(COMPLETE)
    readers[0].deliveries.all().delete()
    assert "readers without" not in faults(COMPLETE + HOUR / 2)
    assert "readers without" in faults(COMPLETE + HOUR)
    assert "readers without" in faults(COMPLETE + HOUR * 1.5)


def test_an_erased_reader_leaves_a_round_that_adds_up(
    readers: list[Subscriber],
) -> None:
    consent.erase(readers[0].pk)
    assert Round.objects.get().readers_due == 3
    assert faults() == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "unsubscribed"},
        {"hold_until": 3},
        {"weekdays": 0b1},
        {"hour": 9},  # nobody of that hour has a row: the service was down
        {"last_action_at": COMPLETE},
        {"confirmed_at": COMPLETE},
        {"due_after": COMPLETE},
        {"awaits_first_digest": True},
        {"paused_until": TUESDAY + timedelta(days=9)},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_who_may_rightly_have_no_row_is_not_missed(
    readers: list[Subscriber], fields: dict[str, Any]
) -> None:
    readers[0].deliveries.all().delete()
    Subscriber.objects.filter(pk=readers[0].pk).update(**fields)
    assert "readers without" not in faults()


def test_whose_last_digest_was_in_the_way_until_the_window_closed_is_not_missed(
    readers: list[Subscriber],
) -> None:
    readers[0].deliveries.all().delete()
    monday = Round.objects.create(due_date=MONDAY, readers_due=1)
    late = Delivery.objects.create(
        subscriber=readers[0], round=monday, due_date=MONDAY, state="sent"
    )
    Delivery.objects.filter(pk=late.pk).update(
        created_at=at("2026-07-06T08:00"), updated_at=at("2026-07-07T08:30")
    )
    assert "readers without" not in faults()
    Delivery.objects.filter(pk=late.pk).update(updated_at=at("2026-07-06T08:30"))
    assert "readers without" in faults(COMPLETE + HOUR)


def test_nobody_is_missed_of_a_date_on_which_all_sending_was_paused(
    readers: list[Subscriber],
) -> None:
    readers[0].deliveries.all().delete()
    Pause.objects.create(
        by="operator",
        started_at=at("2026-07-07T08:00"),
        ended_at=at("2026-07-07T15:00"),
        lasts=False,
    )
    assert "readers without" not in faults()
