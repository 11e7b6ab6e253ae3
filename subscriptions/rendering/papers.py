"""What a mail shows of a paper: its entry in words, ready for both templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from subscriptions.models import Card

from . import phrases
from .headers import in_ascii
from .mail import Again, Digest, Entry, Reason

LONGEST_TITLE = 300
LONGEST_ABSTRACT = 4_000  # characters; arXiv's end at 1,920
SHORT_SENTENCES, SHORT_ABSTRACT = 2, 420
LONGEST_LINK = 500  # as the models store them


@dataclass(frozen=True, slots=True)
class Why:
    """The filter in whose group a paper stands, and what it found there (as
    `phrases.why` gives it)."""

    filter: str
    found: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper as both parts print it for all its readers. Texts are readable and
    plain; "" is absent. `leads`: it is the first of a mail."""

    leads: bool
    title: str
    url: str
    authors: tuple[str, ...]  # the first ones
    more_authors: str  # " and 12 more"
    how_many: str
    category: str  # the primary one
    facts: tuple[str, ...]  # "6 Jul", "41 upvotes", "6 comments"
    sample: bool
    summary: str
    abstract: str
    # Text, and whether it is one of the words found.
    title_pieces: tuple[tuple[str, bool], ...]
    abstract_pieces: tuple[tuple[str, bool], ...]


class Section(NamedTuple):
    """The papers under one heading."""

    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class AgainShown:
    title: str
    url: str
    brings: str  # "62 upvotes, code"


def sections(d: Digest, papers: int) -> list[Section]:
    """The first `papers` of a digest under their headings: the reader's filters, or the
    days of a week from the oldest on."""
    left, groups = papers, []
    for group in d.groups:
        groups.append((phrases.filter_name(group.name), group.entries[:left]))
        left -= len(groups[-1][1])
    if d.weekly:
        entries = [entry for _, some in groups for entry in some]
        days = sorted({entry.listed_on for entry in entries})
        by_day = {day: [e for e in entries if e.listed_on == day] for day in days}
        groups = [(phrases.weekday(day), tuple(some)) for day, some in by_day.items()]
    return [Section(name, entries) for name, entries in groups if entries]


def shown(
    card: Card,
    sample: bool,
    page_url: str,
    full: bool,
    leads: bool,
    words: tuple[str, ...] = (),
) -> Shown:
    """`words`: to be marked where they stand."""
    names, more, how_many = phrases.authors(card.authors)
    its_title, its_abstract = title(card), abstract(card, full)
    return Shown(
        leads=leads,
        title=its_title,
        url=page_url if sample else card.abstract_url,
        authors=names,
        more_authors=more,
        how_many=how_many,
        category=phrases.line("".join(card.categories[:1]), 40),
        facts=_facts(card),
        sample=sample,
        summary=phrases.line(card.summary, 600),
        abstract=its_abstract,
        title_pieces=_pieces(its_title, words),
        abstract_pieces=_pieces(its_abstract, words),
    )


def words(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """What the filters found in title and abstract, as a mail writes it."""
    found = (
        phrases.line(each.words, phrases.LONGEST_NAME)
        for reason in reasons
        for each in reason.found
        if each.field in {"title", "abstract"}
    )
    return tuple(dict.fromkeys(filter(None, found)))


def _pieces(text: str, words: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    if not words:
        return ((text, False),)
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    pieces = re.split(rf"(?<!\w)({either})(?!\w)", text, flags=re.IGNORECASE)
    return tuple((piece, at % 2 == 1) for at, piece in enumerate(pieces) if piece)


def why(reasons: tuple[Reason, ...]) -> Why | None:
    if not reasons:
        return None
    return Why(phrases.filter_name(reasons[0].filter_name), phrases.why(reasons[0]))


def others(reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """The names of the other filters that found it."""
    return tuple([phrases.filter_name(each.filter_name) for each in reasons[1:]])


def title(card: Card) -> str:
    return phrases.line(card.title, LONGEST_TITLE) or f"Untitled ({card.arxiv_id})"


def abstract(card: Card, full: bool) -> str:
    text = phrases.line(card.abstract, LONGEST_ABSTRACT)
    return text if full else phrases.sentences(text, SHORT_SENTENCES, SHORT_ABSTRACT)


def again(paper: Again) -> AgainShown:
    brings = [phrases.count(paper.card.upvotes, "upvote")] if paper.card.upvotes else []
    brings += ["code"] if web_link(paper.card.code_url) else []
    brings = brings or (["a summary"] if paper.card.summary else [])
    return AgainShown(title(paper.card), paper.page_url, ", ".join(brings))


def web_link(url: str) -> str:
    """`url` where it is a plain web address, ASCII only; "" for anything else.

    Source data is hostile: no other scheme, no user before an @, no port tricks, no
    space or control character, no endless address.
    """
    if not url or len(url) > LONGEST_LINK or re.search(r"[\x00-\x20\x7f-\x9f\\]", url):
        return ""
    try:
        parts = urlsplit(url)
        host = in_ascii(parts.hostname or "")
        port = parts.port
    except ValueError:  # UnicodeError is one
        return ""
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[a-z0-9.-]+", host):
        return ""
    if "@" in parts.netloc:
        return ""
    address = parts._replace(netloc=host if port is None else f"{host}:{port}").geturl()
    try:
        return quote(address, safe=";/?:@&=+$,!~*'()#%[]-._")
    except UnicodeError:  # a lone surrogate
        return ""


def _facts(card: Card) -> tuple[str, ...]:
    facts = [phrases.short_day(card.day)] if card.day else []
    facts += [phrases.count(card.upvotes, "upvote")] if card.upvotes else []
    facts += [phrases.count(card.comments, "comment")] if card.comments else []
    return tuple(facts)


def actions(card: Card, sample: bool, tune: str) -> tuple[tuple[str, str], ...]:
    """At most three beside the title: a link-dense mail gets deferred. `tune`: as of
    `Links`."""
    found = []
    if not sample:
        found.append(("PDF", card.pdf_url))
    if code := web_link(card.code_url):
        found.append(("Code", code))
    elif project := web_link(card.project_url):
        found.append(("Project", project))
    return (*found, ("Save or tune", tune + quote(card.arxiv_id)))
