"""Which ledger this is, and how far it has come: a restored one is known by that."""

from __future__ import annotations

import uuid

from django.db import models


class LedgerEpoch(models.Model):
    """One row. `number` grows as mails are sent, and senders remember it outside of the
    database: one that has gone back to a smaller number was restored from a backup.
    `ledger` names this history; an operator who accepts a restored one gives it a new
    name."""

    ledger = models.UUIDField(default=uuid.uuid4)
    number = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pk=1), name="there_is_one_ledger"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ledger} at {self.number}"
