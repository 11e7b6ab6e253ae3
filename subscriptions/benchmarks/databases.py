"""A database of the measuring's own, made for it and dropped after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

from django.db import connection


@contextmanager
def temporary(folder: Path, on_the_server: bool = False) -> Iterator[str]:
    """Its URL: of a file in `folder`; or, where `DATABASE_URL` is PostgreSQL and that
    is what is to be measured, of a database beside the service's on the same server.

    Of the service's own database nothing is read: its connection is only where a new
    one is asked for. Raises DatabaseError if there is no server or its user may
    not make any.
    """
    if not on_the_server or connection.vendor != "postgresql":
        yield f"sqlite:///{folder}/bench.sqlite3"
        return
    name = f"paper_round_bench_{token_hex(6)}"
    _ask(f"CREATE DATABASE {name}")
    try:
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    finally:  # by force: who is stopped by Ctrl-C may leave a connection open
        _ask(f"DROP DATABASE {name} WITH (FORCE)")


def _ask(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
