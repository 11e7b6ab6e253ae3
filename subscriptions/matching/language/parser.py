"""The filter language: text to a tree, or an error that says what to write instead.

either  = both { "OR" both }
both    = operand { [ "AND" ] operand }
operand = { "NOT" | "-" } ( [ field ":" ] "(" either ")" | term )
term    = [ field ":" ] ( word | '"' words '"' | word "*" ) | "*"
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from django.conf import settings

from .errors import FilterError, shown
from .lexer import Symbol, symbols
from .terms import check_field, leaf
from .tree import And, Everything, Not, Or, Query, is_positive, join


def parse(text: str) -> Query:
    """The tree of a reader's filter.

    Raises FilterError. The limits FILTER_LENGTH (characters after NFKC), FILTER_TERMS
    and FILTER_DEPTH (parentheses) are held before anything costly is done.
    """
    limit = settings.FILTER_LENGTH
    if _is_longer(text, limit):
        raise FilterError(
            f"the filter is longer than {limit:,} characters",
            min(limit, len(text)),
            max(len(text) - limit, 0),
            "Shorten it, or split it into several filters.",
        )
    return _Parser(text, settings.FILTER_TERMS, settings.FILTER_DEPTH).parse()


_MARKS_COMPOSED = 3  # with one letter, at most: U+1F82 is made of four characters


def _is_longer(text: str, limit: int) -> bool:
    """Whether `text` has more than `limit` characters after NFKC.

    Normalising sorts the marks that stand on one letter, in time that grows with the
    square of their number (4,000 take 30 ms). So what no composing could bring under
    the limit is not normalised.
    """
    if len(text) <= limit:
        return len(unicodedata.normalize("NFKC", text)) > limit
    if len(text) > (1 + _MARKS_COMPOSED) * limit:
        return True
    marks = left_over = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        left_over += marks > _MARKS_COMPOSED
    return left_over > limit or len(unicodedata.normalize("NFKC", text)) > limit


# Those of a batch's readers, or of one while all links of a digest are opened.
@lru_cache(maxsize=1000)
def parse_canonical(text: str) -> Query:
    """The tree of a stored canonical text, which was held to the limits as written."""
    return _Parser(text, terms=len(text) + 1, depth=200).parse()


class _Parser:
    def __init__(self, text: str, terms: int, depth: int) -> None:
        self.text = text
        self.max_terms, self.max_depth = terms, depth
        self.terms = 0
        self.symbols = symbols(text)
        self.at = 0

    @property
    def next(self) -> Symbol:
        return self.symbols[self.at]

    def take(self, *kinds: str) -> Symbol | None:
        if self.next.kind not in kinds:
            return None
        self.at += 1
        return self.symbols[self.at - 1]

    def parse(self) -> Query:
        if self.next.kind == "end":
            raise FilterError(
                "the filter is empty",
                0,
                len(self.text),
                "Write a word to look for, or `*` for every paper.",
            )
        query = self.either("", 0)
        if extra := self.take("close"):
            raise FilterError(
                "this parenthesis closes nothing",
                extra.start,
                1,
                "Leave it out, or open one before it.",
            )
        self.require_positive(query, 0, len(self.symbols) - 1)
        return query

    def either(self, field: str, depth: int) -> Query:
        branches = []
        while True:
            first = self.at
            branches.append((self.both(field, depth), first, self.at))
            if not self.take("OR"):
                break
        if len(branches) > 1:
            for branch, first, last in branches:
                self.require_positive(branch, first, last)
        return join(Or, [branch for branch, _, _ in branches])

    def both(self, field: str, depth: int) -> Query:
        operands = [self.operand(field, depth)]
        while self.take("AND") or self.next.kind not in {"OR", "close", "end"}:
            operands.append(self.operand(field, depth))
        return join(And, operands)

    def operand(self, field: str, depth: int) -> Query:
        begin = self.at
        negated = False
        while self.take("NOT", "minus"):
            negated = not negated
        first = self.at
        query = self.group_or_term(field, depth)
        if not negated:
            return query
        if query == Everything():
            raise self.error("would match nothing", begin, self.at, "Leave it out.")
        self.require_positive(query, first, self.at)
        return Not(query)

    def group_or_term(self, field: str, depth: int) -> Query:
        named = self.take("field")
        if named:
            field = check_field(named, self.next, field)
        if opened := self.take("open"):
            if depth >= self.max_depth:
                raise FilterError(
                    f"parentheses are nested deeper than {self.max_depth}",
                    opened.start,
                    1,
                    "Write it flatter, or split it into several filters.",
                )
            query = self.either(field, depth + 1)
            if not self.take("close"):
                raise FilterError(
                    "this parenthesis is never closed",
                    opened.start,
                    1,
                    "Close it, as in `(diffusion OR flow) video`.",
                )
            return query
        symbol = self.take("word", "phrase")
        if symbol is None:
            raise self.missing()
        self.terms += 1
        if self.terms > self.max_terms:
            raise FilterError(
                f"the filter has more than {self.max_terms} terms",
                symbol.start,
                len(self.text) - symbol.start,
                "Split it into several filters.",
            )
        return leaf(field, symbol)

    def missing(self) -> FilterError:
        """A term should stand here, and something else does."""
        found = self.next
        before = self.symbols[self.at - 1] if self.at else None
        if before and before.kind in {"AND", "OR", "NOT"}:
            return FilterError(
                f"`{before.kind}` has nothing to its right",
                before.start,
                before.end - before.start,
                f"Add a word after it, or write `{before.kind.lower()}` for the word.",
            )
        if found.kind in {"AND", "OR"}:
            return FilterError(
                f"`{found.kind}` has nothing to its left",
                found.start,
                found.end - found.start,
                f"Add a word before it, or write `{found.kind.lower()}` for the word.",
            )
        if found.kind == "close" and before and before.kind == "open":
            return FilterError(
                "there is nothing between these parentheses",
                before.start,
                found.end - before.start,
                "Write a word between them, or leave them out.",
            )
        return FilterError(
            "a word is missing here",
            found.start,
            found.end - found.start,
            "Write a word to look for, or leave out what stands before.",
        )

    def require_positive(self, query: Query, first: int, last: int) -> None:
        if not is_positive(query):
            raise self.error(
                "alone would match almost everything",
                first,
                last,
                "Add a word it should narrow, as in `learning NOT survey`.",
            )

    def error(self, what: str, first: int, last: int, suggestion: str) -> FilterError:
        """About the symbols from `first` up to, not including, `last`."""
        start, end = self.symbols[first].start, self.symbols[last - 1].end
        part = shown(self.text[start:end])
        return FilterError(f"{part} {what}", start, end - start, suggestion)
