"""When an author's name is the one that a filter asks for."""

from __future__ import annotations

from collections.abc import Sequence


def place(wanted: Sequence[str], name: Sequence[str]) -> tuple[int, int] | None:
    """First and last of the words of `name` that `wanted` meets, in order; else None.

    Other words between them do not hinder. Before the last of `wanted`, which is
    taken for the family name, an initial meets a full name and the reverse.
    """
    start = at = -1
    for given in wanted[:-1]:
        at = next((i for i in range(at + 1, len(name)) if _meet(given, name[i])), -1)
        if at < 0:
            return None
        start = at if start < 0 else start
    for end in range(at + 1, len(name)):
        if name[end] == wanted[-1]:
            return (end if start < 0 else start), end
    return None


def _meet(given: str, other: str) -> bool:
    if given == other:
        return True
    return given[0] == other[0] and (len(given) == 1 or len(other) == 1)
