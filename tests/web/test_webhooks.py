"""Webhooks of mail services: believed if signed, acted on once (bad input 45).

The bodies have the shapes that the services document, with invented values.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from subscriptions import links
from subscriptions.models import Delivery, DeliveryEvent, Subscriber, Suppression
from tests.sending.rows import a_digest, a_reader

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:django-anymail has dropped"),
]
PASSWORD = "papers:a-long-enough-password"
SIGNING = ec.generate_private_key(ec.SECP256R1())
READER = "reader@example.org"


@pytest.fixture(autouse=True)
def services(settings: Any) -> None:
    settings.BOUNCE_ADDRESS = "bounces@papers.example.org"
    public = SIGNING.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": PASSWORD,
        "MAILGUN_WEBHOOK_SIGNING_KEY": "invented-mailgun-key",
        "MAILERSEND_SIGNING_SECRET": "invented-mailersend-key",
        "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": base64.b64encode(public).decode(),
    }


@pytest.fixture
def digest() -> Delivery:
    return a_digest(
        a_reader(email=READER),
        state="sent",
        sent_at=timezone.now(),
        message_id="<abc123@papers.example.org>",
    )


def post(
    service: str, body: Any, password: str = PASSWORD, **headers: str
) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    basic = base64.b64encode(password.encode()).decode()
    answer: Any = Client().post(
        f"/webhooks/{service}",
        raw,
        content_type="application/json",
        headers={"Authorization": f"Basic {basic}", **headers},
    )
    return answer


# --- what each service sends -------------------------------------------------------


def postmark(digest: Delivery, record: str = "Bounce", **fields: Any) -> dict[str, Any]:
    return {
        "RecordType": record,
        "Type": "HardBounce",
        "ID": 42,
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Email": READER,
        "BouncedAt": "2026-07-07T08:00:00Z",
        "Details": "smtp;550 5.1.1 The address does not exist",
        "Metadata": {"sender": links.envelope_sender("digest", digest.pk)},
    } | fields


def mailgun(
    digest: Delivery, event: str = "failed", key: str = "invented-mailgun-key"
) -> dict[str, Any]:
    now, token = str(int(time.time())), "t" * 50
    signed = hmac.new(key.encode(), f"{now}{token}".encode(), hashlib.sha256)
    return {
        "signature": {
            "timestamp": now,
            "token": token,
            "signature": signed.hexdigest(),
        },
        "event-data": {
            "event": event,
            "severity": "permanent",
            "id": "e1",
            "timestamp": float(now),
            "recipient": READER,
            "message": {"headers": {"message-id": digest.message_id.strip("<>")}},
            "delivery-status": {"code": 550, "message": "550 5.1.1 No such user"},
            "user-variables": {},
        },
    }


def sendgrid(digest: Delivery, event: str = "bounce") -> list[dict[str, Any]]:
    return [
        {
            "email": READER,
            "timestamp": int(time.time()),
            "smtp-id": digest.message_id,
            "event": event,
            "sg_event_id": "e1",
            "reason": "550 5.1.1 unknown recipient",
            "status": "5.1.1",
            "type": "bounce",
        }
    ]


def sparkpost(digest: Delivery, kind: str = "bounce") -> list[dict[str, Any]]:
    return [
        {
            "msys": {
                "message_event": {
                    "type": kind,
                    "bounce_class": "10",
                    "event_id": "1",
                    "timestamp": "1783411200",
                    "raw_rcpt_to": READER,
                    "rcpt_to": READER,
                    "raw_reason": "550 5.1.1 unknown recipient",
                    "reason": "550 5.1.1 unknown recipient",
                    "rcpt_meta": {"sender": links.envelope_sender("digest", digest.pk)},
                    "transmission_id": "1",
                }
            }
        }
    ]


def signed_by_sendgrid(body: Any) -> dict[str, str]:
    raw, now = json.dumps(body).encode(), str(int(time.time()))
    signature = SIGNING.sign(now.encode() + raw, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": now,
    }


def send(service: str, digest: Delivery, password: str = PASSWORD) -> HttpResponse:
    """That service's bounce, signed as it signs."""
    body = {
        "postmark": postmark,
        "mailgun": mailgun,
        "sendgrid": sendgrid,
        "sparkpost": sparkpost,
    }[service](digest)
    headers = signed_by_sendgrid(body) if service == "sendgrid" else {}
    return post(service, body, password, **headers)


SERVICES = ["postmark", "mailgun", "sendgrid", "sparkpost"]

# --- believed ------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_a_bounce_is_the_same_event_whoever_reports_it(
    service: str, digest: Delivery
) -> None:
    assert send(service, digest).status_code == 200
    event = DeliveryEvent.objects.get()
    assert (event.type, event.status, event.verdict) == ("bounced", "5.1.1", "gone")
    assert (event.delivery, event.subscriber) == (digest, digest.subscriber)
    assert "@" not in event.detail


@pytest.mark.parametrize("service", SERVICES)
def test_45_an_event_that_comes_again_has_no_effect(
    service: str, digest: Delivery
) -> None:
    for _ in range(3):
        assert send(service, digest).status_code == 200
    assert DeliveryEvent.objects.count() == 1


def test_events_come_in_any_order(digest: Delivery) -> None:
    complaint = postmark(digest, "SpamComplaint", Type="SpamComplaint")
    delivered = postmark(digest, "Delivery", DeliveredAt="2026-07-07T08:00:00Z")
    for body in (complaint, delivered, complaint):
        assert post("postmark", body).status_code == 200
    assert Subscriber.objects.get().state == "suppressed"
    assert DeliveryEvent.objects.count() == 2


