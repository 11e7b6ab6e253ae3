"""One filter held against all stored papers, inside the database.

In: the parsed tree that the matcher reads too. Out: how many papers satisfy it, and a
page of them with the words that did (`search`). `search_text` is what ingestion stores
with a paper to be found by; an index of the database's own is kept in step with it:
a column generated from it on PostgreSQL, FTS5 tables with triggers on SQLite (see
migration 0003). `conditions` turns the tree into SQL, `postgresql` and `sqlite` say how
their index is asked.
"""

from .found import Found, Order, Results, search
from .text import search_text

__all__ = ["Found", "Order", "Results", "search", "search_text"]
