"""Digests of any shape, with what the world sends in every place a text can stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from subscriptions.rendering import (
    Again,
    Covered,
    Digest,
    Entry,
    Found,
    Group,
    Links,
    Reason,
)

from .mails import card, digest_of, envelope, recipient

_TEXTS = [
    "Curvature of Invented Losses: A Study in Forty Lines",
    "Maths: $\\ell_2$ and $O(n \\log n)$, $\\frac{1}{2}$, costs $1 Million & more",
    "Erd\\H{o}s {\\'e}tude -- ``quoted'' \\& escaped",
    "<script>alert(1)</script> </title> <!-- x --> {{ 7*7 }} {% raw %}",
    ".starts with a dot",
    "From here on >From there",
    "--=_boundary=_--",
    "=3D is not an equals sign = trailing space ",
    "two  spaces   and\ttabs\t\tand\r\nbreaks\n\n\nin it",
    "نموذج مبتكر لأمواج البحر: a Bilingual Atlas",
    "长文本的虚构研究：一个示例标题，没有空格也没有断行的地方",
    "emoji 👩‍🔬👨‍👩‍👧 and combining e\u0301\u0323\u0302 stacks",
    "zero\u200bwidth \u202eoverride\u202c \u2028separator \ufeff",
    "lone \ud800 surrogate \udc00title\udc01 and \udc00subject\udc01 marks",
    "private \ue000use\ue001 and \x00nul \x07bell \x7fdelete",
    "x" * 400,
    "Füße " * 60,
    "jinja0end <!--jinja1--> links.preferences",
    "",
    "?",
    "A?! B: C",
]
_WORDS = [
    "sparse",
    "tokens",
    "settle",
    "before",
    "curvature",
    "moves",
    "the",
    "noisy",
    "invented",
    "loss",
]
_HOSTS = ["papers.example.org", "a" * 63 + ".example.org", "p.example"]
_ADDRESSES = [
    "reader@example.org",
    "o'neil+tag@bücher.example",
    "a" * 64 + "@x.example",
]


class Digests:
    """Endless digests; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def text(self, words: int = 8) -> str:
        """Mostly invented words, sometimes what the world sends."""
        random = self.random
        if random.random() < 0.35:
            return random.choice(_TEXTS)
        plain = " ".join(random.choices(_WORDS, k=random.randint(1, words)))
        return plain.capitalize() + random.choice(["", "", ".", ": " + plain, " é"])

    def abstract(self) -> str:
        return " ".join(self.text(30) for _ in range(self.random.randint(0, 12)))

    def reason(self) -> Reason:
        fields = ["title", "abstract", "author", "category", "upvotes", "code"]
        found = tuple(
            Found(self.text(2), self.random.choice(fields))
            for _ in range(self.random.randint(0, 6))
        )
        return Reason(self.text(3), found)

    def entry(self) -> Entry:
        random, number = self.random, self.random.randint(1, 99999)
        paper = card(
            arxiv_id=random.choice([f"2607.{number:05}", f"hep-th/99{number:05}"]),
            title=self.text(),
            abstract=self.abstract(),
            authors=tuple(self.text(2) for _ in range(random.choice([0, 1, 3, 9, 70]))),
            categories=random.choice([(), ("cs.LG",), ("math.OC", "cs.LG")]),
            day=random.choice([None, date(2026, 7, 6), date(1991, 8, 1)]),
            upvotes=random.choice([0, 1, 41, 12_345]),
            comments=random.choice([0, 1, 6]),
            code_url=random.choice(["", "https://code.example/x", self.text()]),
            project_url=random.choice(["", "https://project.example/?a=1&b=2"]),
            summary=random.choice(["", self.text()]),
        )
        return Entry(
            card=paper,
            source=random.choice(["arXiv", "Hugging Face", "Sample"]),
            listed_on=date(2026, 7, 1) + timedelta(random.randint(0, 6)),
            reasons=tuple(self.reason() for _ in range(random.choice([0, 1, 1, 1, 3]))),
            page_url=f"https://{random.choice(_HOSTS)}/papers/{paper.arxiv_id}",
        )

    def links(self) -> Links:
        site = f"https://{self.random.choice(_HOSTS)}"
        token = f"{self.random.getrandbits(170):x}~{self.random.getrandbits(20)}"
        odd = self.random.choice(["", "", "?a=1&b='2'"])
        return Links(
            preferences=f"{site}/me/{token}/{odd}",
            unsubscribe=f"{site}/unsubscribe/{token}{odd}",
            web=f"{site}/digests/{token}.{token}",
            tune=f"{site}/tune/{token}.{odd}/",
            privacy=f"{site}/privacy",
            site=f"{site}/",
        )

    def next(self) -> Digest:
        random = self.random
        groups = tuple(
            Group(
                self.text(3), tuple(self.entry() for _ in range(random.choice(sizes)))
            )
            for sizes in random.choices(
                [[0, 1, 2, 3], [4, 8, 12], [40]], [16, 3, 1], k=3
            )
        )
        papers = sum(len(group.entries) for group in groups)
        made = digest_of(
            groups=groups,
            links=self.links(),
            matched=papers + random.choice([0, 0, 3, 1000]),
            filters=random.randint(1, 20),
            first=random.random() < 0.2,
            weekly=random.random() < 0.2,
            editions=self.editions(),
            again=tuple(self.again() for _ in range(random.choice([0, 0, 1, 15]))),
            notes=tuple(self.text() for _ in range(random.choice([0, 0, 1, 8]))),
        )
        moment = datetime(2026, 7, 7, 5, 0, random.randint(0, 59), 77, tzinfo=UTC)
        return replace(
            made,
            envelope=replace(envelope(), date=moment),
            recipient=recipient(
                address=random.choice(_ADDRESSES),
                hour=random.randint(0, 23),
                confirmed_on=random.choice([None, date(2026, 6, 2)]),
                text_only=random.random() < 0.1,
                full_abstracts=random.random() < 0.8,
            ),
        )

    def editions(self) -> tuple[Covered, ...]:
        names = [["arXiv"], ["arXiv", "Hugging Face"], ["Sample"], [self.text(), "x"]]
        return tuple(
            Covered(name, date(2026, 7, 7), self.random.randint(0, 20_000))
            for name in self.random.choice(names)
        )

    def again(self) -> Again:
        days = timedelta(self.random.randint(0, 20))
        paper = card(title=self.text(), upvotes=self.random.randint(0, 3))
        return Again(
            paper, self.text(1), date(2026, 7, 7) - days, "https://p.example/papers/1"
        )
