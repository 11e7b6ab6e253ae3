"""What PostgreSQL's planner may choose from. Of a table of a few rows, or one that a
test before has left large and empty, every index costs about the same: a test of what
an index is good for leaves it that one alone."""

from __future__ import annotations

from django.db import connection, models


def leave_to_the_planner(model: type[models.Model], *indexes: str) -> None:
    """Of this model's indexes these, and no reading of the whole table, until the
    transaction ends. The others are kept in step all the same."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false FROM pg_class"
            " WHERE oid = indexrelid AND indrelid = %s::regclass"
            " AND NOT relname = ANY(%s)",
            [model._meta.db_table, list(indexes)],
        )
