"""Every topic filter held against a day's papers at once, and the reason for each hit.

In: the texts of filters (`parse`, `canonical`) and documents, which are listings or
stored papers. Out: per filter its hits, best first (`compiled().match(documents)`);
per reader the picks of a digest (`pick`); the words and places that satisfied a filter
(`explain`), or the first term that failed (`why_not`). `search` holds one filter
against all stored papers. docs/filters.md is the language.
"""

from .compiled import compiled
from .documents import Document
from .language import (
    FilterError,
    Query,
    canonical,
    could_match,
    parse,
    parse_canonical,
    warnings,
)
from .matcher import Hit, Matcher, Matches
from .picks import Pick, Picked, pick
from .search import Found, search
from .tokens import normalise
from .why import Span, explain, why_not

__all__ = [
    "Document",
    "FilterError",
    "Found",
    "Hit",
    "Matcher",
    "Matches",
    "Pick",
    "Picked",
    "Query",
    "Span",
    "canonical",
    "compiled",
    "could_match",
    "explain",
    "normalise",
    "parse",
    "parse_canonical",
    "pick",
    "search",
    "warnings",
    "why_not",
]
