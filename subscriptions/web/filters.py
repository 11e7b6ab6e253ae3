"""Topic filters as people type them: one a line, in; faults with their place, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from subscriptions import consent, matching
from subscriptions.consent import Wanted


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a filter: the text cut at the place, and what would be right.

    `before + at + after` is the filter as it was typed, `suggestion` a sentence.
    """

    before: str
    at: str
    after: str
    message: str
    suggestion: str

    @classmethod
    def of(cls, text: str, error: matching.FilterError) -> Fault:
        start, end = error.position, error.position + error.length
        return cls(
            before=text[:start],
            at=text[start:end],
            after=text[end:],
            message=error.message[:1].upper() + error.message[1:],
            suggestion=error.suggestion,
        )


class Unreadable(Exception):
    """At least one line is not a filter; `faults` has one entry for each such line."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} unreadable filters")
        self.faults = tuple(faults)


def read_filter(text: str, name: str = "") -> Wanted:
    """The filter that was typed. Raises Unreadable with its one fault."""
    try:
        canonical = matching.canonical(matching.parse(text))
    except matching.FilterError as error:
        raise Unreadable([Fault.of(text, error)]) from error
    return Wanted(text=text, canonical=canonical, name=name)


def read_filters(text: str) -> list[Wanted]:
    """One filter a line; equal ones once; the default where nothing was typed.

    Raises Unreadable with the fault of every wrong line.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    limit = settings.FILTERS_PER_READER
    if len(lines) > limit:
        message = f"These are {len(lines)} filters; {limit} are the most"
        tip = "Join some of them with `OR`."
        raise Unreadable([Fault("", lines[limit][:80], "", message, tip)])
    wanted: dict[str, Wanted] = {}
    faults: list[Fault] = []
    for line in lines or [consent.default_filter()]:
        try:
            each = read_filter(line)
        except Unreadable as unreadable:
            faults.extend(unreadable.faults)
        else:
            wanted.setdefault(each.canonical, each)
    if faults:
        raise Unreadable(faults)
    return list(wanted.values())
