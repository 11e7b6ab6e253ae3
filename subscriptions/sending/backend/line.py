"""One open backend of Django's, by which one mail after the other goes out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

from anymail.backends.base import AnymailBaseBackend
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailUnsupportedFeature
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from subscriptions.sending.outcome import Offer, Outcome, RelayDown

from . import answers

MAIL_ID = "mail"  # the metadata that web/webhooks.py looks at
log = logging.getLogger(__name__)


class Line:
    """A backend, opened when it is needed and kept; after a fault opened anew. `path`
    is its dotted name. Used by one thread at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._backend: BaseEmailBackend | None = None

    def open(self) -> None:
        """Raises RelayDown with the kind of what went wrong."""
        if self._backend is None:
            try:
                backend = get_connection(self._path)
                backend.open()
                _stay(backend)
            except Exception as error:
                kind = type(error).__name__
                raise RelayDown(f"{self._path} cannot be opened: {kind}") from None
            self._backend = backend

    def send(self, message: EmailMultiAlternatives, offer: Offer) -> Outcome:
        """Have it sent, and say what came of it; raises RelayDown where nothing goes.

        The line is open."""
        try:
            return self._sent(message, offer)
        except RelayDown as down:
            raise RelayDown(f"{self._path} {down}") from None

    def _sent(self, message: EmailMultiAlternatives, offer: Offer) -> Outcome:
        backend = self._backend
        assert backend is not None  # noqa: S101
        try:
            if isinstance(backend, AnymailBaseBackend):
                count = _in_time(partial(_by_anymail, backend, message), backend)
            else:
                # There the sender is the envelope's, and the header stands beside it.
                message.extra_headers["From"] = message.from_email
                message.from_email = offer.sender
                count = backend.send_messages([message])
        except Exception as error:
            if getattr(error, "response", None) is None:
                self.close()
            return answers.of_error(error, offer)
        return answers.accepted(count, message, offer)

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend:
            try:
                backend.close()
            except Exception as error:  # it is given up anyway
                log.info("a backend did not close: %s", type(error).__name__)


def _stay(backend: BaseEmailBackend) -> None:
    """Hand back an answer that sends elsewhere instead of going there.

    Of a call that is sent on by 301, 302 or 303 requests makes a GET without the mail;
    what the page behind it says is then taken for the service's word. By 307 or 308 it
    would hand readers' addresses to a host that nobody has set.
    """
    if isinstance(backend, AnymailRequestsBackend):
        backend.session.get_redirect_target = lambda response: None


def _in_time(call: Callable[[], int | None], backend: AnymailBaseBackend) -> int | None:
    """What the call returns or raises; after twice the time that the backend grants an
    answer a TimeoutError, and then nobody waits for its end any more.

    requests bounds the wait for each piece of an answer, never for the whole: one that
    drips would hold its caller, and with it the batch.
    """
    if not isinstance(backend, AnymailRequestsBackend):
        return call()
    ended: SimpleQueue[int | Exception | None] = SimpleQueue()

    def run() -> None:
        try:
            ended.put(call())
        except Exception as error:
            ended.put(error)

    Thread(target=run, name="call", daemon=True).start()
    try:
        what = ended.get(timeout=2 * float(backend.timeout))
    except Empty:
        what = TimeoutError()
    if isinstance(what, Exception):
        raise what
    return what


def _by_anymail(
    backend: AnymailBaseBackend, message: EmailMultiAlternatives
) -> int | None:
    """Send it with its Message-ID beside it, for the webhooks, and nothing tracked.

    The Message-ID as metadata; the services without get it as a tag, those that know
    one address to reply to the first, and those that are not told what to track do as
    is set there. anymail says which they are before it calls anybody.
    """
    named = str(message.extra_headers["Message-ID"]).strip("<>")
    wishes = {"metadata": {MAIL_ID: named}, "track_opens": False, "track_clicks": False}
    while True:
        for name, value in wishes.items():
            setattr(message, name, value)
        try:
            count: int | None = backend.send_messages([message])
            return count
        except AnymailUnsupportedFeature as error:
            lacks = str(error.args[0])
            if lacking := [name for name in wishes if name in lacks]:
                for name in lacking:
                    del wishes[name]
                    delattr(message, name)
                if "metadata" in lacking:
                    wishes["tags"] = [named]
            elif "reply_to" in lacks and len(message.reply_to) > 1:
                del message.reply_to[1:]
            else:
                raise
