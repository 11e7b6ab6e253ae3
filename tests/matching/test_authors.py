"""Names as people and papers write them."""

from __future__ import annotations

import pytest

from .documents import a_document, finds


@pytest.mark.parametrize(
    ("written", "author", "found"),
    [
        ("Sample", "Ada Sample", True),
        ("Ada", "Ada Sample", True),
        ("Sample", "Ada Samples", False),
        ("Sample", "Bo S.", False),
        ("Ada Sample", "Ada B. Sample", True),
        ("Ada Sample", "Ada Bea Sample", True),
        ("Ada B. Sample", "Ada Sample", False),
        ("Ada B. Sample", "A. Bea Sample", True),
        ("A Sample", "Ada Sample", True),
        ("Ada Sample", "A. Sample", True),
        ("Ada Sample", "Alva Sample", False),
        ("B Sample", "Ada B. Sample", True),
        ("Ada Sample", "Sample Ada", False),
        ("Ada S", "Ada Sample", False),
        ("Jean-Luc Sample", "J.-L. Sample", True),
        ("J Sample", "Jean-Luc Sample", True),
        ("Dee van der Test", "D. van der Test", True),
        ("Dee Test", "Dee van der Test", True),
        ("Jurgen Name", "Jürgen Näme", True),
        ("Aegir Saemple", "Ægir Sæmple", True),
        ("Sæmple", "S. Saemple", True),
        ("Sidurdur Thor", "Siðurður Þór", True),
        ("O'Sample", "Ada O'Sample", True),
        ("Sample Sample", "Sample", False),
    ],
)
def test_a_name_is_met_in_order(written: str, author: str, found: bool) -> None:
    assert finds(f'author:"{written}"', a_document(authors=(author,))) is found
