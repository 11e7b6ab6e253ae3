"""A source and a relay on loopback, for whole commands."""

from tests.ingestion.conftest import stub
from tests.sending.conftest import relay, relay_with

__all__ = ["relay", "relay_with", "stub"]
