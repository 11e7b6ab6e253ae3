"""Which sources a filter could need: a late one is waited for only by its readers."""

from __future__ import annotations

from .tree import And, Everything, Listed, Not, Or, Query


def could_match(query: Query, source: str) -> bool:
    """Could some listing of `source` satisfy the filter, whatever its words?"""
    return _possible(query, source)[0]


def _possible(query: Query, source: str) -> tuple[bool, bool]:
    """Whether it can be true, and whether it can be false, for this source."""
    match query:
        case Listed(name):
            return name == source, name != source
        case Everything():
            return True, False
        case Not(operand):
            true, false = _possible(operand, source)
            return false, true
        case And(operands):
            each = [_possible(operand, source) for operand in operands]
            return all(t for t, _ in each), any(f for _, f in each)
        case Or(operands):
            each = [_possible(operand, source) for operand in operands]
            return any(t for t, _ in each), all(f for _, f in each)
    return True, True
