"""Addresses kept as keyed hashes and no more: who must not be mailed, and who was asked
to confirm."""

from __future__ import annotations

import hmac
from functools import lru_cache

from django.conf import settings
from django.db import models

from .readers import fold_address


# Asked for at the claim of a batch, and again right before it is offered.
@lru_cache(maxsize=5_000)
def _hash_of(address: str, key: str) -> str:
    message = b"suppression:" + fold_address(address).encode()
    return hmac.digest(key.encode(), message, "sha256").hex()


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def standing(self) -> SuppressionQuerySet:
        return self.filter(lifted_at=None)

    def of(self, address: str) -> SuppressionQuerySet:
        return self.filter(address_hash__in=Suppression.hashes_of(address))


class Suppression(models.Model):
    """An address that must not be mailed, as a keyed hash: it outlives an erasure."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        OPERATOR = "operator"

    address_hash = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(
        "asked again",
        null=True,
        blank=True,
        help_text="when a letter last went to an address suppressed for its bounces",
    )

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.reason} {self.at:%Y-%m-%d}"

    @staticmethod
    def hash_of(address: str, key: str | None = None) -> str:
        """HMAC-SHA256 of the folded address; a plain hash of one can be guessed."""
        return _hash_of(address, key or settings.SECRET_KEY)

    @classmethod
    def hashes_of(cls, address: str) -> list[str]:
        """Under today's key and under every earlier one."""
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return [cls.hash_of(address, key) for key in keys]


class Asking(models.Model):
    """When people were asked to confirm, as a keyed hash of what is counted: an inbox,
    whoever has it asked; the network that sign-ups come from; the domain they name.

    One row each: its lock makes the count the same for all ways in. Kept for a week.
    """

    key_hash = models.CharField(max_length=64, unique=True)
    times = models.JSONField(default=list, help_text="as far as they count, ISO 8601")
    last_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"asked {len(self.times)} times"
