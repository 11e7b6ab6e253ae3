"""What comes back: bounces, complaints and replies, and what follows from them.

In: bytes of a stranger's mail (`take`), what a mail service's webhook says
(`noticed_of`), and what the ledger wrote of refused mails (`weigh`). Out: one
`DeliveryEvent` for each thing that came back of a mail, and readers whom `consent`
suppresses or unsubscribes. Only our own signed addresses and tokens are believed;
nothing here raises for what a stranger sent, it says why it was refused. `listener`
and `folders` are the two ways in, `judging` says when it is enough.
"""

from .expired import notice_expired
from .noticing import Mail, noticed, weigh
from .provider import Said, noticed_of
from .taking import Taken, take

__all__ = [
    "Mail",
    "Said",
    "Taken",
    "notice_expired",
    "noticed",
    "noticed_of",
    "take",
    "weigh",
]
