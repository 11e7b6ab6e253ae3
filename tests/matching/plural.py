"""What the plural rule adds to natural filters on the recorded days.

TEST_FULL=1 pytest -s tests/matching/test_plural.py prints docs/matching.md's table. Its
forms are the words of papers that only the rule made match: to be read and judged,
since no program knows what a word means.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from subscriptions.matching import Document
from subscriptions.matching.tokens import stem, words

from .documents import SHARED, a_document

# As people type them, singular or plural; a part in quotes is a phrase.
FILTERS = (
    '"language model"', '"diffusion model"', '"world model"', '"vision language model"',
    '"reward models"', "graph network", "reinforcement learning agent", "LLM agents",
    "code generation", "sparse autoencoder", "medical image", '"point cloud"',
    "recommender systems", "attention head", "video dataset", "matrix factorization",
    "reasoning traces", "text embeddings", "tokenizer", "proof", "robot policy",
    "communication code", "error analysis", "speech token", "index", "bias",
    "GPU", "LM", "curriculum", '"local minimum"', "equilibrium", "diagnosis",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One filter: papers found without and with the rule, and the words that were."""

    filter: str
    without: int
    found: int
    forms: Counter[str]

    @property
    def added(self) -> int:
        return self.found - self.without


def days() -> list[Document]:
    """Every recorded paper once, of both sources; empty where they are missing."""
    papers: dict[str, Document] = {}
    for path in sorted(SHARED.glob("arxiv_daily/*.jsonl")):
        for line in path.read_text().splitlines():
            item = json.loads(line)
            key = re.sub(r"v\d+$", "", item["id"].rpartition("/")[2])
            papers.setdefault(key, a_document(item["title"], item["summary"]))
    for path in sorted(SHARED.glob("hf_daily/*.json")):
        for item in json.loads(path.read_text()):
            paper = item["paper"]
            document = a_document(paper["title"], paper["summary"])
            papers.setdefault(paper["id"], document)
    return list(papers.values())


def measure(filters: tuple[str, ...], papers: list[Document]) -> list[Row]:
    read = [[words(text) for text in (p.title, p.abstract)] for p in papers]
    return [_row(text, read) for text in filters]


def _row(text: str, papers: list[list[list[str]]]) -> Row:
    parts = [words(part) for part in _parts(text)]
    without = found = 0
    forms: Counter[str] = Counter()
    for fields in papers:
        if all(_forms(part, fields, str) for part in parts):
            without += 1
            found += 1
        elif all(met := [_forms(part, fields, stem) for part in parts]):
            found += 1
            asked = {" ".join(part) for part in parts}
            forms.update(set().union(*met) - asked)
    return Row(text, without, found, forms)


def _parts(text: str) -> list[str]:
    return [text.strip('"')] if text[0] == '"' else text.split()


def _forms(
    part: list[str], fields: list[list[str]], form: Callable[[str], str]
) -> set[str]:
    """How the papers write the part, where they have it; `form` makes words one."""
    wanted = list(map(form, part))
    return {
        " ".join(field[at : at + len(part)])
        for field in fields
        for at in range(len(field) - len(part) + 1)
        if [form(word) for word in field[at : at + len(part)]] == wanted
    }


def table(rows: list[Row]) -> list[str]:
    lines = [
        "| filter | without | with | added | by these forms |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        forms = ", ".join(f"{word} {n}" for word, n in row.forms.most_common(4))
        lines.append(
            f"| `{row.filter}` | {row.without} | {row.found} | {row.added} | {forms} |"
        )
    without, found = (sum(getattr(r, k) for r in rows) for k in ("without", "found"))
    lines.append(f"| all | {without:,} | {found:,} | {found - without:,} | |")
    return lines
