"""Readers from elsewhere: a CSV file, line by line (safety.md, Import)."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TextIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from subscriptions import addresses, consent, matching
from subscriptions.models import Subscriber
from subscriptions.models.readers import zone_names

State = Subscriber.State
HEADER = ["address", "filters", "zone", "hour", "confirmed_at"]
# What export_subscribers adds: who left there is not brought back here.
EXPORTED = [*HEADER, "state"]
_GONE = {State.UNSUBSCRIBED, State.SUPPRESSED}
_EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)


class BadLine(Exception):
    """One line cannot be taken; the message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class _Line:
    address: str
    wanted: tuple[consent.Wanted, ...]
    schedule: consent.Schedule
    confirmed_at: datetime | None
    gone: bool


@dataclass(slots=True)
class Imported:
    """`imported` active, `pending` owed a confirm letter, `updated` known and changed;
    `skipped`: line numbers of those known, suppressed or gone; `rejected`: (line
    number, reason)."""

    imported: int = 0
    pending: int = 0
    updated: int = 0
    skipped: list[int] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)


def import_subscribers(lines: TextIO, update: bool = False) -> Imported:
    """Take over every good line of a CSV with the columns of HEADER or EXPORTED,
    filters separated by `|`; wrong lines are reported, the rest goes on.

    Open the file with newline="" and errors="surrogateescape": then line numbers are
    an editor's, and a byte that is not UTF-8 costs its own line only. Raises BadLine
    if the header is another.
    """
    records = _records(lines)
    _, header = next(records, (1, []))
    if header not in (HEADER, EXPORTED):
        given = header if isinstance(header, BadLine) else repr(",".join(header)[:200])
        raise BadLine(f"The header is {given}; it must be {','.join(HEADER)!r}.")
    done = Imported()
    # A transaction a line, in `consent`: one that held many readers' locks would wait
    # for a round that holds others, and the round for it.
    for number, row in records:
        try:
            _take(_read(row, len(header)), number, update, done)
        except BadLine as error:
            done.rejected.append((number, str(error)))
    return done


class _Lines:
    """The lines of a file. Those `taken` since the last record can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else next(self.lines)
        self.taken.append(line)
        return line


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str] | BadLine]]:
    """Each record, or its fault, with the line it begins on; blank lines are left out.

    Of a record whose quotes are wrong only the first line is given up: a quote that
    nobody closed would swallow all readers after it.
    """
    source, begins = _Lines(lines), 1
    while True:
        source.taken = []
        try:
            row = next(csv.reader(source, strict=True))
        except StopIteration:
            return
        except csv.Error as error:
            source.again.extendleft(reversed(source.taken[1:]))
            why = f"Its quotes are wrong ({error}); a quote in a field is doubled."
            yield begins, BadLine(why)
            begins += 1
        else:
            if any(cell.strip() for cell in row):
                yield begins, [cell.strip() for cell in row]
            begins += len(source.taken)


def _take(line: _Line, number: int, update: bool, done: Imported) -> None:
    if line.gone:
        done.skipped.append(number)
        return
    added = consent.add_imported(
        line.address, line.wanted, line.schedule, line.confirmed_at
    )
    if added and line.confirmed_at:
        done.imported += 1
    elif added:
        done.pending += 1
    elif update and _update(line):
        done.updated += 1
    else:
        done.skipped.append(number)


def _update(line: _Line) -> bool:
    """The file knows zone and hour; the days that a reader chose stay theirs."""
    reader = Subscriber.objects.at(line.address).first()
    if reader is None:
        return False
    schedule = replace(line.schedule, cadence=reader.cadence, weekdays=reader.weekdays)
    return consent.replace_wishes(line.address, line.wanted, schedule)


def _read(row: list[str] | BadLine, columns: int) -> _Line:
    if isinstance(row, BadLine):
        raise row
    if any("\ud800" <= sign <= "\udfff" for cell in row for sign in cell):
        raise BadLine("It is not UTF-8; save the file in that encoding.")
    if len(row) != columns:
        raise BadLine(f"{len(row)} fields; there must be {columns}.")
    address, filters, zone, hour, confirmed_at, state = [*row, ""][:6]
    try:
        address = addresses.read_address(address)
    except ValidationError as error:
        raise BadLine(f"{address[:80]!r}: {error.messages[0]}") from error
    if state and state not in State.values:
        raise BadLine(f"state {state[:20]!r}; it takes {', '.join(State.values)}.")
    return _Line(
        address=address,
        # In an export an empty field means no filter, not the default one.
        wanted=_filters(filters) if filters or columns == len(HEADER) else (),
        schedule=consent.Schedule(zone=_zone(zone), hour=_hour(hour)),
        confirmed_at=_instant(confirmed_at)
        if confirmed_at and state != State.PENDING
        else None,
        gone=state in _GONE,
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
        return _filters(consent.default_filter())
    if len(wanted) > settings.FILTERS_PER_READER:
        most = settings.FILTERS_PER_READER
        raise BadLine(f"{len(wanted)} filters; a reader may have {most}.")
    return tuple(wanted.values())


def _zone(text: str) -> str:
    if text and text not in zone_names():
        raise BadLine(f"zone {text[:80]!r}; it takes a name such as Europe/Berlin.")
    return text or str(settings.HOME_ZONE)


def _hour(text: str) -> int:
    if text and not (text.isdecimal() and len(text) <= 2 and int(text) < 24):
        raise BadLine(f"hour {text[:20]!r}; it takes 0 to 23.")
    return int(text or 8)


def _instant(text: str) -> datetime:
    """Of a consent: since there is e-mail, and not after tomorrow, as a time without
    a zone may be ahead of ours."""
    try:
        found = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError as error:
        raise BadLine(
            f"confirmed_at {text[:40]!r}; it takes 2026-07-06 or 2026-07-06T08:00:00Z."
        ) from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not _EARLIEST <= found <= timezone.now() + timedelta(days=1):
        raise BadLine(f"confirmed_at {text[:40]!r}; it takes a day that has been.")
    return found
