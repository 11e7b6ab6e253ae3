"""`manage.py returns`: files, the mailbox, and what the ledger wrote."""

from __future__ import annotations

import json
import mailbox
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from subscriptions import pipeline, tasks
from subscriptions.models import Delivery, DeliveryEvent
from tests.sending.returns.mails import Target, failed
from tests.sending.rows import a_digest, a_reader

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bounce_address(settings: Any) -> None:
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"


@pytest.fixture
def digest() -> Delivery:
    return a_digest(a_reader(), state="sent", sent_at=timezone.now())


def returns(*arguments: str) -> Any:
    out = StringIO()
    call_command("returns", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_files_are_taken_and_told_one_by_one(tmp_path: Path, digest: Delivery) -> None:
    good, other = tmp_path / "good.eml", tmp_path / "other.eml"
    good.write_bytes(failed(Target.of(digest), "5.1.1"))
    other.write_bytes(b"Subject: an advertisement\r\n\r\n")
    first, second = returns(str(good), str(other))
    assert (first["event"], first["new"], first["refused"]) == ("bounced", True, "")
    assert second["refused"] == "it names no mail of ours"
    assert not returns(str(good))[0]["new"]


def test_the_envelopes_recipient_can_be_given(tmp_path: Path, digest: Delivery) -> None:
    target = Target.of(digest)
    file = tmp_path / "report.eml"
    file.write_bytes(failed(target, "5.1.1", to="bounces@papers.example.org"))
    assert returns(str(file))[0]["refused"]
    assert returns(str(file), "--to", target.bounce)[0]["event"] == "bounced"


def test_without_files_the_mailbox_is_read_and_refusals_are_weighed(
    tmp_path: Path, digest: Delivery, settings: Any
) -> None:
    mailbox.Maildir(tmp_path / "in").add(failed(Target.of(digest), "5.1.1"))
    settings.BOUNCE_MAILBOX = str(tmp_path / "in")
    DeliveryEvent.objects.create(subscriber=digest.subscriber, type="bounced")
    assert returns() == {"bounced": 1, "weighed": 1}
    assert returns() == {}


def test_refusals_are_weighed_though_the_mailbox_is_not_there(
    tmp_path: Path, digest: Delivery, settings: Any
) -> None:
    settings.BOUNCE_MAILBOX = str(tmp_path / "in")
    DeliveryEvent.objects.create(subscriber=digest.subscriber, type="bounced")
    with pytest.raises(FileNotFoundError):
        tasks.take_returns()
    assert DeliveryEvent.objects.get().verdict == "soft"


def test_the_bell_does_the_same(
    tmp_path: Path, digest: Delivery, settings: Any
) -> None:
    mailbox.Maildir(tmp_path / "in").add(failed(Target.of(digest), "5.1.1"))
    settings.BOUNCE_MAILBOX = str(tmp_path / "in")
    tasks.take_returns()
    assert DeliveryEvent.objects.get().type == "bounced"
    assert pipeline.take_returns() == {}


def test_what_a_server_said_is_forgotten_after_ninety_days(digest: Delivery) -> None:
    now = timezone.now()
    for days in (89, 91):
        event = DeliveryEvent.objects.create(type="bounced", detail="550 rejected")
        DeliveryEvent.objects.filter(pk=event.pk).update(at=now - timedelta(days=days))
    tasks.forget()
    details = DeliveryEvent.objects.order_by("at").values_list("detail", flat=True)
    assert list(details) == ["", "550 rejected"]


def test_without_a_bounce_address_it_says_so(settings: Any) -> None:
    settings.BOUNCE_ADDRESS = ""
    with pytest.raises(CommandError, match="BOUNCE_ADDRESS is not set"):
        returns()


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"nothing\.eml: No such file"):
        returns("nothing.eml")


def test_listening_needs_a_place(settings: Any) -> None:
    with pytest.raises(CommandError, match="BOUNCE_LISTEN is not set"):
        returns("--listen")
