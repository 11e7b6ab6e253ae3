"""Why a document satisfies a filter, by words and places, or why it does not.

Evaluates the tree over one document, apart from the bitsets; a test holds the two to
the same answer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from subscriptions.models import Source

from .authors import place
from .documents import Document, code_link
from .language import FilterError, parse_canonical
from .language.tree import (
    And,
    Author,
    Category,
    HasCode,
    Leaf,
    Listed,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Upvotes,
)
from .tokens import Token, stem, tokens, whole, words


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """What satisfied a term. `field`: title, abstract, author, category, source, code
    or upvotes; `text` as the document writes it.

    In title, abstract and author, `text` is `[start:end]` of the title, the abstract
    or that author's name; elsewhere `start` is 0 and `end` the length of `text`.
    """

    field: str
    start: int
    end: int
    text: str


def explain(query: Query, document: Document) -> tuple[Span, ...] | None:
    """What satisfied the filter, by field and place; None if the document does not.

    Spans of title and abstract do not overlap, so that they can be marked. A filter
    that looks for nothing in particular, such as `*`, gives an empty tuple.
    """
    found = _found(query, _reading(document))
    return None if found is None else _apart(found)


def found_by(text: str, documents: Iterable[Document]) -> tuple[Span, ...] | None:
    """What a filter, in canonical form, finds in the first of a paper's documents that
    satisfies it; None where none does, or this version cannot read the filter, which
    finds nothing in a digest either."""
    try:
        query = parse_canonical(text)
    except FilterError:
        return None
    explained = (explain(query, document) for document in documents)
    return next((found for found in explained if found is not None), None)


def marks(spans: Iterable[Span], field: str, shown: str) -> list[tuple[int, int]]:
    """Where the words of `spans` in `field` stand in `shown`: places, sorted, apart.

    For a page or mail that shows a title or abstract otherwise than it is stored: cut,
    or with its TeX made readable, where the places of the spans themselves are wrong.
    """
    wanted = {tuple(words(span.text)) for span in spans if span.field == field}
    text = _Text(field, shown, tokens(shown))
    found = [span for parts in filter(None, wanted) for span in text.runs(parts)]
    return [(span.start, span.end) for span in _apart(found)]


def why_not(query: Query, document: Document) -> str:
    """The first term that fails, as a sentence; "" if the document satisfies all."""
    reading = _reading(document)
    if _found(query, reading) is not None:
        return ""
    reason = _failure(query, reading)
    return reason[0].upper() + reason[1:] + "."


class _Text:
    """A title or an abstract: its words in order, and where each of them stands."""

    def __init__(self, field: str, text: str, read: Sequence[Token]) -> None:
        self.field, self.text, self.read = field, text, read
        self.places: dict[str, list[int]] = {}
        for at, token in enumerate(read):
            self.places.setdefault(token.word, []).append(at)

    def runs(self, parts: tuple[str, ...]) -> Iterator[Span]:
        """Each place where `parts` follow each other."""
        read = self.read
        for at in self.places.get(parts[0], ()):
            here = read[at : at + len(parts)]
            if tuple(token.word for token in here) == parts:
                yield self._span(here[0], here[-1])

    def beginning_with(self, start: str) -> Iterator[Span]:
        first = bisect_left(self._sorted, start)
        last = bisect_left(self._sorted, start + "\U0010ffff", first)
        for word in {*self._sorted[first:last], stem(start)}:
            for at in self.places.get(word, ()):
                yield self._span(self.read[at], self.read[at])

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.places)

    def _span(self, first: Token, last: Token) -> Span:
        return _span(self.field, self.text, first, last)


class _Reading:
    """A document, its words read when they are first needed."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def title(self) -> _Text:
        return _Text("title", self.document.title, _stemmed(self.document.title))

    @cached_property
    def abstract(self) -> _Text:
        text = self.document.abstract
        return _Text("abstract", text, _stemmed(text))

    @cached_property
    def authors(self) -> list[tuple[str, list[Token]]]:
        return [(name, tokens(name)) for name in self.document.authors]

    def texts(self, wanted: str) -> tuple[_Text, ...]:
        """The field asked for, or both for ""."""
        if wanted:
            return (self.title,) if wanted == "title" else (self.abstract,)
        return self.title, self.abstract


@lru_cache(maxsize=2048)
def _reading(document: Document) -> _Reading:
    """Kept between calls: every reader of a paper asks about the same words."""
    return _Reading(document)


