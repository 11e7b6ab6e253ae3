"""Mails to the relay, over many connections at once, each failure with its stage.

In: a `Server` and `Offer`s. Out: an `Outcome` for each, or no word on it. `session`
opens a connection (greeting, EHLO, TLS, login), `transaction` writes the lines of one
mail, `connection` carries one mail after the other, the next one's envelope in the same
write as this one's end (PIPELINING, RFC 2920), `replies` reads what comes back, and
`relay` holds the connections and shares the mails of a `run` out among them, in a
`thread` of its own.
"""

from .relay import Relay
from .session import Server, Timeouts

__all__ = ["Relay", "Server", "Timeouts"]
