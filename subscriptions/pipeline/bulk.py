"""Many rows at once, as a round of a million readers reads and writes them.

Django's own `bulk_create` spends most of its time on each field of each row. What
stands in the database afterwards is the same, which a test holds this to.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.utils import timezone

# Values of these kinds come again in row after row; the rest is given as it is.
_FEW = (
    models.BooleanField,
    models.DateField,  # and DateTimeField
    models.UUIDField,
)
_USUALLY = gc.get_threshold()
_Column = Callable[[Any], Any]


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch the garbage collector off while very many objects are made of which none
    becomes garbage: its passes over all of them took half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let the garbage collector run after 400,000 new objects instead of some hundred,
    for as long as a sender runs: that makes some garbage, but not much."""
    gc.set_threshold(400_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*_USUALLY)


def insert(rows: Sequence[models.Model]) -> None:
    """Insert unsaved instances of one model, in their order. They get no id.

    Times that a save sets (`auto_now`) are the same for all. Raises IntegrityError.
    """
    if not rows:
        return
    meta = rows[0]._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = [connection.ops.quote_name(str(field.column)) for field in fields]
    columns = ", ".join(names)
    table = connection.ops.quote_name(meta.db_table)
    values = _values(rows, fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
            ):
                for row in values:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(fields))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
        cursor.executemany(statement, list(values))


def _values(
    rows: Iterable[models.Model], fields: Sequence[models.Field[Any, Any]]
) -> Iterator[list[Any]]:
    columns = [(field.attname, _column(field)) for field in fields]
    for row in rows:
        told = row.__dict__
        yield [
            told[name] if prepared is None else prepared(told[name])
            for name, prepared in columns
        ]


def _column(field: models.Field[Any, Any]) -> _Column | None:
    """What makes of a field's value what the database takes; None: nothing does."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        now = field.get_db_prep_save(timezone.now(), connection)
        return lambda value: now
    if isinstance(field, models.JSONField):
        return json.JSONEncoder(ensure_ascii=True).encode
    if isinstance(field, _FEW):
        return _Kept(field).__getitem__
    return None


class _Kept(dict[Any, Any]):
    """A field's values as the database takes them."""

    def __init__(self, field: models.Field[Any, Any]) -> None:
        self._field = field

    def __missing__(self, value: Any) -> Any:
        kept = self[value] = self._field.get_db_prep_save(value, connection)
        return kept
