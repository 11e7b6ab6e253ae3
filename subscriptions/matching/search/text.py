"""What is stored with a paper for search, and what a term looks for in it.

Words are stored as stems, title and abstract apart. Authors, categories and code are
stored as *facts*: `c:cs.lg` and `c:cs` for a category and its archive, `h:code`, and
for an author `a:wei+wang` for each pair of names in their order, so that authors never
run into each other. No fact begins like a word does, so none is taken for one.
"""

from __future__ import annotations

from itertools import combinations

from subscriptions.matching.documents import code_link
from subscriptions.matching.language.tree import Author, Category, HasCode, Leaf
from subscriptions.matching.tokens import normalise, words
from subscriptions.models import Card, Paper

# Bytes of the facts about authors. PostgreSQL takes a vector of 1 MB and refuses the
# whole row otherwise; the words of the longest title and abstract need the rest. Three
# thousand authors of three names each, no two of them alike, need two thirds of this.
LONGEST_AUTHORS = 600_000


def search_text(paper: Card | Paper) -> tuple[str, str, str]:
    """The stems of the title, those of the abstract, and the facts; of authors beyond
    LONGEST_AUTHORS there are none, and search does not find the paper by them."""
    title, abstract = normalise(paper.title, paper.abstract)
    facts: dict[str, None] = {}  # a set in order of appearance
    left = LONGEST_AUTHORS
    for author in paper.authors:
        named = dict.fromkeys(_of_name(words(author)))
        left -= sum(len(fact.encode()) + 1 for fact in named if fact not in facts)
        if left < 0:
            break
        facts |= named
    for category in paper.categories:
        name = category.lower()
        facts |= dict.fromkeys((f"c:{name}", f"c:{name.partition('.')[0]}"))
    if paper.code_url or code_link(paper.abstract, paper.note):
        facts["h:code"] = None
    return title, abstract, " ".join(facts)


def _of_name(name: list[str]) -> list[str]:
    """`a:wang` for each word; `a:wei+wang` for each pair in order, and `a:w.+wang`
    where the first of the pair is more than the initial that it is then found by."""
    facts = [f"a:{word}" for word in name]
    for given, family in combinations(name, 2):
        facts.append(f"a:{given}+{family}")
        if len(given) > 1:
            facts.append(f"a:{given[0]}.+{family}")
    return facts


def facts_of(leaf: Leaf) -> list[list[str]] | None:
    """The facts a paper must have: of each list at least one. None for a leaf that is
    not about facts.

    For an author of up to two names that is all of `authors.place`; for one of more,
    every such paper has them, and some that have them are not meant.
    """
    match leaf:
        case Category(name):
            return [[f"c:{name}"]]
        case HasCode():
            return [["h:code"]]
        case Author((name,)):
            return [[f"a:{name}"]]
        case Author((*given, family)):
            return [_pair(each, family) for each in given]
    return None


def is_exact(leaf: Leaf) -> bool:
    """Do the facts of this leaf decide it?"""
    return not isinstance(leaf, Author) or len(leaf.names) <= 2


def _pair(given: str, family: str) -> list[str]:
    """An initial meets every name it begins; a name meets itself and its initial."""
    other = f"{given}." if len(given) == 1 else given[0]
    return [f"a:{given}+{family}", f"a:{other}+{family}"]
