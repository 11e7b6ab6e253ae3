"""Mails by a Django e-mail backend instead of a relay: one call each, several at once.

In: `Offer`s. Out: an `Outcome` for each, or no word on it, as from `smtp`. `message`
turns a mail's bytes into what Django's backends take, `line` is one open backend and
calls it, `answers` says what an answer or an error means, and `service` holds the lines
and shares the mails of a `run` out among them, a thread each.
"""

from .line import Line
from .service import Service

__all__ = ["Line", "Service"]
