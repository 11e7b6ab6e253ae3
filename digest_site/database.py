"""Why the database cannot be used, in a line for whoever runs the service."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor


def why_unusable() -> str:
    """ "" where it can be: what went wrong was something else.

    The server's own words name a user, a host and a database, never a password.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    connection.close()  # it may be in the middle of what failed
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        told = " ".join(str(error).split())
        return f"The database of DATABASE_URL cannot be used: {told}"
    try:
        executor = MigrationExecutor(connection)
        ahead = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return ""
    if not ahead:
        return ""
    return (
        f"The database lacks {len(ahead)} of this version's migrations; it takes"
        " manage.py migrate."
    )
