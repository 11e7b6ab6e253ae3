"""A column's known words, written into the SQL that asks for them as they are.

SQLite uses a partial index only where it reads the words of the index's own condition
in the question, and in a parameter it reads none: it looked at a year's digests for the
few that wait. PostgreSQL is told the same and sees no difference.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Field
from django.db.models.lookups import Exact, In


def spelled(field: Field[Any, Any]) -> None:
    """Have `exact` and `in` of this field with choices say them without parameters."""
    field.register_lookup(_Exact)
    field.register_lookup(_In)


class _Exact(Exact):
    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if words := _words(self.lhs, [self.rhs]):
            return words, ()
        return super().process_rhs(compiler, connection)


class _In(In):
    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        given = list(self.rhs) if isinstance(self.rhs, (list, tuple, set)) else []
        if words := _words(self.lhs, given):
            return f"({words})", ()
        return super().process_rhs(compiler, connection)


def _words(column: Any, given: list[Any]) -> str:
    """These values in SQL, in their order; "" where one of them is no choice."""
    known = {value for value, _ in column.output_field.flatchoices}
    if not all(isinstance(each, str) and each in known for each in given):
        return ""
    return ", ".join(f"'{each!s}'" for each in given)
