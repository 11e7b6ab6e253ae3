"""The few things staff do: pause and resume a round, suppress, and lift that."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from subscriptions.models import Delivery, Round, Subscriber, Suppression
from tests.factories import a_reader

from .making import a_delivery, a_round
from .test_every_list import page

YES = {"_form_submitted": "on"}


def a_suppression() -> Suppression:
    hashed = Suppression.hash_of("Gone@example.org")
    return Suppression.objects.create(address_hash=hashed, reason="bounced")


def test_pausing_asks_first(desk: Client) -> None:
    round_ = a_round()
    answer = desk.get(page(Round, "pause", round_.pk))
    assert "Pause this round?" in answer.content.decode()
    assert not Round.objects.get().paused


def test_a_round_is_paused_resumed_and_both_are_on_record(
    desk: Client, operator: User
) -> None:
    round_ = a_round()
    answer = desk.post(
        page(Round, "pause", round_.pk), YES, headers={"HX-Request": "true"}
    )
    assert (
        answer.status_code == 200
    )  # a redirect would be followed unseen by the dialog
    assert answer["HX-Redirect"] == page(Round, "change", round_.pk)
    assert Round.objects.get().paused
    answer = desk.post(page(Round, "resume", round_.pk), YES)
    assert answer["Location"] == page(Round, "change", round_.pk)
    assert not Round.objects.get().paused
    lines = LogEntry.objects.order_by("id").values_list("user", "change_message")
    assert list(lines) == [(operator.pk, "Paused."), (operator.pk, "Resumed.")]


def test_rule_18_resuming_lets_what_waited_too_long_be_sent_after_all(
    desk: Client,
) -> None:
    now, day = timezone.now(), timedelta(days=1)
    round_ = a_round(paused=True, paused_at=now - day)
    waiting = a_delivery(round_, "pending", expires_at=now - timedelta(hours=1))
    Delivery.objects.update(created_at=now - day)
    desk.post(page(Round, "resume", round_.pk), YES)
    waiting.refresh_from_db()
    assert waiting.expires_at > now + timedelta(hours=22)


def test_only_a_paused_round_can_be_resumed(desk: Client) -> None:
    round_ = a_round()
    assert desk.post(page(Round, "resume", round_.pk), YES).status_code == 403
    shown = desk.get(page(Round, "change", round_.pk)).content.decode()
    assert page(Round, "pause", round_.pk) in shown
    assert page(Round, "resume", round_.pk) not in shown


def test_a_lifted_suppression_stands_no_more(desk: Client) -> None:
    row = a_suppression()
    assert "Lift this" in desk.get(page(Suppression, "lift", row.pk)).content.decode()
    assert Suppression.objects.standing().exists()
    desk.post(page(Suppression, "lift", row.pk), YES)
    assert not Suppression.objects.standing().exists()
    assert LogEntry.objects.get().change_message == "Lifted."
    assert desk.post(page(Suppression, "lift", row.pk), YES).status_code == 403


def test_a_suppressed_reader_gets_nothing_and_can_be_let_back_in(desk: Client) -> None:
    reader = a_reader(email="Gone@example.org")
    at = page(Subscriber, "suppress", reader.pk)
    assert "Never mail this address again?" in desk.get(at).content.decode()
    desk.post(at, YES)
    reader.refresh_from_db()
    assert reader.state == "suppressed"
    assert LogEntry.objects.get().change_message == "Suppressed."
    assert desk.post(at, YES).status_code == 403
    row = Suppression.objects.standing().of("gone@example.org").get()
    assert row.reason == "operator"
    desk.post(page(Suppression, "lift", row.pk), YES)
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"  # and may ask, and confirm, once more


def test_a_suppression_is_found_by_its_address_however_written(desk: Client) -> None:
    row = a_suppression()
    found = desk.get(page(Suppression, "changelist"), {"q": "gone@EXAMPLE.org"})
    assert list(found.context["cl"].queryset) == [row]
    none = desk.get(page(Suppression, "changelist"), {"q": "else@example.org"})
    assert none.context["cl"].result_count == 0


@pytest.mark.parametrize(("model", "name"), [(Round, "pause"), (Suppression, "lift")])
def test_staff_who_may_only_look_can_do_neither(
    db: None, model: Any, name: str
) -> None:
    row = a_round() if model is Round else a_suppression()
    viewer = User.objects.create(username="viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    browser = Client()
    browser.force_login(viewer)
    assert browser.get(page(model, "change", row.pk)).status_code == 200
    assert browser.post(page(model, name, row.pk), YES).status_code == 403
