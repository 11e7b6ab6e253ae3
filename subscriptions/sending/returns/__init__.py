"""What comes back: bounces, complaints and replies, and what follows from them.

In: bytes of a stranger's mail (`take`), what a mail service's webhook says
(`noticed_of`), and what the ledger wrote of refused mails (`weigh`). Out: one
`DeliveryEvent` for each thing that came back of a mail, and readers whom `consent`
suppresses or unsubscribes. Only our own signed addresses and tokens are believed;
nothing here raises for what a stranger sent, it says why it was refused. `listener`
and `folders` are the two ways in, `verdicts` the table of what servers say, `judging`
when it is enough, `rates` what the circuit breaker asks.
"""

from .expired import notice_expired
from .noticing import Mail, noticed, weigh
from .rates import Rate, rates
from .services import Said, noticed_of
from .taking import Taken, take

__all__ = [
    "Mail",
    "Rate",
    "Said",
    "Taken",
    "notice_expired",
    "noticed",
    "noticed_of",
    "rates",
    "take",
    "weigh",
]
