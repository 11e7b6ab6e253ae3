"""What the answer of a mail service makes of a mail, by anymail and real HTTP."""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from subscriptions.models import Delivery, DeliveryEvent, Mailing
from subscriptions.sending import Counts, RelayDown, send
from subscriptions.sending.backend.answers import of_error
from subscriptions.sending.outcome import Offer
from subscriptions.sending.returns.noticing import weigh

from .mail_service import KEY, Answer, MailService
from .oracle import Do
from .rows import a_digest, a_reader, backend, digests, wait_over

pytestmark = pytest.mark.django_db(transaction=True)
State = Mailing.State
Start = Callable[..., MailService]
POSTMARK = "anymail.backends.postmark.EmailBackend"


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ((400, "'to' parameter is not a valid address"), State.FAILED, "400 Bad Req"),
        ((413, ""), State.FAILED, "413"),
        ((422, "no"), State.FAILED, "422"),
        ((408, ""), State.DEFERRED, "408"),
        ((409, "try later"), State.DEFERRED, "409 Conflict: try later"),
        ((429, "slowly"), State.DEFERRED, "429 Too Many Requests: slowly"),
        ((500, ""), State.DEFERRED, "500"),
        ((502, ""), State.DEFERRED, "502"),
        ((503, "<h1>sorry</h1>"), State.DEFERRED, "503"),
        ((504, ""), State.IN_DOUBT, "in doubt: 504"),
        ((200, "<html>"), State.IN_DOUBT, "in doubt: 200"),
        (Do.HANG, State.IN_DOUBT, "in doubt: no answer: "),
        (Do.TAKE_AND_HANG, State.IN_DOUBT, "in doubt: no answer: "),
        (Do.CLOSE, State.IN_DOUBT, "in doubt: no answer: "),
        (Do.TAKE_AND_CLOSE, State.IN_DOUBT, "in doubt: no answer: "),
    ],
)
def test_each_answer_has_its_state(
    service_with: Start, answer: Answer, state: str, reason: str
) -> None:
    service = service_with(lambda call: answer if call.number == 1 else None)
    first, other = a_digest(), a_digest()
    with suppress(RelayDown):  # by 429, which is a test of its own
        send(Delivery, digests)
    first.refresh_from_db()
    assert (first.state, first.reason[: len(reason)]) == (state, reason)
    if answer != (429, "slowly"):
        other.refresh_from_db()
        assert other.state == State.SENT
        assert service.recipients()[-1] == other.subscriber.email


def test_an_answer_that_drips_holds_nobody(service_with: Start) -> None:
    """Each piece comes in time, and the whole never."""
    service_with(lambda call: "drip" if call.number == 1 else None)
    first, other = a_digest(), a_digest()
    began = time.monotonic()
    assert send(Delivery, digests) == Counts(sent=1, in_doubt=1)
    assert time.monotonic() - began < 15
    first.refresh_from_db()
    other.refresh_from_db()
    told = (first.state, first.reason)
    assert told == (State.IN_DOUBT, "in doubt: no answer: TimeoutError")
    assert other.state == State.SENT


def test_what_the_service_says_of_a_mail_it_took_is_kept(service_with: Start) -> None:
    service_with()
    digest = a_digest()
    send(Delivery, digests)
    digest.refresh_from_db()
    assert (digest.state, digest.reason) == (State.SENT, "queued, <1@theirs>")


@pytest.mark.parametrize("code", [401, 402, 403, 404])
def test_a_key_that_is_refused_stops_sending_and_burns_no_attempt(
    service_with: Start, code: int, settings: Any
) -> None:
    settings.SMTP_CONNECTIONS = 4
    service = service_with(lambda call: (code, f"the key {KEY} is none"))
    for _ in range(6):
        a_digest()
    with pytest.raises(RelayDown, match=rf"mailgun.* takes nothing from us: {code} "):
        send(Delivery, digests)
    assert len(service.calls) == 1
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}


@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize("path", ["http://else.invalid/v3?key=x", "/elsewhere", "//["])
def test_a_call_that_is_sent_on_is_not_followed_and_burns_no_attempt(
    service_with: Start, code: int, path: str
) -> None:
    """requests makes a GET of it, and the page behind may answer what it likes."""
    service = service_with(lambda call: (code, "", {"Location": path}))
    a_digest()
    with pytest.raises(RelayDown, match=rf"takes nothing from us: {code} ") as raised:
        send(Delivery, digests)
    where = "on else.invalid" if "else." in path else "of its own"
    assert str(raised.value).endswith(f"it sends us on to an address {where}")
    assert (len(service.calls), service.gets) == (1, 0)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}


def test_who_sees_other_may_have_taken_the_mail(service_with: Start) -> None:
    """RFC 9110, section 15.4.4: the answer of what was done is found elsewhere."""
    elsewhere = (303, "", {"Location": "/done"})
    service = service_with(lambda call: elsewhere)
    digest = a_digest()
    send(Delivery, digests)
    digest.refresh_from_db()
    assert (digest.state, digest.reason) == (State.IN_DOUBT, "in doubt: 303 See Other:")
    assert service.gets == 0


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/v3", "could not be reached .ConnectionRefusedError"),
        ("http://nobody.invalid/v3", "could not be reached .gaierror"),
        ("http://", "its address is not one"),
    ],
)
def test_a_service_that_cannot_be_reached_burns_no_attempt(
    service_with: Start, settings: Any, url: str, why: str
) -> None:
    service_with()
    settings.ANYMAIL |= {"MAILGUN_API_URL": url}
    a_digest()
    with pytest.raises(RelayDown, match=why):
        send(Delivery, digests)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("pending", 0)}


