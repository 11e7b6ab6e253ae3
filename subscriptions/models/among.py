"""Asking after very many rows by what they are called."""

from __future__ import annotations

import json
from collections.abc import Collection

from django.db import connection
from django.db.models.expressions import RawSQL


def among(values: Collection[int] | Collection[str]) -> RawSQL:
    """For `filter(pk__in=among(ids))`: all of them as one parameter. A list of 20,000
    would be 20,000 parameters to Django, which looks at each several times."""
    given = list(values)
    if connection.vendor != "postgresql":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(given)])
    if given and isinstance(given[0], str):
        return RawSQL("SELECT unnest(%s::text[])", [given])
    return RawSQL("SELECT unnest(%s::bigint[])", [given])
