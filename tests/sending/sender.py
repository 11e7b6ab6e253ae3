"""A sender in a process of its own, to be killed: `python -m tests.sending.sender`.

`send` runs one until nothing waits, `send_on_short_leases` with leases of five seconds.
"""

from __future__ import annotations

import os
import sys

import django


def main(command: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digest_site.settings")
    django.setup()

    from subscriptions.models import Delivery
    from subscriptions.sending import send

    from . import rows

    if command == "send_on_short_leases":
        shorten_leases()
    send(Delivery, rows.digests)


def shorten_leases() -> None:
    """Leases of five seconds, not fifteen minutes, and what follows from that."""
    from datetime import timedelta

    from subscriptions.sending import loop
    from subscriptions.sending.ledger import claims

    claims.LEASE, claims._FRESH = timedelta(seconds=5), timedelta(seconds=1)
    loop._BEGIN_WITHIN, loop._END_WITHIN = 3, 4
    loop._BATCH_WITHIN = 60  # it is the lease that stops it


if __name__ == "__main__":
    main(*sys.argv[1:])
