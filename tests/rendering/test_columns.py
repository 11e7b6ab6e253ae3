"""Text in a column of 72, whatever it is made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subscriptions.rendering.columns import WIDTH, columns, wrap

LINK = "https://example.org/" + "a-b/" * 40


def test_lines_break_at_spaces() -> None:
    lines = wrap("word " * 40, indent=4).split("\n")
    assert len(lines) == 4
    assert all(line.startswith("    word") and len(line) <= WIDTH for line in lines)


def test_a_link_is_never_broken() -> None:
    assert LINK in wrap(f"see {LINK} there", indent=4).split("\n")[1].split()


def test_wide_characters_count_two_columns_and_break_anywhere() -> None:
    lines = wrap("研究" * 60).split("\n")
    assert [columns(line) for line in lines] == [72, 72, 72, 24]


def test_the_first_line_can_carry_a_number() -> None:
    assert wrap("one two", indent=4, first="7.") == "7.  one two"


@given(st.text(alphabet="ab é研🌊 \u0301-", max_size=400), st.integers(0, 8))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, indent: int) -> None:
    wrapped = wrap(text, indent)
    assert "".join(wrapped.split()) == "".join(text.split())
    assert all(columns(line) <= WIDTH for line in wrapped.split("\n"))
