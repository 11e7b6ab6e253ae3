"""What stands around the papers of a digest: the frame of its two templates and the
blocks in it, each coded once for all digests that say the same in it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from . import papers, phrases
from .footer import reader
from .mail import Covered, Digest
from .pieces import block, frame

MOST_AGAIN = 12
HTML, TEXT = "digest/body.html", "digest/body.txt"
# The blocks of both templates, and what each depends on.
_SHARED = {
    "editions": ("editions", "more_matched"),
    "notes": ("first", "samples", "notes", "hour", "zone"),
    "more": ("left_out", "some"),
    "again": ("again",),
    "why": ("confirmed", "hour", "zone"),
}
BLOCKS: dict[str, dict[str, tuple[str, ...]]] = {
    HTML: _SHARED
    | {
        "peek": ("inside",),
        "top": ("filters",),
        "dateline": ("weekly", "first", "due", "papers", "listed"),
    },
    TEXT: _SHARED
    | {"dateline": ("weekly", "first", "due", "papers", "listed", "filters")},
}
_FRAMED = {name: frozenset([*blocks, "sections"]) for name, blocks in BLOCKS.items()}
# A layout is some forty references to pieces that are kept anyway. Above the papers
# differ counts, below them the day on which a reader confirmed and when mails come.
_LAYOUTS = 10_000

Constants = tuple[tuple[str, str], ...]


class Above(NamedTuple):
    """All that decides what stands above the papers, but for each reader's links, the
    subject and the next papers' names. `hour` and `zone` are said in a first digest."""

    inside: bool
    due: date
    weekly: bool
    first: bool
    papers: int
    matched: int
    filters: int
    editions: tuple[Covered, ...]
    notes: tuple[str, ...]
    hour: int
    zone: str

    def words(self) -> dict[str, Any]:
        more = self.matched > self.papers
        return {
            **reader(self.hour, self.zone, None),
            "inside": self.inside,
            "due": phrases.long_day(self.due),
            "weekly": self.weekly,
            "first": self.first,
            "papers": phrases.count(self.papers, "paper"),
            "more_matched": self.matched if more else 0,
            "filters": phrases.count(self.filters, "filter"),
            **_editions(self.editions),
            "notes": tuple([phrases.line(note, 400) for note in self.notes[:6]]),
        }


class Below(NamedTuple):
    """The same of what stands below them."""

    left_out: int
    some: bool
    again: tuple[Hashable, ...]
    hour: int
    zone: str
    confirmed_on: date | None

    def words(self) -> dict[str, Any]:
        return {
            **reader(self.hour, self.zone, self.confirmed_on),
            "left_out": self.left_out,
            "some": self.some,
            "again": self.again,
        }


class Layout(NamedTuple):
    """Coded pieces, empty where a hole is, and the place and name of each hole."""

    pieces: tuple[bytes, ...]
    holes: tuple[tuple[int, str], ...]

    def filled(self, holes: Mapping[str, bytes]) -> list[bytes]:
        pieces = list(self.pieces)
        for at, name in self.holes:
            pieces[at] = holes[name]
        return pieces


class Around(NamedTuple):
    html: Layout
    text: Layout


def around(
    d: Digest, total: int, kept: int, inside: bool, constants: Constants
) -> tuple[Around, Around]:
    """Above and below the papers, of whose `total` the mail has `kept`; `inside`:
    the names of some stand beside the subject in an inbox."""
    above = _above(d, total, inside)
    return _laid_above(above, constants), _laid_below(_below(d, total, kept), constants)


def values(d: Digest, total: int, kept: int, inside: bool) -> dict[str, Any]:
    """All that the templates say besides the papers and their names."""
    above, below = _above(d, total, inside), _below(d, total, kept)
    return {**above.words(), **below.words()}


def _above(d: Digest, total: int, inside: bool) -> Above:
    hour, zone = (d.recipient.hour, d.recipient.zone) if d.first else (0, "")
    return Above(
        inside,
        d.due_date,
        d.weekly,
        d.first,
        total,
        d.matched,
        d.filters,
        d.editions,
        d.notes,
        hour,
        zone,
    )


def _below(d: Digest, total: int, kept: int) -> Below:
    to, again = d.recipient, _again(d) if d.again else ()
    return Below(total - kept, kept > 0, again, to.hour, to.zone, to.confirmed_on)


@lru_cache(maxsize=_LAYOUTS)
def _laid_above(above: Above, constants: Constants) -> Around:
    told = above.words()
    return Around(*(_laid_out(name, constants, 0, told) for name in (HTML, TEXT)))


@lru_cache(maxsize=_LAYOUTS)
def _laid_below(below: Below, constants: Constants) -> Around:
    told = below.words()
    return Around(*(_laid_out(name, constants, 1, told) for name in (HTML, TEXT)))


def _laid_out(
    name: str, constants: Constants, half: int, told: Mapping[str, Any]
) -> Layout:
    """The half of a template before (0) or after (1) the papers."""
    blocks, pieces = BLOCKS[name], frame(name, _FRAMED[name], constants)
    middle = pieces.index("sections")
    flat: list[bytes | str] = []
    for piece in (pieces[:middle], pieces[middle + 1 :])[half]:
        if isinstance(piece, str) and (needs := blocks.get(piece)):
            wanted = tuple([told[need] for need in needs])
            flat += block(name, piece, needs, wanted)
        else:
            flat.append(piece)
    return Layout(
        tuple([b"" if isinstance(piece, str) else piece for piece in flat]),
        tuple([(at, each) for at, each in enumerate(flat) if isinstance(each, str)]),
    )


@lru_cache(maxsize=1000)
def _editions(editions: tuple[Covered, ...]) -> dict[str, Any]:
    return {
        "editions": phrases.lists(editions),
        "listed": sum(edition.papers for edition in editions),
        "samples": {each.source for each in editions} == {"Sample"},
    }


def _again(
    d: Digest,
) -> tuple[tuple[str, str, tuple[papers.AgainShown, ...]], ...]:
    """(source, weekday it was sent, papers), in the order given."""
    blocks: dict[tuple[str, str], list[papers.AgainShown]] = {}
    for each in d.again[:MOST_AGAIN]:
        # Within the week a weekday is clear; before that it needs its date.
        near = 0 <= (d.due_date - each.sent_on).days < 7
        day = f"{each.sent_on:%A}" if near else phrases.day_of_week(each.sent_on)
        blocks.setdefault((phrases.line(each.source, 40), day), []).append(
            papers.again(each)
        )
    return tuple((*about, tuple(shown)) for about, shown in blocks.items())
