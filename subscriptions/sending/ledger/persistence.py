"""Outcomes into the ledger even if the database restarts in that moment."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from django.db import InterfaceError, OperationalError, connection

from subscriptions.models import Mailing
from subscriptions.sending.outcome import Outcome

from . import attempts
from .attempts import Lease, by_model

State = Mailing.State
log = logging.getLogger(__name__)

# A restart of PostgreSQL takes seconds. After that the journal keeps the outcomes until
# a next sender brings them to the ledger.
_PAUSES = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


def persistently(outcomes: Mapping[Lease, Outcome]) -> dict[Lease, str]:
    """`attempts.record`, again after a lost connection; the states it led to.

    A connection that is lost at the commit does not tell whether it was committed. The
    next attempt writes only the rows that still have their token; what the first one
    wrote to the others is read.
    """
    again = False
    for pause in (*_PAUSES, None):
        try:
            states = attempts.record(outcomes.items())
            return states | (_written(outcomes, states) if again else {})
        except (OperationalError, InterfaceError) as error:
            if pause is None or connection.in_atomic_block:
                raise
            log.warning(
                "outcomes could not be written (%s); trying again in %s s",
                type(error).__name__,
                pause,
            )
            connection.close()
            time.sleep(pause)
            again = True
    raise AssertionError("unreachable")


def _written(
    outcomes: Mapping[Lease, Outcome], states: Mapping[Lease, str]
) -> dict[Lease, str]:
    """Of those that `states` lacks: what an earlier attempt has written of them."""
    found: dict[Lease, str] = {}
    missing = [lease for lease in outcomes if lease not in states]
    for model, leases in by_model(missing):
        by_id = {lease.id: lease for lease in leases}
        rows = model._default_manager.filter(pk__in=by_id, lease_token=None)
        for pk, state, reason in rows.values_list("id", "state", "reason"):
            if state != State.PENDING and outcomes[by_id[pk]].reply in reason:
                found[by_id[pk]] = state
    return found
