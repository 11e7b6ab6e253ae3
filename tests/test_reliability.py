"""docs/reliability.md: each cell of its matrix names a test that exists, or a reason;
tests/chaos/mutate still finds each safeguard it takes out."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "reliability.md").read_text()
WORDS = {"whole", "one", "later", "held", "out", "–"}


def cells() -> list[tuple[str, list[str]]]:
    """Of each row what happens, and its cells."""
    matrix, _, _ = TEXT.partition("\n## How it is tried")
    lines = re.findall(r"^\| (.+) \|$|^\|---.*$", matrix, flags=re.MULTILINE)
    head, _, *rows = lines
    assert head.startswith("what happens")
    split = [row.split(" | ") for row in rows]
    assert {len(row) for row in split} == {len(head.split(" | "))}
    return [(what, row) for what, *row in split]


def named_tests() -> dict[str, str]:
    return dict(re.findall(r"^(\d+)\. `(tests/\S+)`$", TEXT, flags=re.MULTILINE))


def test_every_cell_names_tests_or_a_reason() -> None:
    known = named_tests().keys() | set(re.findall(r"^- ([a-z])\. ", TEXT, re.MULTILINE))
    for what, row in cells():
        for cell in row:
            word, _, named = cell.partition(" (")
            assert word in WORDS, (what, cell)
            assert named.endswith(")"), (what, cell)
            assert set(named[:-1].split(", ")) <= known, (what, cell)


def test_every_number_and_letter_is_used() -> None:
    used = set(re.findall(r"\w+", " ".join(" ".join(row) for _, row in cells())))
    letters = set(re.findall(r"^- ([a-z])\. ", TEXT, re.MULTILINE))
    assert not (named_tests().keys() | letters) - used


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    return not name or name in {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }


def test_every_test_that_is_named_exists() -> None:
    assert [one for one in named_tests().values() if not exists(one)] == []


def test_every_safeguard_to_take_out_stands_in_the_code_once() -> None:
    mutate = runpy.run_path(str(ROOT / "tests" / "chaos" / "mutate"))
    safeguards = mutate["SAFEGUARDS"]
    assert len(safeguards) == len({one.name for one in safeguards}) >= 20
    for one in safeguards:
        text = (ROOT / f"{one.file}.py").read_text()
        assert text.count(one.text) == 1, one.name
        for test in one.tests.split():
            assert exists(mutate["spelled"](test)), test
