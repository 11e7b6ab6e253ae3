"""The filter language: text to a tree, and back to the one text of equal filters.

In: what a reader wrote. Out: a `Query` (`parse`), its canonical text (`canonical`), or
a `FilterError` that says where and what to write instead. Knows no papers.
"""

from .advice import warnings
from .errors import FilterError
from .lexer import QUOTES
from .parser import parse, parse_canonical
from .sources import could_match
from .tree import Query, canonical

__all__ = [
    "QUOTES",
    "FilterError",
    "Query",
    "canonical",
    "could_match",
    "parse",
    "parse_canonical",
    "warnings",
]
