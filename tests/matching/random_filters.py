"""Filters of every construct, from the words of the documents they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from subscriptions.matching import Document, Query, parse
from subscriptions.matching.language import FilterError
from subscriptions.matching.tokens import words


class Filters:
    """An endless, seeded supply of filters that can be read."""

    def __init__(self, seed: int, documents: Sequence[Document]) -> None:
        self.random = Random(seed)
        self.documents = [document for document in documents if document.title]

    def next(self) -> tuple[str, Query]:
        while True:
            text = self.either(3)
            try:
                return text, parse(text)
            except FilterError:  # a NOT alone in a branch, a prefix of two letters
                continue

    def either(self, depth: int) -> str:
        return " OR ".join(
            self.both(depth) for _ in range(self.random.choice((1, 1, 2)))
        )

    def both(self, depth: int) -> str:
        count = self.random.choice((1, 1, 2, 3))
        joint = self.random.choice((" ", " AND "))
        return joint.join(self.operand(depth) for _ in range(count))

    def operand(self, depth: int) -> str:
        sign = self.random.choice(("", "", "", "", "-", "NOT "))
        if depth and self.random.random() < 0.25:
            field = self.random.choice(("", "", "title:"))
            inner = self.either(depth - 1)
            return f"{sign}{field}({inner})"
        return sign + self.term()

    def term(self) -> str:
        random, document = self.random, self.random.choice(self.documents)
        title, abstract = words(document.title), words(document.abstract)
        field = random.choice(("", "", "", "title:", "abstract:"))
        kind = random.randrange(12)
        source = random.choice([some for some in (title, abstract) if some] or [["x"]])
        word = random.choice(source)
        if kind < 5:
            return field + random.choice((word, word.upper(), word + "s"))
        if kind < 7:
            at = random.randrange(len(source))
            return f'{field}"{" ".join(source[at : at + random.choice((2, 3))])}"'
        if kind == 7:
            return f"{field}{word[: random.randint(3, 6)]}*"
        if kind == 8 and document.authors:
            return self.author(words(random.choice(document.authors)) or ["sample"])
        if kind == 9 and document.categories:
            category = random.choice(document.categories)
            return f"cat:{random.choice((category, category.split('.')[0]))}"
        rest = ("in:hf", "in:arxiv", "has:code", f"upvotes:{random.randrange(40)}", "*")
        return random.choice(rest)

    def author(self, name: list[str]) -> str:
        """All of a name or some of it, in full or by initials."""
        *given, family = name
        given = [each for each in given if self.random.random() < 0.7]
        given = [self.random.choice((each, each, each[0])) for each in given]
        return f'author:"{" ".join([*given, family])}"'
