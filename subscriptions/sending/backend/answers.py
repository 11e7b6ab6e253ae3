"""What the answer of a mail service, or the error of a backend, says of a mail.

anymail raises the same errors for all its services; what they hold is in
https://anymail.dev/en/stable/sending/exceptions/. Their text may hold addresses and
keys, so that of an answer is told without them, and of any other error the kind alone.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
import traceback
from collections.abc import Collection, Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import (
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailUnsupportedFeature,
)
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from subscriptions.sending.outcome import Offer, Outcome, RelayDown, cleaned
from subscriptions.sending.smtp.replies import Reply
from subscriptions.sending.smtp.transaction import is_about_us, refused

STAGE = "call"
_REFUSED = {"invalid", "rejected"}  # what anymail calls it
# The call could not have reached anybody, or was refused before it was looked at.
_UNREACHED = (
    ConnectionRefusedError,
    socket.gaierror,
    ssl.SSLCertVerificationError,
    ConnectTimeoutError,
    NewConnectionError,
)
# Until these return there is no connection, and nothing was sent. A TLS handshake that
# fails in them is told by the same errors as an answer that is lost.
_CONNECTS = {HTTPConnection.connect.__code__, HTTPSConnection.connect.__code__}
# A key, an account, a domain or an address of the service that is wrong or missing.
_ABOUT_US = {401, 402, 403, 404, 405, 407}
# It has moved, or a portal stands before it: the call itself was not looked at.
# 303 is not among these: it says where to find what came of the call.
_ELSEWHERE = {301, 302, 307, 308}
# What is in the request, as an enhanced status (RFC 3463): invalid arguments, too big.
_ABOUT_MAIL = {400: "5.5.4", 413: "5.3.4", 422: "5.5.4"}
_ADDRESS = re.compile(r"[^\s<>\"']+(?:@|%40)[^\s<>\"']+")


def accepted(count: int | None, message: Any, offer: Offer) -> Outcome:
    """The service took the mail, or says in so many words that it did not.

    `message` as anymail leaves it, with `anymail_status`; other backends only count.
    anymail raises where it is sure that a recipient was refused: of an address that the
    service spells otherwise it knows two states. Raises RelayDown as `of_error`.
    """
    if count == 0:
        return Outcome("deferred", STAGE, "the backend says it sent nothing")
    status = getattr(message, "anymail_status", None)
    if status is None:
        return Outcome("sent", STAGE, "the backend took it")
    said = {str(each) for each in status.status or ()}
    if said & _REFUSED:
        return _refused(said)
    if getattr(status.esp_response, "status_code", 200) >= 400:
        return _of_answer(status.esp_response)
    kind = "deferred" if said == {"failed"} else "sent"
    words = ", ".join(map(str, filter(None, [*sorted(said), status.message_id])))
    told = cleaned(words, hide=offer.recipient)
    return Outcome(kind, STAGE, told)  # type: ignore[arg-type]


def of_error(error: Exception, offer: Offer) -> Outcome:
    """What came of a mail whose call ended with this error.

    Raises RelayDown where the service takes nothing from us: nothing was said about
    this mail. A call that broke off after it was on its way leaves the mail in doubt.
    """
    if isinstance(error, AnymailRecipientsRefused):
        return _refused(error.email_message.anymail_status.status)
    if isinstance(error, AnymailInvalidAddress):
        return Outcome("failed", "address", "the address is not one", "5.1.3")
    if isinstance(error, AnymailRequestsAPIError) and error.response is not None:
        return _of_answer(error.response)
    if isinstance(error, smtplib.SMTPException):
        return _of_dialogue(error, offer)
    if isinstance(error, AnymailUnsupportedFeature):
        lacks = _ADDRESS.sub("(address)", str(error.args[0]))
        return Outcome("deferred", STAGE, cleaned(lacks))
    causes = list(_causes(error))
    kind = type(causes[-1]).__name__
    if any(isinstance(each, _UNREACHED) or _was_connecting(each) for each in causes):
        raise RelayDown(f"could not be reached ({kind})")
    if isinstance(error, AnymailRequestsAPIError):
        if isinstance(error.__cause__, ValueError):
            raise RelayDown(
                f"its address is not one ({type(error.__cause__).__name__})"
            )
        return _lost(kind)
    if isinstance(error, OSError) and not isinstance(error, AnymailError):
        return _lost(kind)
    return Outcome("deferred", STAGE, f"the backend failed: {type(error).__name__}")


def _of_answer(response: Any) -> Outcome:
    code, told = int(response.status_code), _told(response)
    if code in _ABOUT_US:
        raise RelayDown(f"takes nothing from us: {told}")
    if code in _ELSEWHERE:
        raise RelayDown(f"takes nothing from us: {told} {_whereto(response)}")
    if code in _ABOUT_MAIL:
        return Outcome("failed", STAGE, told, _ABOUT_MAIL[code])
    # Taken, but how is not to be read; or whoever stands in front gave up waiting.
    is_done = code // 100 == 2 or code == HTTPStatus.SEE_OTHER
    if is_done or code == HTTPStatus.GATEWAY_TIMEOUT:
        return Outcome("in_doubt", STAGE, told)
    return Outcome("deferred", STAGE, told, rest=_rest(response))


def _whereto(response: Any) -> str:
    """The host alone: a query may hold a key."""
    try:
        host = urlsplit(str(response.headers.get("Location", ""))).hostname
    except ValueError:
        host = None
    return f"it sends us on to an address {f'on {host}' if host else 'of its own'}"


def _rest(response: Any) -> float:
    """Seconds, from either form of Retry-After (RFC 9110, section 10.2.3)."""
    text = str(response.headers.get("Retry-After", "")).strip()
    try:
        if text.isdecimal():
            return float(text)
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def _of_dialogue(error: smtplib.SMTPException, offer: Offer) -> Outcome:
    """The stages and codes are SMTP's, and mean what they do to a relay of ours."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        stage = "RCPT"
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        stage = "MAIL" if isinstance(error, smtplib.SMTPSenderRefused) else "DATA"
        code, said = error.smtp_code, error.smtp_error
        text = said if isinstance(said, bytes) else said.encode()
    elif isinstance(error, smtplib.SMTPServerDisconnected):
        return _lost(type(error).__name__)
    else:
        return Outcome("deferred", STAGE, f"the backend failed: {type(error).__name__}")
    reply = Reply(code, tuple(text.splitlines()))
    is_login = isinstance(error, smtplib.SMTPAuthenticationError)
    if is_login or (stage == "MAIL" and code >= 500 and is_about_us(reply, offer)):
        raise RelayDown(f"takes nothing from us: {reply.told(offer.recipient)}")
    return refused(stage, reply, offer)


def _refused(said: Collection[str]) -> Outcome:
    """By the service itself: `rejected` may be its own suppression list."""
    why, status = ("invalid", "5.1.3") if "invalid" in said else ("rejected", "")
    return Outcome("failed", STAGE, f"the service refused the recipient: {why}", status)


def _lost(kind: str) -> Outcome:
    return Outcome("in_doubt", STAGE, f"no answer: {kind}")


def _was_connecting(error: BaseException) -> bool:
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code in _CONNECTS for frame, _ in frames)


def _told(response: Any) -> str:
    """Code and text of an answer, without the addresses and keys that may be in it."""
    text = _ADDRESS.sub("(address)", str(response.text)[:2_000])
    for value in settings.ANYMAIL.values():
        if isinstance(value, str) and len(value) >= 8:
            text = text.replace(value, "(key)")
    return cleaned(f"{response.status_code} {response.reason}: {text}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what led to it, outermost first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
