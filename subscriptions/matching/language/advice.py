"""What a filter's writer should know although it can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from django.conf import settings

from .errors import shown
from .tree import And, Author, Category, Listed, Not, Or, Phrase, Query, leaves

_ARCHIVES = frozenset(
    {
        *("astro-ph", "cond-mat", "cs", "econ", "eess", "gr-qc", "hep-ex", "hep-lat"),
        *("hep-ph", "hep-th", "math", "math-ph", "nlin", "nucl-ex", "nucl-th"),
        *("physics", "q-bio", "q-fin", "quant-ph", "stat"),
    }
)
_CATEGORY = re.compile(r"[a-z-]+\.[A-Za-z-]+")
_CHATTER = {"papers", "articles", "about", "regarding", "show", "find", "latest"}
_OPERATORS = re.compile(r"(?:NEAR|ADJ|WITHIN|ONEAR|XOR|ANDNOT)(?:/\d+)?")
# `mamba,jamba`; not the comma of 1,000 or of N,N-dimethyl
_SEPARATED = re.compile(r"[^\W\d_]{2}[,;|]+[^\W\d_]{2}")
_SEPARATORS = re.compile(r"[,;|]+")
_ADDED = re.compile("[;&]")
_OTHER_SCRIPTS = re.compile(
    "[\u0400-\u1dff\u2e80-\ufaff\ufe70-\ufeff\U00020000-\U0003ffff]"
)


def warnings(query: Query) -> list[str]:
    """What its writer should know although it can be read: sentences, or nothing."""
    said = [*map(_of_leaf, leaves(query)), *_of_neighbours(query)]
    return list(dict.fromkeys(filter(None, said)))


def _of_leaf(leaf: Query) -> str:
    if isinstance(leaf, Category):
        return _of_category(leaf)
    if isinstance(leaf, Author):
        return _of_author(leaf)
    if isinstance(leaf, Phrase) and leaf.written:
        return _of_words(leaf.written, leaf.words) or _of_separated(leaf)
    return ""


def _of_words(written: str, read: tuple[str, ...]) -> str:
    if written in {"or", "and", "not"}:
        return (
            f"`{written}` in lower case is a word to find; the operator is "
            f"`{written.upper()}`."
        )
    if _OPERATORS.fullmatch(written):
        return f"`{written}` is a word to find; there is no such operator."
    if " " in written:
        return ""
    if written.endswith((",", ";")):
        return (
            "Commas do not separate: all of the words must be there. For any of them, "
            "write `OR` between them."
        )
    if written[0] in "'‘`":
        return 'Single quotes mean nothing; a phrase stands in double ones: `"a b"`.'
    if written[0] in "[{" and written[-1] not in "]}":
        return "Only round parentheses make groups, as in `(diffusion OR flow) video`."
    if written.endswith("?"):
        return (
            f"The `?` after {shown(written[:-1])} is left out; `*` stands for endings."
        )
    if _CATEGORY.fullmatch(written) and _archive(written) in _ARCHIVES:
        return (
            f"{shown(written)} is looked for as words; the category is "
            f"{shown('cat:' + written)}."
        )
    if len(read[0]) == 1 and re.fullmatch(r"\w[+#]+", written):
        return f"`{written}` is looked for as `{read[0]}`: signs are no part of words."
    if written.lower() in _CHATTER:
        return (
            f"`{written}` must stand in the paper like any other word; leave out what "
            f"only says that you search."
        )
    if _OTHER_SCRIPTS.search(written):
        return (
            "Titles and abstracts are nearly all in English; words of another script "
            "find hardly anything."
        )
    return ""


def _of_separated(phrase: Phrase) -> str:
    """`mamba,jamba` and `mamba|jamba`, meant as a list."""
    if " " in phrase.written or not _SEPARATED.search(phrase.written):
        return ""
    field = f"{phrase.field}:" if phrase.field else ""
    either = " OR ".join(_SEPARATORS.split(phrase.written.strip(",;|")))
    return (
        f"{shown(phrase.written)} is one phrase, its words side by side; for any of "
        f"them, write {shown(f'{field}({either})')}."
    )


def _of_author(author: Author) -> str:
    """A name with what no author's has: a digest would find nothing, day by day."""
    if author.names[-2:] == ("et", "al"):
        return (
            "`et al.` is looked for as part of the name; write the name alone, "
            "as in `author:Hinton`."
        )
    several = "and" in author.names or _ADDED.search(author.written)
    if several or author.written.count(",") > 1:
        return (
            f"{shown(author.written)} is looked for as the name of one author; for any "
            f'of several, write `author:("G Hinton" OR "Y LeCun")`.'
        )
    return ""


def _of_category(category: Category) -> str:
    name = category.name
    written = shown(category.written or name).strip("`")
    if any(_overlap(fetched.lower(), name) for fetched in settings.ARXIV_CATEGORIES):
        return ""
    if _archive(name) not in _ARCHIVES:
        whole = [c for c in settings.ARXIV_CATEGORIES if c.lower().endswith(f".{name}")]
        return f"arXiv has no category {written}" + (
            f": did you mean `cat:{whole[0]}`?" if whole else "; one is `cat:cs.LG`."
        )
    fetched = ", ".join(settings.ARXIV_CATEGORIES)
    return (
        f"This site does not fetch the category {written}: only papers that are also "
        f"in what it fetches ({fetched}) or that another source lists can be found "
        f"in it."
    )


def _archive(category: str) -> str:
    return category.partition(".")[0]


def _overlap(fetched: str, name: str) -> bool:
    return (
        fetched == name
        or fetched.startswith(name + ".")
        or name.startswith(fetched + ".")
    )


def _of_neighbours(query: Query) -> Iterator[str]:
    """Of terms that stand side by side, at every depth."""
    match query:
        case Not(operand):
            yield from _of_neighbours(operand)
        case Or(operands):
            for operand in operands:
                yield from _of_neighbours(operand)
            for one, other in pairwise(operands):
                yield _of_pair(one, other, " OR ")
        case And(operands):
            for operand in operands:
                yield from _of_neighbours(operand)
            if len({o.source for o in operands if isinstance(o, Listed)}) > 1:
                yield (
                    "No listing is of two sources, so that nothing is found; "
                    "write `in:hf OR in:arxiv`."
                )
            for one, other in pairwise(operands):
                yield _of_pair(one, other, " ")


def _of_pair(one: Query, other: Query, between: str) -> str:
    """`author:Geoffrey Hinton`, `title:state space`: the field ends at the space."""
    if not isinstance(other, Phrase) or other.field or " " in other.written:
        return ""
    first, second = getattr(one, "written", ""), other.written.strip(",.;")
    if isinstance(one, Author) and len(one.names) == 1 and second[:1].isupper():
        name = f'"{first} {second}"' if between == " " else f"({first} OR {second})"
        return (
            f"{shown(second)} is looked for in title and abstract; among the authors, "
            f"it is {shown('author:' + name)}."
        )
    if isinstance(one, Phrase) and one.field and " " not in first:
        both = f"{one.field}:({first}{between}{second})"
        return (
            f"{shown(second)} is looked for in title and abstract; to have it in the "
            f"{one.field} too, write {shown(both)}."
        )
    return ""
