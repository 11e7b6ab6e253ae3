"""What tests that commit leave behind is deleted, and nothing else is done.

Django truncates every table, which on PostgreSQL makes a new file for each of them and
each of their indexes, and then writes content types and permissions anew: a quarter of
a second for most of these tests, which fill five tables of thirty with a dozen rows.
"""

from __future__ import annotations

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

# Written by `migrate`; no test changes them.
_KEPT = {"django_content_type", "auth_permission"}


def empty_instead_of_truncating() -> None:
    """From now on, in this process."""
    TransactionTestCase._fixture_teardown = _fixture_teardown


def _fixture_teardown(self: TransactionTestCase) -> None:
    for name in self._databases_names(include_mirrors=False):
        empty(connections[name])


def empty(connection: BaseDatabaseWrapper) -> None:
    """Constraints are looked at when it is committed, so any order will do."""
    named = connection.introspection.django_table_names(include_views=False)
    tables = [connection.ops.quote_name(each) for each in sorted({*named} - _KEPT)]
    rows = " UNION ALL ".join(
        f"SELECT {at} WHERE EXISTS (SELECT 1 FROM {table})"
        for at, table in enumerate(tables)
    )
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        cursor.execute(rows)
        for (at,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {tables[at]}")
