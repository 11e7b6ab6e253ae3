"""The fields of the language, and those of other languages that people try."""

from __future__ import annotations

import difflib

from .errors import FilterError, shown

EXAMPLES = {
    "title": "title:mamba",
    "abstract": 'abstract:"state space"',
    "author": 'author:"G Hinton"',
    "cat": "cat:cs.LG",
    "in": "in:hf",
    "has": "has:code",
    "upvotes": "upvotes:20",
}
_MEANT = {
    "ti": "title",
    "intitle": "title",
    "abs": "abstract",
    "abst": "abstract",
    "summary": "abstract",
    "au": "author",
    "authors": "author",
    "by": "author",
    "from": "author",
    "category": "cat",
    "categories": "cat",
    "subject": "cat",
    "archive": "cat",
    "primary": "cat",
    "source": "in",
    "listed": "in",
    "site": "in",
    "votes": "upvotes",
    "likes": "upvotes",
    "stars": "upvotes",
    "code": "has",
}
_DATES = {"year", "date", "submitteddate", "published", "since", "before", "after"}
_EVERYWHERE = {"all", "any", "text", "anywhere", "keyword", "keywords", "kw", "tak"}
_NUMBERS = {"arxiv", "id", "doi", "http", "https"}


def field_meant(name: str) -> str:
    """The field of that name in lower case, or of its usual other names; else ""."""
    return name if name in EXAMPLES else _MEANT.get(name, "")


def looks_like_field(name: str) -> str:
    """The field that `name:` before a space rather is than a word of a pasted title;
    "" for such a word.

    Misspelt are the long names alone: one letter makes "cat", "in" and "has" what
    titles begin with, as "GIN: ..." or "Mind the Heads: ...".
    """
    name = name.lower()
    long = [field for field in EXAMPLES if len(field) > 3]
    return field_meant(name) or "".join(
        difflib.get_close_matches(name, long, n=1, cutoff=0.8)
    )


def no_field(given: str, start: int, end: int) -> FilterError:
    """For `given:`, which is no field."""
    name = given.lower()
    message = f"there is no field {shown(given + ':')}"
    close = difflib.get_close_matches(name, EXAMPLES, n=1)
    if name in _NUMBERS:
        tip = "A filter looks for words: write some of the paper's title."
    elif name in _EVERYWHERE:
        tip = "Leave it out: words are looked for in title and abstract."
    elif name in _DATES:
        tip = "Leave it out: a filter is for new papers, each sent when it is listed."
    elif name == "not":
        tip = "Write `-` before a word to leave it out, as in `learning -survey`."
    elif meant := _MEANT.get(name) or "".join(close):
        tip = f"Did you mean `{meant}:`?"
    else:
        known = ", ".join(f"{field}:" for field in EXAMPLES)
        tip = f"Fields are {known}; to find the word itself, leave the colon out."
    return FilterError(message, start, end - start, tip)
