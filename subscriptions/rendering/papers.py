"""What a mail shows of a paper: its entry in words, ready for both templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from subscriptions.models import Card

from . import phrases
from .mail import Again, Entry, Group, Reason

LONGEST_TITLE = 300
LONGEST_ABSTRACT = 4_000  # characters; arXiv's end at 1,920
SHORT_SENTENCES, SHORT_ABSTRACT = 2, 420
LONGEST_LINK = 500  # as the models store them


@dataclass(frozen=True, slots=True)
class Because:
    """One filter's share of the why-line; `found` as `phrases.why` gives it."""

    filter: str
    found: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper as both parts print it. Texts are readable and plain; "" is absent."""

    number: int
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
    because: Because | None
    also_in: tuple[str, ...]
    actions: tuple[tuple[str, str], ...]  # (label, address)


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    papers: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class AgainShown:
    title: str
    url: str
    brings: str  # "62 upvotes, code"


def sections(groups: tuple[Group, ...], papers: int, full: int) -> list[Section]:
    """The first `papers` of a digest, the first `full` of them with whole abstracts."""
    number = 0
    result = []
    for group in groups:
        inside = []
        for entry in group.entries:
            number += 1
            if number <= papers:
                inside.append(shown(entry, number, number <= full))
        if inside:
            result.append(Section(phrases.filter_name(group.name), tuple(inside)))
    return result


def shown(entry: Entry, number: int, full: bool) -> Shown:
    card, sample = entry.card, entry.source == "Sample"
    names, more, how_many = phrases.authors(card.authors)
    return Shown(
        number=number,
        title=title(card),
        url=entry.page_url if sample else abstract_url(card),
        authors=names,
        more_authors=more,
        how_many=how_many,
        category=phrases.line("".join(card.categories[:1]), 40),
        facts=_facts(card),
        sample=sample,
        summary=phrases.line(card.summary, 600),
        abstract=abstract(card, full),
        because=_because(entry.reasons[0]) if entry.reasons else None,
        also_in=tuple(phrases.filter_name(r.filter_name) for r in entry.reasons[1:]),
        actions=_actions(entry, sample),
    )


def _because(reason: Reason) -> Because:
    return Because(phrases.filter_name(reason.filter_name), phrases.why(reason))


def title(card: Card) -> str:
    return phrases.line(card.title, LONGEST_TITLE) or f"Untitled ({card.arxiv_id})"


def abstract(card: Card, full: bool) -> str:
    text = phrases.line(card.abstract, LONGEST_ABSTRACT)
    return text if full else phrases.sentences(text, SHORT_SENTENCES, SHORT_ABSTRACT)


def abstract_url(card: Card) -> str:
    return f"https://arxiv.org/abs/{quote(card.arxiv_id)}"


def again(paper: Again) -> AgainShown:
    brings = [phrases.count(paper.card.upvotes, "upvote")] if paper.card.upvotes else []
    brings += ["code"] if web_link(paper.card.code_url) else []
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
        host = (parts.hostname or "").encode("idna").decode("ascii")
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


def _actions(entry: Entry, sample: bool) -> tuple[tuple[str, str], ...]:
    """At most three beside the title: a link-dense mail gets deferred."""
    card = entry.card
    actions = []
    if not sample:
        actions.append(("PDF", f"https://arxiv.org/pdf/{quote(card.arxiv_id)}"))
    if code := web_link(card.code_url):
        actions.append(("Code", code))
    elif project := web_link(card.project_url):
        actions.append(("Project", project))
    actions.append(("Paper’s page", entry.page_url))
    return tuple(actions)
