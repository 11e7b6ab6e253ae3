"""Webhooks of mail services, through anymail: who may call, and what they said.

anymail knows each service's format and signature; its `tracking` signal is the
library's way to hand events over, and is received here and nowhere else. What was
opened or clicked is not asked for and not looked at.
"""

from __future__ import annotations

import importlib
import logging
import traceback
from collections.abc import Iterator
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.conf import settings
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscriptions.models import DeliveryEvent
from subscriptions.sending import returns

from .unsubscribe import try_later

Type = DeliveryEvent.Type
LARGEST = 2_000_000  # bytes; services send batches of up to 768 KB
# Name in the address -> class in the module of that name.
SERVICES = {
    "amazon_ses": "AmazonSESTrackingWebhookView",
    "brevo": "BrevoTrackingWebhookView",
    "mailersend": "MailerSendTrackingWebhookView",
    "mailgun": "MailgunTrackingWebhookView",
    "mailjet": "MailjetTrackingWebhookView",
    "mailtrap": "MailtrapTrackingWebhookView",
    "mandrill": "MandrillCombinedWebhookView",
    "postal": "PostalTrackingWebhookView",
    "postmark": "PostmarkTrackingWebhookView",
    "resend": "ResendTrackingWebhookView",
    "sendgrid": "SendGridTrackingWebhookView",
    "sparkpost": "SparkPostTrackingWebhookView",
    "unisender_go": "UnisenderGoTrackingWebhookView",
}
_TYPES = {
    EventType.BOUNCED: Type.BOUNCED,
    EventType.REJECTED: Type.BOUNCED,
    EventType.FAILED: Type.BOUNCED,
    EventType.DEFERRED: Type.DEFERRED,
    EventType.DELIVERED: Type.DELIVERED,
    EventType.COMPLAINED: Type.COMPLAINED,
    EventType.UNSUBSCRIBED: Type.UNSUBSCRIBED,
    EventType.AUTORESPONDED: Type.AUTOREPLIED,
}
# The service itself refused the mail because of what the reader had told it before. Of
# a bounce "spam" is what the reader's server takes the mail for (SparkPost's 51, 52).
_BEFORE = {
    (EventType.REJECTED, RejectReason.SPAM): Type.COMPLAINED,
    (EventType.REJECTED, RejectReason.UNSUBSCRIBED): Type.UNSUBSCRIBED,
    (EventType.BOUNCED, RejectReason.UNSUBSCRIBED): Type.UNSUBSCRIBED,
}
log = logging.getLogger(__name__)


@csrf_exempt  # the service has no cookie; anymail checks password and signature
@require_http_methods(["HEAD", "POST"])
def tracking_events(request: HttpRequest, service: str) -> HttpResponse:
    """403: not by that service; 413: too large; 400: not in its format; 503: try again.

    404 without a WEBHOOK_SECRET, so that nothing is open that nobody set up.
    """
    if service not in SERVICES or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    octets = request.read(LARGEST + 1)
    if len(octets) > LARGEST:
        return _text("The body is too large; it may have 2 MB.", 413)
    # Batches are longer than the forms that DATA_UPLOAD_MAX_MEMORY_SIZE is for.
    request._body = octets
    module = importlib.import_module(f"anymail.webhooks.{service}")
    try:
        view = getattr(module, SERVICES[service]).as_view()
        answer: HttpResponse = view(request)
    except AnymailWebhookValidationFailure:
        return _text("The password or signature is wrong.", 403)
    except DatabaseError:
        return try_later()
    except Exception as error:  # a body of another shape, or a key that is missing
        # Its text may hold an address; where it arose tells their fault from ours.
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        log.warning("webhook of %s: %s at %s:%s", service, kind, *place[:2])
        return _text("This is not what that service sends.", 400)
    return answer


@receiver(tracking)
def take_event(
    sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any
) -> None:
    told_before = _BEFORE.get((event.event_type, event.reject_reason))
    type_ = told_before or _TYPES.get(event.event_type)
    if type_ is None or not isinstance(event.recipient, str):
        return
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    taken = returns.noticed_of(
        returns.Said(
            type=type_,
            recipient=event.recipient,
            message_ids=tuple(_message_ids(event, metadata)),
            sender=str(metadata.get("sender", "")),
            text=str(event.mta_response or event.description or ""),
        )
    )
    if taken.why:
        log.info("event of %s changes nothing: %s", esp_name, taken.why)


def _message_ids(
    event: AnymailTrackingEvent, metadata: dict[str, Any]
) -> Iterator[str]:
    """The mail's Message-ID in what the service says of it, in angle brackets; where
    that has given it another, ours is in the metadata or a tag (`sending.backend`)."""
    raw = event.esp_event if isinstance(event.esp_event, dict) else {}
    theirs = (event.message_id, raw.get("smtp-id"), raw.get("message-id"))
    tags = event.tags if isinstance(event.tags, list) else []
    for each in (*theirs, metadata.get("mail"), *tags):
        # No database takes a NUL or half a character; no Message-ID has one.
        if isinstance(each, str) and "@" in each and each.isprintable():
            yield f"<{each.strip().strip('<>')}>"


def _text(text: str, status: int) -> HttpResponse:
    content_type = "text/plain; charset=utf-8"
    return HttpResponse(f"{text}\n", status=status, content_type=content_type)
