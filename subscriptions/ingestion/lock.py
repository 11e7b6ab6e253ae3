"""One writer of papers and editions at a time."""

from __future__ import annotations

from django.db import connection

_KEY = 0x7061706572  # "paper"


def alone() -> None:
    """Wait until no other transaction stores, lists or publishes; ends with this one.

    The order of editions (rounds.md 5) needs it: a day that one process opens while
    another publishes a later one would never be covered. On SQLite the IMMEDIATE
    transactions of settings.py are this lock already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_KEY])