@pytest.mark.parametrize("where", ["Metadata", "Tag"])
def test_a_mail_with_another_message_id_is_found_by_ours(
    digest: Delivery, where: str
) -> None:
    """`sending.backend` gives it to the service as metadata, or else as a tag."""
    ours = digest.message_id.strip("<>")
    said = {"Metadata": {}, where: {"mail": ours} if where == "Metadata" else ours}
    assert post("postmark", postmark(digest, **said)).status_code == 200
    assert DeliveryEvent.objects.get().delivery == digest


def test_an_unsubscribing_at_the_service_is_one_here(digest: Delivery) -> None:
    change = {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}
    post("postmark", postmark(digest, "SubscriptionChange", **change))
    assert Subscriber.objects.get().state == "unsubscribed"


@pytest.mark.parametrize("odd", ["\0", "\ud800"])
def test_an_odd_event_keeps_no_other_of_its_batch_back(
    odd: str, digest: Delivery
) -> None:
    bad = sparkpost(digest)
    bad[0]["msys"]["message_event"]["rcpt_meta"] = {"mail": f"{odd}@example.org"}
    assert post("sparkpost", bad + sparkpost(digest)).status_code == 200
    assert DeliveryEvent.objects.get().type == "bounced"


@pytest.mark.parametrize("bounce_class", ["51", "52"])
def test_a_server_that_takes_a_mail_for_spam_is_no_reader_who_complains(
    bounce_class: str, digest: Delivery
) -> None:
    body = sparkpost(digest)
    fields = body[0]["msys"]["message_event"]
    fields |= {"bounce_class": bounce_class, "raw_reason": "550 5.7.1 looks like spam"}
    assert post("sparkpost", body).status_code == 200
    event = DeliveryEvent.objects.get()
    assert (event.type, event.verdict) == ("bounced", "policy")
    assert not Suppression.objects.exists()


def test_what_was_opened_or_clicked_is_not_looked_at(digest: Delivery) -> None:
    for record in ("Open", "Click"):
        assert post("postmark", postmark(digest, record)).status_code == 200
    assert not DeliveryEvent.objects.exists()


def test_45_an_event_that_nobody_knows_is_taken_and_changes_nothing(
    digest: Delivery,
) -> None:
    assert post("postmark", postmark(digest, "SomethingNew")).status_code == 200
    assert post("mailgun", mailgun(digest, "something new")).status_code == 200
    assert not DeliveryEvent.objects.exists()


# --- not believed ----------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_45_without_the_password_nothing_changes(
    service: str, digest: Delivery
) -> None:
    assert send(service, digest, "papers:another-password").status_code == 403
    assert not DeliveryEvent.objects.exists()


def test_45_a_wrong_signature_is_403(digest: Delivery) -> None:
    assert post("mailgun", mailgun(digest, key="another")).status_code == 403
    forged = signed_by_sendgrid([{"event": "else"}])
    assert post("sendgrid", sendgrid(digest), **forged).status_code == 403
    signature = hmac.new(b"another", b"{}", hashlib.sha256).hexdigest()
    assert post("mailersend", b"{}", Signature=signature).status_code == 403
    assert not DeliveryEvent.objects.exists()


def test_an_address_alone_is_not_believed(digest: Delivery) -> None:
    forged = {"sender": "bounces+d1-forged@papers.example.org"}
    for metadata in ({}, forged, {"mail": "guessed@papers.example.org"}):
        body = postmark(digest, Metadata=metadata)
        assert post("postmark", body).status_code == 200
    assert not DeliveryEvent.objects.exists()


def test_a_mail_of_another_reader_is_not_believed(digest: Delivery) -> None:
    body = postmark(digest, Email="someone.else@example.net")
    assert post("postmark", body).status_code == 200
    assert not DeliveryEvent.objects.exists()


def test_an_event_about_an_old_mail_changes_nothing(digest: Delivery) -> None:
    Delivery.objects.update(sent_at=timezone.now() - timedelta(days=91))
    send("postmark", digest)
    assert not DeliveryEvent.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"null", b'{"RecordType":[]}', b"\xff\x00", b"[" * 999],
)
@pytest.mark.parametrize("service", ["postmark", "mailgun", "sparkpost", "mailjet"])
def test_what_is_not_its_format_is_an_error_of_the_caller(
    service: str, body: bytes
) -> None:
    assert post(service, body).status_code in {200, 400, 403}
    assert not DeliveryEvent.objects.exists()


def test_45_ten_megabytes_are_too_many(digest: Delivery) -> None:
    body = postmark(digest, Details="x" * 10_000_000)
    assert post("postmark", body).status_code == 413
    assert not DeliveryEvent.objects.exists()


def test_a_batch_of_a_megabyte_is_taken(digest: Delivery) -> None:
    other = sparkpost(digest, "open") * 2_000
    body = [*other, *sparkpost(digest)]
    assert len(json.dumps(body)) > 700_000
    assert post("sparkpost", body).status_code == 200
    assert DeliveryEvent.objects.count() == 1


def test_it_is_closed_until_a_secret_is_set(digest: Delivery, settings: Any) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}
    assert send("postmark", digest).status_code == 404


def test_get_and_services_that_do_not_exist_are_refused() -> None:
    assert Client().get("/webhooks/postmark").status_code == 405
    assert post("nobody", {}).status_code == 404
