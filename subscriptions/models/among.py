"""Asking for very many rows by their ids or texts."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL


def among(ids: Collection[int]) -> RawSQL:
    """For `filter(pk__in=among(ids))`: all of them as one parameter. A list of 20,000
    would be 20,000 parameters to Django, which looks at each several times."""
    if connection.vendor == "postgresql":
        # As PostgreSQL writes an array: psycopg would look at each number.
        array = f"{{{','.join(map(str, ids))}}}"
        return RawSQL("SELECT unnest(%s::bigint[])", [array])
    return _of_json(list(ids))


def among_texts(texts: Collection[str]) -> RawSQL:
    """The same of texts."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [list(texts)])
    return _of_json(list(texts))


def _of_json(values: list[Any]) -> RawSQL:
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(values)])
