"""The operator is told once, by every way that is set, as soon as it works."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.utils import timezone

from subscriptions.models import Notice
from subscriptions.sending import notices

from .mail_service import MailService
from .oracle import Oracle
from .rows import server

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=1)


class Listener:
    """A web server that keeps what it was told. `status`: what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.told: list[tuple[str, str, Any]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = json.loads(body) if body else None
                listener.told.append((self.command, self.path, said))
                self.send_response(listener.status)
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815 - the library names them

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def test_an_alert_is_a_few_fields_of_json_sent_once(
    listener: Listener, settings: Any, now: datetime
) -> None:
    settings.ALERT_URL = f"{listener.url}/hook?token=1"
    assert notices.owe("breaker 1", "breaker", "All sending is paused.")
    assert not notices.owe("breaker 1", "breaker", "All sending is paused.")
    for minutes in range(3):
        notices.tell(now + minutes * LATER)
    ((method, path, said),) = listener.told
    assert (method, path) == ("POST", "/hook?token=1")
    assert said == {
        "site": settings.SITE_NAME,
        "kind": "breaker",
        "text": "All sending is paused.",
        "at": Notice.objects.get().created_at.isoformat(timespec="seconds"),
        "url": f"{settings.PUBLIC_URL}/admin/",
    }


def test_mail_to_the_operator_goes_by_a_relay_of_its_own(
    relay_with: Callable[..., Oracle], settings: Any, now: datetime
) -> None:
    own = relay_with()
    settings.OPERATOR_EMAIL = "operator@example.org"
    settings.OPERATOR_SERVER = settings.EMAIL_SERVER
    settings.EMAIL_SERVER = server("smtp://127.0.0.1:1")
    notices.owe("check 1", "check", "A round does not add up.")
    assert notices.tell(now) == 1
    assert own.recipients() == ["operator@example.org"]
    mail = message_from_bytes(own.messages[0])
    assert mail["Subject"] == f"{settings.SITE_NAME}: a round does not add up"
    assert "A round does not add up." in str(mail.get_payload())
    assert mail["Auto-Submitted"] == "auto-generated"


def test_mail_to_the_operator_goes_by_a_mail_service_where_one_is_set(
    service_with: Callable[..., MailService], settings: Any, now: datetime
) -> None:
    theirs = service_with()
    settings.OPERATOR_EMAIL = "operator@example.org"
    settings.OPERATOR_SERVER = settings.EMAIL_SERVER
    keys, settings.ANYMAIL = settings.ANYMAIL, {}
    notices.owe("check 1", "check", "A round does not add up.")
    assert notices.tell(now) == 0  # the key is missing
    settings.ANYMAIL = keys
    assert notices.tell(now + LATER) == 1
    assert theirs.recipients() == ["operator@example.org"]
    said = theirs.calls[0].fields
    assert said["subject"] == f"{settings.SITE_NAME}: a round does not add up"
    assert "A round does not add up." in said["text"]
    assert said["h:Auto-Submitted"] == "auto-generated"


def test_what_cannot_be_delivered_is_tried_again_and_only_that(
    listener: Listener, settings: Any, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALERT_URL = listener.url
    settings.OPERATOR_EMAIL = "operator@example.org"
    settings.OPERATOR_SERVER = server("smtp://127.0.0.1:1")  # nobody listens there
    listener.status = 500
    notices.owe("breaker 1", "breaker", "Paused.")
    assert notices.tell(now) == 0
    listener.status = 204
    assert notices.tell(now + LATER) == 1
    assert notices.tell(now + 2 * LATER) == 0
    assert len(listener.told) == 2
    notice = Notice.objects.get()
    assert (notice.ways, notice.attempts) == (["mail"], 3)
    assert "could not be told by mail: ConnectionRefusedError" in caplog.text
    assert "operator@" not in caplog.text
    assert listener.url not in caplog.text


def test_two_ticks_at_once_tell_once(
    listener: Listener, settings: Any, now: datetime
) -> None:
    settings.ALERT_URL = listener.url
    listener.status = 500
    notices.owe("breaker 1", "breaker", "Paused.")
    notices.tell(now)
    notices.tell(now + timedelta(seconds=20))
    assert len(listener.told) == 1


def test_a_complete_round_pings_and_says_nothing(
    listener: Listener, settings: Any, now: datetime
) -> None:
    settings.PING_URL, settings.ALERT_URL = f"{listener.url}/ping", listener.url
    notices.owe("complete 2026-07-07", "complete")
    notices.tell(now)
    assert listener.told == [("GET", "/ping", None)]


def test_pings_that_nobody_takes_for_weeks_do_not_keep_an_alert_back(
    listener: Listener, settings: Any, now: datetime
) -> None:
    settings.PING_URL = "http://127.0.0.1:1"  # nobody listens there
    settings.ALERT_URL = listener.url
    for day in range(45):
        notices.owe(f"complete {day}", "complete")
    notices.tell(now)
    notices.owe("breaker 1", "breaker", "All sending is paused.")
    assert notices.tell(now + LATER) == 1
    listener.told.clear()
    settings.PING_URL = f"{listener.url}/ping"
    for minutes in range(2, 5):
        notices.tell(now + minutes * LATER)
    assert listener.told == [("GET", "/ping", None)] * 45


def test_where_nothing_is_set_nothing_is_owed(now: datetime) -> None:
    notices.owe("breaker 1", "breaker", "Paused.")
    assert Notice.objects.get().ways == []
    assert notices.tell(now) == 0


def test_a_way_that_is_not_set_any_more_is_not_owed_any_more(
    settings: Any, now: datetime
) -> None:
    settings.ALERT_URL = "http://127.0.0.1:1"
    notices.owe("breaker 1", "breaker", "Paused.")
    settings.ALERT_URL = None
    notices.tell(now)
    assert Notice.objects.get().ways == []
