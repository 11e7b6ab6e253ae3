"""The third opinion: a naive evaluator, word by word, without bitsets or an index."""

import re
import unicodedata
from functools import cache
from itertools import combinations

from subscriptions.matching import Document, Query, markup
from subscriptions.matching.language import tree
from subscriptions.matching.tokens import stem

STROKES = str.maketrans(
    {**dict(zip("øłđħŧıð", "oldhtid", strict=True)), "æ": "ae", "œ": "oe", "þ": "th"}
)


@cache
def fold(text: str) -> list[str]:
    """The whole text at once, unlike the tokeniser; markup is read as it reads it."""
    text = re.sub("[ᵢₚₙⁿ™]", lambda sign: f" {sign[0]}", markup.read(text))
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = re.sub("[\u00ad\u200c-\u200f\u2060\ufeff]", "", text.translate(STROKES))
    text = "".join(c for c in text if not unicodedata.category(c).startswith("M"))
    text = "".join(markup.GREEK_NAMES.get(c, c) for c in text)
    return re.findall(r"[^\W_]+", text)


@cache
def fields(document: Document, name: str) -> list[list[str]]:
    texts = {"title": document.title, "abstract": document.abstract}
    return [[stem(w) for w in fold(t)] for f, t in texts.items() if name in ("", f)]


@cache
def texts(document: Document, name: str) -> list[str]:
    return [f" {' '.join(words)} " for words in fields(document, name)]


@cache
def words_of(document: Document, name: str) -> set[str]:
    return {word for words in fields(document, name) for word in words}


def meets(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])


def names(wanted: tuple[str, ...], author: str) -> bool:
    return any(
        some[-1] == wanted[-1]
        and all(meets(a, b) for a, b in zip(wanted[:-1], some[:-1], strict=True))
        for some in combinations(fold(author), len(wanted))
    )


def satisfies(document: Document, query: Query) -> bool:
    match query:
        case tree.And(operands):
            return all(satisfies(document, each) for each in operands)
        case tree.Or(operands):
            return any(satisfies(document, each) for each in operands)
        case tree.Not(operand):
            return not satisfies(document, operand)
        case tree.Phrase(words, field):
            needle = f" {' '.join(words)} "
            return any(needle in text for text in texts(document, field))
        case tree.Prefix(start, field):
            whole = stem(start)
            some = words_of(document, field)
            return any(w.startswith(start) or w == whole for w in some)
        case tree.Author(wanted):
            return any(names(wanted, author) for author in document.authors)
        case tree.Category(name):
            own = [category.lower() for category in document.categories]
            return any(c == name or c.startswith(f"{name}.") for c in own)
        case tree.Listed(source):
            return document.source == source
        case tree.HasCode():
            return document.has_code
        case tree.Upvotes(least):
            return document.upvotes >= least
        case tree.Everything():
            return True