def test_after_a_pause_that_was_asked_for_the_rest_is_untried(
    service_with: Start,
) -> None:
    service = service_with(lambda call: 429)
    for _ in range(5):
        a_digest()
    with pytest.raises(RelayDown, match="asks for a pause") as raised:
        send(Delivery, digests)
    assert raised.value.counts == Counts(deferred=1)
    assert len(service.calls) == 1


def test_neither_an_address_nor_a_key_is_kept_or_logged(
    service_with: Start, caplog: Any
) -> None:
    said = f"reader@example.org and other%40example.org with {KEY} were refused"
    service_with(lambda call: (400 if call.number == 1 else 401, said))
    digest = a_digest(a_reader(email="reader@example.org"))
    a_digest()
    with pytest.raises(RelayDown) as raised:
        send(Delivery, digests)
    digest.refresh_from_db()
    event = DeliveryEvent.objects.get()
    for told in (digest.reason, event.detail, str(raised.value), caplog.text):
        assert "were refused" in told
        assert "@example" not in told and "%40" not in told and KEY not in told


def test_a_request_that_was_refused_does_not_suppress_its_reader(
    service_with: Start,
) -> None:
    """It may be our own mistake, the same for all."""
    service_with(lambda call: 400)
    a_digest()
    send(Delivery, digests)
    weigh()
    assert DeliveryEvent.objects.get().verdict == DeliveryEvent.Verdict.POLICY


def test_a_lost_answer_means_one_more_copy_with_the_same_message_id(
    service_with: Start,
) -> None:
    service = service_with(lambda call: Do.TAKE_AND_CLOSE if call.number == 1 else None)
    digest = a_digest()
    assert send(Delivery, digests) == Counts(in_doubt=1)
    wait_over(digest)
    assert send(Delivery, digests) == Counts(sent=1)
    assert service.taken() == [(digest.subscriber.email, digest.message_id)] * 2


INACTIVE = "Found inactive addresses: {}. Inactive recipients are ones that bounced."


@pytest.mark.parametrize(
    ("code", "told", "status"),
    [
        (406, INACTIVE.format("Reader@example.org"), ""),
        (300, "Invalid 'To' address: 'Reader@example.org'.", "5.1.3"),
        # Spelled so that anymail does not know who is meant.
        (406, INACTIVE.format("another one"), ""),
        (300, "Invalid 'To' address: 'another one'.", "5.1.3"),
        (300, "Invalid 'To'", "5.5.4"),
    ],
)
def test_a_recipient_that_the_service_refuses_has_failed(
    service_with: Start, settings: Any, code: int, told: str, status: str
) -> None:
    body = json.dumps({"ErrorCode": code, "Message": told})
    service = service_with(lambda call: (422, body))
    settings.EMAIL_SERVER = backend(POSTMARK)
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": KEY, "POSTMARK_API_URL": service.url}
    a_digest(a_reader(email="Reader@example.org"))
    assert send(Delivery, digests) == Counts(failed=1)
    assert DeliveryEvent.objects.get().status == status


@pytest.mark.parametrize(
    ("error", "kind", "stage"),
    [
        (smtplib.SMTPRecipientsRefused({"r": (550, b"5.1.1 no")}), "failed", "RCPT"),
        (smtplib.SMTPRecipientsRefused({"r": (450, b"4.2.1 no")}), "deferred", "RCPT"),
        (smtplib.SMTPSenderRefused(451, b"4.3.0 no", "s"), "deferred", "MAIL"),
        (smtplib.SMTPSenderRefused(552, b"5.3.4 big", "s"), "failed", "MAIL"),
        (smtplib.SMTPDataError(554, b"5.7.1 spam"), "failed", "DATA"),
        (smtplib.SMTPServerDisconnected("gone"), "in_doubt", "call"),
        (TimeoutError("no answer"), "in_doubt", "call"),
        (ConnectionResetError(), "in_doubt", "call"),
        (smtplib.SMTPNotSupportedError("r@example.org"), "deferred", "call"),
        (ValueError("r@example.org"), "deferred", "call"),
    ],
)
def test_errors_of_other_backends_have_their_kinds(
    error: Exception, kind: str, stage: str
) -> None:
    outcome = of_error(error, Offer(1, "s@example.org", "r@example.org", bytes))
    assert (outcome.kind, outcome.stage) == (kind, stage)
    assert "@" not in outcome.reply


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong"),
        smtplib.SMTPSenderRefused(550, b"5.7.1 not yours", "s@example.org"),
    ],
)
def test_a_server_that_refuses_us_is_down(error: Exception) -> None:
    with pytest.raises(RelayDown, match="takes nothing from us"):
        of_error(error, Offer(1, "s@example.org", "r@example.org", bytes))