def _stemmed(text: str) -> list[Token]:
    return [Token(stem(word), start, end) for word, start, end in tokens(text)]


def _found(query: Query, reading: _Reading) -> list[Span] | None:
    match query:
        case And(operands):
            all_of = [_found(operand, reading) for operand in operands]
            if None in all_of:
                return None
            return [span for spans in all_of for span in spans or ()]
        case Or(operands):
            any_of = [_found(operand, reading) for operand in operands]
            if all(spans is None for spans in any_of):
                return None
            return [span for spans in any_of for span in spans or ()]
        case Not(operand):
            return None if _found(operand, reading) is not None else []
    return _leaf(query, reading)


def _leaf(leaf: Leaf, reading: _Reading) -> list[Span] | None:
    document = reading.document
    match leaf:
        case Phrase(parts, wanted):
            texts = reading.texts(wanted)
            return [span for text in texts for span in text.runs(parts)] or None
        case Prefix(start, wanted):
            texts = reading.texts(wanted)
            spans = (span for text in texts for span in text.beginning_with(start))
            return list(spans) or None
        case Author(names):
            return _author(names, reading) or None
        case Category(name):
            within = [c for c in document.categories if _is_in(c, name)]
            return [_whole("category", category) for category in within] or None
        case Listed(source):
            if document.source != source:
                return None
            return [_whole("source", Source(source).label)]
        case HasCode():
            if not document.has_code:
                return None
            link = code_link(document.abstract, document.note)
            return [_whole("code", link or "code link")]
        case Upvotes(least):
            if document.upvotes < least:
                return None
            return [_whole("upvotes", str(document.upvotes))]
    return []


def _whole(field: str, text: str) -> Span:
    return Span(field, 0, len(text), text)


def _is_in(category: str, name: str) -> bool:
    folded = category.lower()
    return folded == name or folded.startswith(name + ".")


def _author(names: tuple[str, ...], reading: _Reading) -> list[Span]:
    found = []
    for name, read in reading.authors:
        if at := place(names, [token.word for token in read]):
            found.append(_span("author", name, read[at[0]], read[at[1]]))
    return found


def _span(field: str, text: str, first: Token, last: Token) -> Span:
    start, end = whole(text, first.start, last.end)
    return Span(field, start, end, text[start:end])


def _apart(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted, without doubles; in title and abstract, those that overlap made one."""
    joined: list[Span] = []
    for span in sorted(set(spans)):
        before = joined[-1] if joined else None
        if (
            before
            and span.field in {"title", "abstract"}
            and span.field == before.field
            and span.start < before.end
        ):
            extra = max(0, span.end - before.end)
            text = before.text + (span.text[-extra:] if extra else "")
            joined[-1] = Span(span.field, before.start, before.end + extra, text)
        else:
            joined.append(span)
    return tuple(joined)


# --- why not -----------------------------------------------------------------------
def _failure(query: Query, reading: _Reading) -> str:
    """Of a query that the document does not satisfy."""
    match query:
        case And(operands):
            failing = (op for op in operands if _found(op, reading) is None)
            return _failure(next(failing), reading)
        case Or(operands):
            return "; and ".join(_failure(operand, reading) for operand in operands)
        case Not(operand):
            found = _apart(_found(operand, reading) or [])
            what = ", ".join(dict.fromkeys(f"“{span.text}”" for span in found))
            if not what:
                return "the filter leaves every such paper out"
            return f"it has {what}, which the filter leaves out"
    return _missing(query, reading.document)


def _missing(leaf: Leaf, document: Document) -> str:
    match leaf:
        case Phrase(parts, field, written):
            said = written or " ".join(parts)
            if len(parts) == 1:
                return f"the word “{said}” is not in its {_where(field)}"
            return f"the words “{said}” do not stand together in its {_where(field)}"
        case Prefix(start, field):
            return f"no word that begins with “{start}” is in its {_where(field)}"
        case Author(names, written):
            return f"none of its authors is “{written or ' '.join(names)}”"
        case Category(name, written):
            own = ", ".join(document.categories)
            return f"it is not in the category {written or name}" + (
                f" (but in {own})" if own else ""
            )
        case Listed(source):
            return f"this listing is not from {Source(source).label}"
        case HasCode():
            return "it has no code link"
        case Upvotes(least):
            plural = "" if document.upvotes == 1 else "s"
            return f"it has {document.upvotes} upvote{plural}, fewer than {least}"
    raise ValueError("every document satisfies *")


def _where(field: str) -> str:
    return field or "title or abstract"
