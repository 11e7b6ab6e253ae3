"""Every topic filter held against a day's papers at once, and the reason for each hit.

In: the texts of filters (`parse`, `canonical`) and documents, which are listings or
stored papers. Out: the documents of every filter (`compiled().match(documents)`) or of
those asked for (`Asked`), best first over several editions (`Ranking`); per reader the
picks of a digest (`pick`); the words and places that satisfied a filter (`explain`,
`marks`), or the first term that failed (`why_not`). `search` holds one filter against
all stored papers, `preview` against the last editions. docs/filters.md is the language.
"""

from .asked import Asked
from .compiled import compiled
from .documents import Document
from .index import Entry, Index
from .language import (
    QUOTES,
    FilterError,
    Query,
    canonical,
    could_match,
    parse,
    parse_canonical,
    warnings,
)
from .matcher import Matcher, Matches
from .picks import Pick, Picked, pick
from .preview import (
    Alike,
    Exclusion,
    Near,
    Nearest,
    Preview,
    Sample,
    Tuning,
    Volume,
    nearest,
    preview,
    volumes,
    warm_up,
    written,
)
from .ranking import Hit, Ranked, Ranking
from .search import Found, Order, Results, search, search_text
from .tokens import normalise
from .why import Span, explain, found_by, marks, why_not

__all__ = [
    "QUOTES",
    "Alike",
    "Asked",
    "Document",
    "Entry",
    "Exclusion",
    "FilterError",
    "Found",
    "Hit",
    "Index",
    "Matcher",
    "Matches",
    "Near",
    "Nearest",
    "Order",
    "Pick",
    "Picked",
    "Preview",
    "Query",
    "Ranked",
    "Ranking",
    "Results",
    "Sample",
    "Span",
    "Tuning",
    "Volume",
    "canonical",
    "compiled",
    "could_match",
    "explain",
    "found_by",
    "marks",
    "nearest",
    "normalise",
    "parse",
    "parse_canonical",
    "pick",
    "preview",
    "search",
    "search_text",
    "volumes",
    "warm_up",
    "warnings",
    "why_not",
    "written",
]
