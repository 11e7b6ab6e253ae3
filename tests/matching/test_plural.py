"""What the plural rule adds on real days, and that docs/matching.md says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from .documents import a_document
from .plural import FILTERS, days, measure, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "matching.md"


def test_only_the_rule_s_own_matches_are_counted_as_added() -> None:
    papers = [
        a_document("A model"),
        a_document("Models"),
        a_document("Models and a model"),
        a_document("Modelling"),
    ]
    (row,) = measure(("model",), papers)
    assert (row.without, row.added, dict(row.forms)) == (2, 1, {"models": 1})


@pytest.mark.full
def test_the_page_s_table_is_what_the_recorded_days_give() -> None:
    papers = days()
    if not papers:
        pytest.skip("../shared/data is not here: it holds the recorded days")
    lines = table(measure(FILTERS, papers))
    print("", *lines, sep="\n")
    page = PAGE.read_text().splitlines()
    assert [line for line in lines if line not in page] == []
