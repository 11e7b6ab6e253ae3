"""Readers from elsewhere: a CSV file, line by line (safety.md, Import)."""

from __future__ import annotations

import csv
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TextIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.dateparse import parse_datetime

from subscriptions import addresses, consent, matching

HEADER = ["address", "filters", "zone", "hour", "confirmed_at"]
_LINES_AT_ONCE = 500


class BadLine(Exception):
    """One line cannot be taken; the message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class _Line:
    address: str
    wanted: tuple[consent.Wanted, ...]
    schedule: consent.Schedule
    confirmed_at: datetime | None


@dataclass(slots=True)
class Imported:
    """`imported` active, `pending` owed a confirm letter, `skipped` known or
    suppressed, `updated` known and changed; `rejected`: (line number, reason)."""

    imported: int = 0
    pending: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


def import_subscribers(lines: TextIO, update: bool = False) -> Imported:
    """Take over every good line of a CSV with the columns of HEADER, filters
    separated by `|`; wrong lines are reported, the rest goes on.

    Raises BadLine if the header is another.
    """
    reader = csv.reader(lines)
    header = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
    if header != HEADER:
        given = ",".join(header)[:200]
        message = f"The header is {given!r}; it must be {','.join(HEADER)!r}."
        raise BadLine(message)
    done = Imported()
    numbered = _numbered(reader)
    while some := list(islice(numbered, _LINES_AT_ONCE)):
        with transaction.atomic():
            for number, row in some:
                try:
                    _take(_read(row), update, done)
                except BadLine as error:
                    done.rejected.append((number, str(error)))
    return done


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line they begin on, as an editor shows it; blank ones left out."""
    begins = 2
    for row in reader:
        if any(cell.strip() for cell in row):
            yield begins, row
        begins = reader.line_num + 1  # type: ignore[attr-defined]


def _take(line: _Line, update: bool, done: Imported) -> None:
    added = consent.add_imported(
        line.address, line.wanted, line.schedule, line.confirmed_at
    )
    if added and line.confirmed_at:
        done.imported += 1
    elif added:
        done.pending += 1
    elif update and consent.replace_wishes(line.address, line.wanted, line.schedule):
        done.updated += 1
    else:
        done.skipped += 1


def _read(row: list[str]) -> _Line:
    if len(row) != len(HEADER):
        raise BadLine(f"{len(row)} fields; there must be {len(HEADER)}.")
    address, filters, zone, hour, confirmed_at = (cell.strip() for cell in row)
    try:
        address = addresses.read_address(address)
    except ValidationError as error:
        raise BadLine(f"{address[:80]!r}: {error.messages[0]}") from error
    return _Line(
        address=address,
        wanted=_filters(filters),
        schedule=consent.Schedule(zone=_zone(zone), hour=_hour(hour)),
        confirmed_at=_instant(confirmed_at) if confirmed_at else None,
    )


def _filters(text: str) -> tuple[consent.Wanted, ...]:
    wanted: dict[str, consent.Wanted] = {}
    for each in filter(None, (part.strip() for part in text.split("|"))):
        try:
            canonical = matching.canonical(matching.parse(each))
        except matching.FilterError as error:
            raise BadLine(f"filter {each[:80]!r}: {error}") from error
        wanted.setdefault(canonical, consent.Wanted(each, canonical))
    if not wanted:
        return _filters(settings.DEFAULT_FILTER)
    if len(wanted) > settings.FILTERS_PER_READER:
        most = settings.FILTERS_PER_READER
        raise BadLine(f"{len(wanted)} filters; a reader may have {most}.")
    return tuple(wanted.values())


def _zone(text: str) -> str:
    if text and text not in zoneinfo.available_timezones():
        raise BadLine(f"zone {text[:80]!r}; it takes a name such as Europe/Berlin.")
    return text or "UTC"


def _hour(text: str) -> int:
    if text and not (text.isdecimal() and int(text) < 24):
        raise BadLine(f"hour {text[:20]!r}; it takes 0 to 23.")
    return int(text or 8)


def _instant(text: str) -> datetime:
    try:
        found = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError as error:
        raise BadLine(
            f"confirmed_at {text[:40]!r}; it takes 2026-07-06 or 2026-07-06T08:00:00Z."
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
